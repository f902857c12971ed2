"""Log lines: key=value on a terminal, JSON in production; no message bodies, no tokens."""

import logging
import sys
from typing import Any

import structlog

shared: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]


def configure() -> None:
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def make_renderer() -> Any:
    """The formatter's last step: readable on a terminal, JSON where a program reads."""
    if sys.stderr.isatty():
        return structlog.dev.ConsoleRenderer()
    return structlog.processors.JSONRenderer()


class NotReady(logging.Filter):
    """Drops the lines about `/readyz` answering 503: whoever asks reads the answer, every second while it starts."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = record.msg.get("request", "") if isinstance(record.msg, dict) else getattr(record, "request", None)
        path = request.rpartition(" ")[2] if isinstance(request, str) else getattr(request, "path", "")
        return path != "/readyz" or record.levelno > logging.ERROR
