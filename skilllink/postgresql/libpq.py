"""Prepared statements straight on libpq: what the driver works out for each execution is worked out once per connection.

A statement may wait until somebody asks for an answer, or for the COMMIT: all that wait go to the server together, in
their order, in one round trip; so does the BEGIN of their transaction. See docs/decisions/0003-prepared-statements.md.
"""

import itertools
import select
from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from psycopg import Connection, OperationalError, ProgrammingError
from psycopg.adapt import AdaptersMap, PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.types.datetime import TimestamptzLoader

GOOD = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)
MOST = 200  # statements that a connection keeps; one for each number of values that is inserted or asked for at once


class Waiting:
    """A statement that is on its way, and its answer once that is there."""

    __slots__ = ("count", "formats", "given", "name", "rows")

    def __init__(self, name: bytes, given: Any, formats: Any) -> None:
        self.name, self.given, self.formats = name, given, formats
        self.rows: list[Any] | None = None
        self.count = -1  # rows that it returned or changed


class Statements:
    """Those that one connection knows, and those that wait there."""

    KEPT = "_skilllink_statements"  # with the connection they are gone

    def __init__(self, connection: Connection[Any]) -> None:
        self._connection = connection
        self._transformer = _transformer(connection)
        self._names: OrderedDict[tuple[str, Any], bytes] = OrderedDict()  # the one that was used last is last
        self._numbers = itertools.count()
        self.waiting: list[Waiting] = []

    def add(self, sql: str, values: Sequence[Any]) -> Waiting:
        """Let a statement wait, `%s` in place of each value. Outside a transaction it is run at once."""
        transformer = self._transformer
        given: Any = transformer.dump_sequence(values, [PyFormat.AUTO] * len(values))
        known = (sql, transformer.types)
        name = self._names.get(known) or self._prepared(*known)
        self._names.move_to_end(known)
        new = Waiting(name, given, transformer.formats)
        self.waiting.append(new)
        if self._connection.autocommit:
            self.send()
        return new

    def answer(self, one: Waiting) -> Waiting:
        """The statement with its answer: runs all that wait. Raises what the driver's own cursor raises."""
        if one.rows is None:
            if one not in self.waiting:
                raise ProgrammingError("This statement was given up: one before it failed, or its transaction ended.")
            self.send()
        return one

    def send(self) -> None:
        """Run all that wait."""
        self._run(commit=False)

    def commit(self) -> None:
        """Run all that wait, and end their transaction with them."""
        self._run(commit=True)

    def forget(self) -> None:
        self.waiting = []

    def _run(self, *, commit: bool) -> None:
        together, self.waiting = self.waiting, []
        server = self._connection.pgconn
        begins = server.transaction_status == TransactionStatus.IDLE and not self._connection.autocommit
        if begins and _is_special(self._connection):
            self._connection.execute("")  # the driver begins the transaction, in its own way
            begins = False
        if len(together) == 1 and not begins and not commit:
            (one,) = together
            results = [server.exec_prepared(one.name, one.given, one.formats)]
        else:
            results = _pipelined(server, together, begins=begins, commit=commit)
        for result in results:
            self._check(result)
        for one, result in zip(together, results[begins:], strict=False):
            self._transformer.set_pgresult(result)
            one.rows, one.count = self._transformer.load_rows(0, result.ntuples, tuple), _count(result)

    def _prepared(self, sql: str, types: Any) -> bytes:
        server = self._connection.pgconn
        if len(self._names) >= MOST:
            self.send()  # one of those that wait may be the one that goes
            oldest, name = next(iter(self._names.items()))
            self._check(server.exec_(b"DEALLOCATE " + name))
            del self._names[oldest]
        name = f"_skilllink_{next(self._numbers)}".encode()
        self._check(server.prepare(name, _numbered(sql), types))
        self._names[sql, types] = name
        return name

    def _check(self, result: Any) -> None:
        if result.status in GOOD:
            return
        server = self._connection.pgconn
        if server.status == ConnStatus.BAD:
            raise OperationalError(server.get_error_message())
        raise error_from_result(result, encoding=self._transformer.encoding)


def _transformer(connection: Connection[Any]) -> Any:
    """The connection's, but moments read by the driver's own loader: it is in C, and the connection's zone is UTC."""
    adapters = AdaptersMap(connection.adapters)
    adapters.register_loader("timestamptz", TimestamptzLoader)
    context: Any = SimpleNamespace(adapters=adapters, connection=connection)
    return Transformer(context)


def _pipelined(server: Any, together: Sequence[Waiting], *, begins: bool, commit: bool) -> list[Any]:
    """All of it in one round trip. The results in their order; where one failed, that one in the place of all."""
    server.enter_pipeline_mode()
    if begins:
        server.send_query_params(b"BEGIN", None)
    for one in together:
        server.send_query_prepared(one.name, one.given, one.formats)
    if commit:
        server.send_query_params(b"COMMIT", None)
    server.pipeline_sync()
    while server.flush():
        _wait(server, select.POLLIN | select.POLLOUT)
    results = []
    while (result := _next(server)) is None or result.status != ExecStatus.PIPELINE_SYNC:
        if result is not None:
            results.append(result)
            server.get_result()  # the end of this one: nothing has to come for it
        elif server.status == ConnStatus.BAD:
            raise OperationalError(server.get_error_message())
    server.exit_pipeline_mode()
    failed = next((result for result in results if result.status not in GOOD), None)
    return results if failed is None else [failed] * len(results)


def _next(server: Any) -> Any:
    """The next result. Waited for by hand: libpq would wait with every other thread of the process held up."""
    while server.is_busy():
        _wait(server, select.POLLIN)
    return server.get_result()


def _wait(server: Any, events: int) -> None:
    poll = select.poll()
    poll.register(server.socket, events)
    if any(happened & ~select.POLLOUT for _socket, happened in poll.poll()):
        server.consume_input()


def _is_special(connection: Connection[Any]) -> bool:
    """Whether its transactions begin with more than the word."""
    return (connection.isolation_level, connection.read_only, connection.deferrable) != (None, None, None)


def _count(result: Any) -> int:
    return result.command_tuples if result.command_tuples is not None else -1


@lru_cache(maxsize=2 * MOST)
def _numbered(sql: str) -> bytes:
    """`$1`, `$2` … in place of each `%s`, and `%` for `%%`."""
    *before, last = sql.replace("%%", "\0").split("%s")
    text = "".join(f"{part}${number}" for number, part in enumerate(before, 1)) + last
    return text.replace("\0", "%").encode()
