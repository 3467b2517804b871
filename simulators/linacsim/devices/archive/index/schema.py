"""The tables of the index."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    event,
)

from linacsim.devices.archive.attributes import Level

VERSION = "1"
"""Of the tables and of what is in them; another one is not opened."""

METADATA = MetaData()
# compared byte by byte everywhere, so that a prefix is a range and an index serves it
_TEXT = String().with_variant(String(collation="C"), "postgresql")
_KEY = BigInteger().with_variant(Integer(), "sqlite")


def _row() -> Column[int]:
    return Column("id", _KEY, primary_key=True)


def _text(name: str, *, index: bool = False) -> Column[str]:
    return Column(name, _TEXT, nullable=False, index=index)


ABOUT = Table("about", METADATA, Column("name", String, primary_key=True), Column("value", String, nullable=False))
"""What the index is: version, store, and whether it is complete."""
PATIENTS = Table(
    "patients",
    METADATA,
    _row(),
    Column("uid", _TEXT, nullable=False, unique=True),
    # the first component group in lower case, and the others
    _text("name", index=True),
    _text("names", index=True),
    Column("blob", LargeBinary, nullable=False),
)
STUDIES = Table(
    "studies",
    METADATA,
    _row(),
    Column("patient", _KEY, ForeignKey("patients.id"), nullable=False),
    Column("uid", _TEXT, nullable=False, unique=True),
    _text("date", index=True),
    _text("accession", index=True),
    Column("blob", LargeBinary, nullable=False),
    Index("studies_of_patient", "patient", "id"),
)
SERIES = Table(
    "series",
    METADATA,
    _row(),
    Column("study", _KEY, ForeignKey("studies.id"), nullable=False),
    _text("uid"),
    _text("modality"),
    # counted and gathered as they come, so that nobody has to look at a million instances
    Column("instances", Integer, nullable=False),
    _text("classes"),
    # where new ones are filed
    _text("folder"),
    Column("blob", LargeBinary, nullable=False),
    UniqueConstraint("uid", "study"),
    Index("series_of_study", "study", "id"),
)
INSTANCES = Table(
    "instances",
    METADATA,
    _row(),
    Column("series", _KEY, ForeignKey("series.id"), nullable=False),
    Column("uid", _TEXT, nullable=False, unique=True),
    _text("class"),
    _text("syntax"),
    _text("path"),
    Column("start", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("blob", LargeBinary, nullable=False),
    Index("instances_of_series", "series", "id"),
    Index("instances_of_class", "class", "id"),
)

_CHANGE = "UPDATE series SET instances = instances {by} WHERE id = {row}.series;"
_COME, _GO = _CHANGE.format(by="+ 1", row="NEW"), _CHANGE.format(by="- 1", row="OLD")
_TRIGGERS = (
    f"CREATE TRIGGER instances_come AFTER INSERT ON instances BEGIN {_COME} END",
    f"CREATE TRIGGER instances_go AFTER DELETE ON instances BEGIN {_GO} END",
)
_FUNCTION = "CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {body} RETURN NULL; END$$"
_FUNCTIONS = (
    _FUNCTION.format(name="one_more", body=_COME),
    _FUNCTION.format(name="one_less", body=_GO),
    "CREATE TRIGGER instances_come AFTER INSERT ON instances FOR EACH ROW EXECUTE FUNCTION one_more()",
    "CREATE TRIGGER instances_go AFTER DELETE ON instances FOR EACH ROW EXECUTE FUNCTION one_less()",
)
# the database counts: so an instance of a known series is added by one statement, which is a transaction by itself
for _dialect, _statements in (("sqlite", _TRIGGERS), ("postgresql", _FUNCTIONS)):
    for _statement in _statements:
        _made: Any = DDL(_statement)  # type: ignore[no-untyped-call]
        event.listen(INSTANCES, "after_create", _made.execute_if(dialect=_dialect))

TABLES = {Level.PATIENT: PATIENTS, Level.STUDY: STUDIES, Level.SERIES: SERIES, Level.IMAGE: INSTANCES}
PARENT = {Level.STUDY: STUDIES.c.patient, Level.SERIES: SERIES.c.study, Level.IMAGE: INSTANCES.c.series}
"""What tells which entry of the level above it belongs to."""
