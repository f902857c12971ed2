"""Prepared statements straight on libpq: what the driver works out for each execution is worked out once per connection.

A statement that begins a transaction goes to the server together with its BEGIN, one round trip for both. See
docs/decisions/0003-prepared-statements.md.
"""

import functools
import itertools
import select
from collections import OrderedDict
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from psycopg import Connection, OperationalError
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus

GOOD = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)
KEPT = "_skilllink_statements"  # with the connection they are gone
MOST = 200  # statements that a connection keeps; one for each number of values that is inserted or asked for at once


class Cursor:
    """As much of a cursor as Django's wrapper asks for. Raises what the driver's own raises."""

    def __init__(self, connection: Connection[Any]) -> None:
        self._statements = _statements(connection)
        self._rows: list[Any] = []
        self._query: Any = None  # Django's log of queries reads it
        self.rowcount = -1

    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        """Run a statement with `%s` in place of each value."""
        self._query = SimpleNamespace(query=sql.encode())
        self._rows, self.rowcount = self._statements.run(sql, values)

    def fetchall(self) -> list[Any]:
        return self._rows

    def close(self) -> None:
        self._rows = []


def _statements(connection: Connection[Any]) -> "_Statements":
    there: _Statements | None = getattr(connection, KEPT, None)
    if there is None:
        there = _Statements(connection)
        setattr(connection, KEPT, there)
    return there


class _Statements:
    """Those that one connection knows."""

    def __init__(self, connection: Connection[Any]) -> None:
        self._connection = connection
        self._transformer = Transformer(connection)
        self._names: OrderedDict[tuple[str, Any], bytes] = OrderedDict()  # the one that was used last is last
        self._numbers = itertools.count()

    def run(self, sql: str, values: Sequence[Any]) -> tuple[list[Any], int]:
        """The rows it returns, and how many it returned or changed."""
        transformer, server = self._transformer, self._connection.pgconn
        given: Any = transformer.dump_sequence(values, [PyFormat.AUTO] * len(values))
        types, formats = transformer.types, transformer.formats
        begins = server.transaction_status == TransactionStatus.IDLE and not self._connection.autocommit
        name = self._names.get((sql, types))
        if name is None or (begins and _is_special(self._connection)):
            if begins:
                self._connection.execute("")  # the driver begins the transaction, in its own way
                begins = False
            name = name or self._prepared(sql, types)
        self._names.move_to_end((sql, types))
        run = functools.partial(_begun_with, server) if begins else server.exec_prepared
        result = run(name, given, formats)
        self._check(result)
        transformer.set_pgresult(result)
        return transformer.load_rows(0, result.ntuples, tuple), _count(result)

    def _prepared(self, sql: str, types: Any) -> bytes:
        server = self._connection.pgconn
        if len(self._names) >= MOST:
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


def _begun_with(server: Any, name: bytes, given: Sequence[Any], formats: Any) -> Any:
    """BEGIN and the statement in one round trip; the statement's result, or that of a BEGIN which failed."""
    server.enter_pipeline_mode()
    server.send_query_params(b"BEGIN", None)
    server.send_query_prepared(name, given, formats)
    server.pipeline_sync()
    while server.flush():
        _wait(server, select.POLLIN | select.POLLOUT)
    results = []
    while (result := _next(server)) is None or result.status != ExecStatus.PIPELINE_SYNC:
        if result is not None:
            results.append(result)
        elif server.status == ConnStatus.BAD:
            raise OperationalError(server.get_error_message())
    server.exit_pipeline_mode()
    return next((result for result in results if result.status not in GOOD), results[-1])


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


@functools.lru_cache(maxsize=2 * MOST)
def _numbered(sql: str) -> bytes:
    """`$1`, `$2` … in place of each `%s`, and `%` for `%%`."""
    *before, last = sql.replace("%%", "\0").split("%s")
    text = "".join(f"{part}${number}" for number, part in enumerate(before, 1)) + last
    return text.replace("\0", "%").encode()
