"""Django's PostgreSQL backend, in which prepared statements may wait for the next one (`libpq.py`).

Whatever goes to the server by another way goes after those that wait; a COMMIT takes them along, a rollback forgets them.
"""

from typing import Any

from django.db.backends.postgresql import base
from django.db.backends.utils import CursorDebugWrapper, CursorWrapper, debug_transaction

from skilllink.postgresql.libpq import Statements


class _InTurn:
    """A cursor that lets those before it go first."""

    db: "DatabaseWrapper"

    def _execute(self, *asked: Any) -> Any:
        self.db.send_waiting()
        return super()._execute(*asked)  # type: ignore[misc]

    def _executemany(self, *asked: Any) -> Any:
        self.db.send_waiting()
        return super()._executemany(*asked)  # type: ignore[misc]


class _Cursor(_InTurn, CursorWrapper):
    pass


class _LoggedCursor(_InTurn, CursorDebugWrapper):
    pass


class DatabaseWrapper(base.DatabaseWrapper):
    def statements(self) -> Statements:
        """The prepared statements of the open connection."""
        there: Statements | None = getattr(self.connection, Statements.KEPT, None)
        if there is None:
            there = Statements(self.connection)
            setattr(self.connection, Statements.KEPT, there)
        return there

    def send_waiting(self) -> None:
        """Run what waits. Raises what the database says to it."""
        there = self._waiting()
        if there is not None:
            self.validate_thread_sharing()
            with self.wrap_database_errors:
                there.send()

    def make_cursor(self, cursor: Any) -> CursorWrapper:
        return _Cursor(cursor, self)

    def make_debug_cursor(self, cursor: Any) -> CursorDebugWrapper:
        return _LoggedCursor(cursor, self)

    def _commit(self) -> None:
        there = self._waiting()
        if there is None:
            super()._commit()  # type: ignore[misc]
        else:
            with debug_transaction(self, "COMMIT"), self.wrap_database_errors:
                there.commit()

    def _rollback(self) -> None:
        self._forget()
        super()._rollback()  # type: ignore[misc]

    def _savepoint_rollback(self, sid: str) -> None:
        self._forget()  # those before the savepoint went before it
        super()._savepoint_rollback(sid)  # type: ignore[misc]

    def _close(self) -> None:
        self._forget()
        super()._close()  # type: ignore[misc]

    def _waiting(self) -> Statements | None:
        there: Statements | None = getattr(self.connection, Statements.KEPT, None)
        return there if there is not None and there.waiting else None

    def _forget(self) -> None:
        if (there := self._waiting()) is not None:
            there.forget()
