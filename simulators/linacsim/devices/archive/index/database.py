"""The database of an index, through SQLAlchemy: opened, checked, and statements that are compiled once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Executable, create_engine, create_mock_engine, inspect
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import StaticPool

from linacsim.devices.archive.hardware import DatabaseDownError
from linacsim.devices.archive.index.schema import ABOUT, METADATA, VERSION
from linacsim.errors import InputError

_WHERE = "--database"
_FORMS = "give postgresql://USER@HOST/NAME, or sqlite:///FILE; or leave it out for a file beside the store"
_LOCK = 0x6C696E61
"""The advisory lock of PostgreSQL that the one archive at a database holds."""
_OURS = "linacsim archive"

Row = tuple[Any, ...]
Run = Callable[..., Any]


class IndexFailedError(DatabaseDownError):
    """The database does not do what it is asked; the text is its own."""


class Database:
    """One connection to the database of an index; it belongs to one archive.

    Parameters
    ----------
    url : URL
        Where it is: SQLite or PostgreSQL.
    power : bool
        Whether what is committed has to outlast a loss of power, not only the end of the process.
    lasting : bool
        Whether a loss of power must not damage it.

    Attributes
    ----------
    fresh : bool
        Whether its tables have just been made.
    """

    _pooled: Any
    _driver: Any

    def __init__(self, url: URL, *, power: bool = False, lasting: bool = True) -> None:
        self.url = url
        self._power = power
        self._lasting = lasting
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self.engine = _engine(url)
        dialect: Any = self.engine.dialect
        self._errors: tuple[type[Exception], ...] = (dialect.loaded_dbapi.Error,)
        self._depth = 0
        try:
            self._connect()
            self.fresh = self._prepare_tables()
        except (*self._errors, DBAPIError) as exc:
            self.close()
            raise _cannot_open(url, exc) from exc
        except InputError:
            self.close()
            raise

    @property
    def name(self) -> str:
        """Its URL without the password."""
        return _shown(self.url)

    def close(self) -> None:
        """Give it back."""
        self.engine.dispose()

    def _connect(self) -> None:
        self._pooled = self.engine.raw_connection()
        self._driver = self._pooled.driver_connection
        if self.is_sqlite:
            self._driver.isolation_level = None
            synchronous = "FULL" if self._power else "NORMAL" if self._lasting else "OFF"
            self._driver.execute(f"PRAGMA synchronous={synchronous}")
            # nobody else may write, and a write of our own never waits
            self._driver.execute("PRAGMA journal_mode=WAL")
            self._driver.execute("PRAGMA temp_store=MEMORY")
            self._driver.execute("PRAGMA cache_size=-65536")
        else:
            self._driver.autocommit = True
            if not self._power:
                self._driver.execute("SET synchronous_commit TO off")
            (alone,) = self._driver.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,)).fetchone()
            if not alone:
                raise InputError("another archive works with this database", self.name, "stop it, or name another one")

    def _prepare_tables(self) -> bool:
        with self.engine.connect() as connection:
            there = set(inspect(connection).get_table_names())
            foreign = there & set(METADATA.tables) if ABOUT.name not in there else set()
            if foreign:
                raise InputError(
                    f"the tables {', '.join(sorted(foreign))} are of something else",
                    self.name,
                    "name an empty database",
                )
            if ABOUT.name in there:
                self._check_version()
                return False
            for text in _tables(self.url.drivername):
                connection.exec_driver_sql(text)
            connection.commit()
        self.note("is", _OURS)
        self.note("version", VERSION)
        return True

    def _check_version(self) -> None:
        try:
            told = self.noted()
        except IndexFailedError:
            told = {}
        if told.get("is") != _OURS:
            raise InputError("the database is of something else", self.name, "name an empty database")
        if told.get("version") != VERSION:
            raise InputError(
                f"the index is of version {told.get('version')}, this linacsim has {VERSION}",
                self.name,
                "open it with the linacsim that made it, or remove it: it is made anew from the stored objects",
            )

    def noted(self) -> dict[str, str]:
        """Return what has been noted about the index."""
        return dict(self.all(self.prepare(ABOUT.select())))

    def note(self, name: str, value: str) -> None:
        """Note something about the index."""
        with self.transaction():
            self.prepare(ABOUT.delete().where(ABOUT.c.name == name))()
            self.prepare(ABOUT.insert().values(name=name, value=value))()

    # statements

    def prepare(self, statement: Executable, *names: str) -> Run:
        """Return a function that runs a statement with values for `names`, in their order, and returns the cursor.

        It is compiled once, and then goes to the driver: what SQLAlchemy does around a statement takes longer than SQLite
        takes to run it.
        """
        compiled: Any = statement.compile(dialect=self.engine.dialect)  # type: ignore[attr-defined]
        text = str(compiled)
        order = list(compiled.positiontup or ())
        fixed: Mapping[str, Any] = compiled.params
        places = [names.index(name) if name in names else None for name in order]
        if places == list(range(len(names))):
            return lambda *values: self.execute(text, values)

        def run(*values: Any) -> Any:
            return self.execute(
                text,
                tuple(
                    fixed[name] if place is None else values[place] for name, place in zip(order, places, strict=True)
                ),
            )

        return run

    def execute(self, text: str, values: Sequence[Any] = ()) -> Any:
        """Run a statement in the driver's words.

        Raises
        ------
        IndexFailedError
            If the database does not do it.
        """
        if not (self.is_sqlite or self._depth):
            self._reconnect()
        try:
            return self._driver.execute(text, values)
        except self._errors as exc:
            raise IndexFailedError(_first_line(exc)) from exc

    def many(self, text: str, rows: Sequence[Row]) -> None:
        """Run a statement in the driver's words for each of `rows`."""
        try:
            self._driver.cursor().executemany(text, rows)
        except self._errors as exc:
            raise IndexFailedError(_first_line(exc)) from exc

    def all(self, run: Run, *values: Any) -> list[Row]:
        """Return all rows that a prepared statement finds."""
        cursor = run(*values)
        try:
            return list(cursor.fetchall())
        except self._errors as exc:
            raise IndexFailedError(_first_line(exc)) from exc

    def one(self, run: Run, *values: Any) -> Row | None:
        """Return the first row that a prepared statement finds."""
        cursor = run(*values)
        try:
            found: Row | None = cursor.fetchone()
        except self._errors as exc:
            raise IndexFailedError(_first_line(exc)) from exc
        return found

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all of the block, or nothing; a transaction within another one is part of it."""
        if self._depth:
            yield
            return
        self._reconnect()
        self.execute("BEGIN IMMEDIATE" if self.is_sqlite else "BEGIN")
        self._depth += 1
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise
        finally:
            self._depth -= 1

    def _roll_back(self) -> None:
        try:
            if not self.is_sqlite or self._driver.in_transaction:
                self._driver.execute("ROLLBACK")
        except self._errors:
            # the connection is gone, and with it the transaction
            return

    def _reconnect(self) -> None:
        """Open the connection anew if the server has closed it."""
        if self.is_sqlite or not self._driver.closed:
            return
        try:
            self.engine.dispose()
            self._connect()
        except Exception as exc:
            if isinstance(exc, (*self._errors, DBAPIError, InputError)):
                raise IndexFailedError(_first_line(exc)) from exc
            raise


def database_url(text: str) -> URL:
    """Return the URL of a database in `text`.

    Raises
    ------
    InputError
        If it is none of SQLite or PostgreSQL.
    """
    try:
        url = make_url(text)
    except ArgumentError as exc:
        raise InputError("no URL of a database", _WHERE, _FORMS) from exc
    if url.get_backend_name() == "sqlite":
        return url.set(drivername="sqlite")
    if url.get_backend_name() in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    raise InputError(f"{url.get_backend_name()!r} is no database for an index", _WHERE, _FORMS)


def file_url(path: Path) -> URL:
    """Return the URL of an SQLite file."""
    return URL.create("sqlite", database=os.fspath(path))


MEMORY = URL.create("sqlite", database=":memory:")
"""An index that is gone with the run."""


def _engine(url: URL) -> Engine:
    try:
        if url.get_backend_name() == "sqlite":
            return create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False, "timeout": 1.0})
        return create_engine(url, poolclass=StaticPool, paramstyle="format", connect_args={"connect_timeout": 10})
    except (ImportError, NoSuchModuleError) as exc:
        raise InputError("PostgreSQL needs psycopg", _WHERE, "pip install 'linacsim[postgresql]'") from exc


@cache
def _tables(drivername: str) -> tuple[str, ...]:
    """Return the statements that make the tables; to put them together takes longer than SQLite takes to run them."""
    statements: list[str] = []

    def keep(statement: Any, *_values: Any, **_options: Any) -> None:
        statements.append(str(statement.compile(dialect=words.dialect)))

    words = create_mock_engine(f"{drivername}://", keep)
    METADATA.create_all(words, checkfirst=False)
    return tuple(statements)


def _shown(url: URL) -> str:
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return url.set(drivername="postgresql").render_as_string(hide_password=True)


def _cannot_open(url: URL, error: Exception) -> InputError:
    what = _first_line(error)
    if "not a database" in what or "malformed" in what:
        return InputError(
            "the index is damaged", _shown(url), "remove it: it is made anew from the stored objects at the next start"
        )
    if "locked" in what:
        return InputError("another program works with the index", _shown(url), "stop it first")
    if "readonly" in what or "unable to open" in what:
        return InputError(f"cannot write the index: {what}", _shown(url), "look at the permissions, and for free room")
    return InputError(f"cannot open the database: {what}", _shown(url), "look at the URL, and whether it runs")


def _first_line(error: Exception) -> str:
    told = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return next(iter(str(told).strip().splitlines()), type(told).__name__)
