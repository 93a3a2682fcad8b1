"""The database: opening it, bringing it to the current form, and turning its failures into sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, CursorResult, Engine, Executable, Row, Table, create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from core.errors import StoreProblem

T = TypeVar("T")
_BATCH = 400
PATIENCE = 30.0
"""How many seconds a statement waits for another program to let go of an SQLite store."""
_MIGRATIONS = Path(__file__).parent / "migrations"


def batched(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Pieces small enough to be the parameters of one statement."""
    yield from (items[start : start + _BATCH] for start in range(0, len(items), _BATCH))


class Database:
    """One connection to the database at a SQLAlchemy URL, for one thread; created and migrated when needed.

    Every failure of the database is raised as StoreProblem.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._depth = 0
        with problems(url):
            engine = _engine(url)
            _migrate(engine)
            self._connection = engine.connect()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block or nothing. May nest: the outermost one commits."""
        with problems(self.url):
            self._depth += 1
            try:
                yield
                if self._depth == 1:
                    self._connection.commit()
            except BaseException:
                self._connection.rollback()
                raise
            finally:
                self._depth -= 1

    def execute(self, statement: Executable, rows: Sequence[Mapping[str, Any]] | None = None) -> CursorResult[Any]:
        """Runs a statement that writes, in the transaction under way or in one of its own."""
        with self.transaction():
            return cast(CursorResult[Any], self._connection.execute(statement, rows))

    def rows(self, statement: Executable) -> list[Row[Any]]:
        """All rows that a query answers."""
        with self.transaction():
            return list(self._connection.execute(statement))

    def serialise(self, table: Table) -> None:
        """Until the transaction ends nobody else adds to a table, whose next number is to be told from what is there.

        SQLite lets one writer in at a time anyway.
        """
        if self._connection.dialect.name == "postgresql":
            self.execute(text(f"LOCK TABLE {table.name} IN SHARE ROW EXCLUSIVE MODE"))

    def insert(self, table: Table) -> Any:
        """An INSERT that can say what to do on a conflict, in the dialect of the database."""
        make = sqlite.insert if self._connection.dialect.name == "sqlite" else postgresql.insert
        return make(table)

    def close(self) -> None:
        """Ends the connection."""
        self._connection.close()
        self._connection.engine.dispose()


def _engine(url: str) -> Engine:
    try:
        engine = create_engine(url, connect_args=_arguments(url))
    except ValueError:
        raise StoreProblem("The URL of the store is none.", "Write it as postgresql://USER@HOST:5432/NAME.") from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite)
        event.listen(engine, "begin", _sqlite_begin)
    return engine


@contextmanager
def problems(url: str) -> Iterator[None]:
    """Database failures inside the block become StoreProblem; their statements and parameters are not shown."""
    try:
        yield
    except DBAPIError as error:
        where = make_url(url).render_as_string(hide_password=True)
        raise StoreProblem(f"The store {where} failed: {str(error.orig).strip()}.", _mend(str(error.orig))) from None
    except CommandError:
        where = make_url(url).render_as_string(hide_password=True)
        raise StoreProblem(
            f"The store {where} was made by a newer version.", "Install that version, or restore a backup."
        ) from None
    except ImportError as error:
        raise StoreProblem(f"The store needs the Python package {error.name}.", "Install it.") from None
    except SQLAlchemyError as error:
        raise StoreProblem(f"The store cannot be opened ({type(error).__name__}).", "Check `store.url`.") from None


def _mend(message: str) -> str:
    if "full" in message or "disk I/O" in message:
        return "Free some disk space, then run the same command again: nothing is lost, what was under way is resolved."
    if "unable to open" in message or "readonly" in message:
        return "Check that its folder exists and may be written, and that it is a file itself."
    if "locked" in message:
        return "Another process is writing; try again in a moment."
    return "Check `store.url` and the database."


def _arguments(url: str) -> dict[str, Any]:
    return {"check_same_thread": False, "timeout": PATIENCE} if url.startswith("sqlite") else {}


def _sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}")


def _sqlite_begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _migrate(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
