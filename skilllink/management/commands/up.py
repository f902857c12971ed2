import socket
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    help = "Run the whole marketplace in one process: Daphne, Celery worker and beat. What `make run` starts."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=settings.PORT)

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        # imported first, because it installs Twisted's asyncio reactor
        from daphne.server import Server  # isort: skip
        from daphne.endpoints import build_endpoint_description_strings
        from twisted.internet import reactor, threads

        from skilllink.asgi import application
        from skilllink.runtime import Runtime

        self.check(display_num_errors=True, databases=["default"])
        if _taken(host, port):
            self.stderr.write(f"Port {port} is taken. Stop what listens there, or choose another: PORT=8001 make run")
            sys.exit(1)
        runtime = Runtime()
        server = Server(
            application=application,
            endpoints=build_endpoint_description_strings(host=host, port=port),
            signal_handlers=True,
            websocket_max_message_size=settings.SOCKET_MESSAGE_BYTES,
            websocket_max_frame_size=settings.SOCKET_MESSAGE_BYTES,
            application_close_timeout=2,
        )
        reactor.callWhenRunning(reactor.callInThread, runtime.start)
        reactor.addSystemEventTrigger("during", "shutdown", threads.deferToThread, runtime.stop)
        self.stdout.write(f"SkillLink runs on http://{host}:{port}/ (Ctrl-C ends it)")
        if settings.DEMO:
            self.stdout.write(
                "Demo accounts: client@, freelancer@, moderator@, finance@, admin@demo.skilllink.test, "
                "password skilllink-demo. Their mail: /demo/mail/"
            )
        self.stdout.flush()
        server.run()
        self.stdout.write("SkillLink has stopped.")


def _taken(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False
