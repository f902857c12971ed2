import socket
import sys
from typing import Any, cast

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


class Command(BaseCommand):
    help = (
        "Run the whole marketplace in one process: schema and demo data when they are missing, then Daphne, "
        "Celery worker and beat. What `make run` starts."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=settings.PORT)
        parser.add_argument("--empty", action="store_true", help="write no demo data")

    def handle(self, *args: Any, host: str, port: int, empty: bool, **options: Any) -> None:
        if _taken(host, port):
            self.stderr.write(f"Port {port} is taken. Stop what listens there, or choose another: make run PORT=8001")
            sys.exit(1)
        if not settings.PRODUCTION:
            self._prepare(demo=settings.DEMO and not empty)
        self.check(display_num_errors=True, databases=["default"])
        self._serve(host, port)
        self.stdout.write("SkillLink has stopped.")

    def _prepare(self, *, demo: bool) -> None:
        """Embedded mode needs no second command: what is missing is made, what is there is left alone."""
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.stdout.write("Bringing the database up to date …")
            self.stdout.flush()
            call_command("migrate", verbosity=0)
        if demo:
            call_command("demo", stdout=self.stdout, stderr=self.stderr)

    def _serve(self, host: str, port: int) -> None:
        # imported first, because it installs Twisted's asyncio reactor
        from daphne.server import Server  # isort: skip
        from daphne.endpoints import build_endpoint_description_strings
        from twisted.internet import reactor, threads
        from twisted.internet.base import ReactorBase

        from skilllink.asgi import application
        from skilllink.runtime import Runtime

        runtime = Runtime()
        stall = settings.SKILLLINK["SOCKET_STALL"].total_seconds()
        server = Server(
            application=application,
            endpoints=build_endpoint_description_strings(host=host, port=port),
            signal_handlers=True,
            websocket_max_message_size=settings.SOCKET_MESSAGE_BYTES,
            websocket_max_frame_size=settings.SOCKET_MESSAGE_BYTES,
            application_close_timeout=2,
            ping_interval=stall / 2,
            ping_timeout=stall * 3 / 4,  # both together, and a sweep of Daphne's, stay below 30 s
        )
        running = cast(ReactorBase, reactor)
        running.callWhenRunning(running.callInThread, runtime.start)
        running.addSystemEventTrigger("during", "shutdown", threads.deferToThread, runtime.stop)
        self.stdout.write(f"SkillLink runs on http://{host}:{port}/ (Ctrl-C ends it)")
        if settings.DEMO:
            self.stdout.write(
                f"Demo accounts, password skilllink-demo; their mail is at http://{host}:{port}/demo/mail/"
            )
            for who in ("client", "freelancer", "moderator", "finance", "admin"):
                self.stdout.write(f"  {who}@demo.skilllink.test")
        self.stdout.flush()
        server.run()


def _taken(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False
