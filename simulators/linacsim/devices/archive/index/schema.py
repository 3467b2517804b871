"""The tables of the index."""

from __future__ import annotations

from sqlalchemy import (
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

TABLES = {Level.PATIENT: PATIENTS, Level.STUDY: STUDIES, Level.SERIES: SERIES, Level.IMAGE: INSTANCES}
PARENT = {Level.STUDY: STUDIES.c.patient, Level.SERIES: SERIES.c.study, Level.IMAGE: INSTANCES.c.series}
"""What tells which entry of the level above it belongs to."""
