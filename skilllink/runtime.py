"""Celery's worker and beat inside the server's process: embedded mode's background work.

The recipe follows Celery's own embedding: WorkController (not the command-line Worker, which prints a banner and takes
over logging), threads as pool, beat as a thread.
"""

import threading
import time
from typing import Any

import structlog
from celery import signals
from celery.beat import EmbeddedService
from celery.worker import state

from skilllink.celery import app

log = structlog.get_logger(__name__)
DRAIN_SECONDS = 8


class Runtime:
    """One worker and one beat; `start` once, `stop` lets a running task end first."""

    def __init__(self, concurrency: int = 4) -> None:
        app.set_default()
        self.ready = threading.Event()
        self.concurrency = concurrency
        self.thread = threading.Thread(target=self._work, name="celery-worker", daemon=True)
        self.beat: Any = None

    def start(self) -> None:
        """Start the worker, then beat once the worker is ready."""
        self.thread.start()
        if not self.ready.wait(20):
            log.error("runtime.worker_not_ready")
            return
        self.beat = EmbeddedService(app, thread=True, scheduler_cls=app.conf.beat_scheduler)
        self.beat.daemon = True
        self.beat.start()

    def stop(self) -> None:
        """End beat, then the worker after its running tasks, within ten seconds."""
        started = time.monotonic()
        if self.beat is not None:
            self.beat.stop()
        state.should_stop = 0
        self.thread.join(DRAIN_SECONDS)
        log.info("runtime.stopped", seconds=round(time.monotonic() - started, 1), clean=not self.thread.is_alive())

    def _work(self) -> None:
        worker = app.WorkController(
            app=app,
            pool="threads",
            concurrency=self.concurrency,
            hostname="embedded@local",
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            ready_callback=lambda _consumer: self.ready.set(),
        )
        # only the command-line worker sends it, and Django's fix-up (connections closed per task) hangs on it
        signals.worker_init.send(sender=worker)
        try:
            worker.start()
        except Exception:
            log.exception("runtime.worker_died")
