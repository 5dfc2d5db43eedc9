"""The tables. Column types that SQLite and PostgreSQL share; what nobody filters by is JSON."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

#: Version of these tables; a store of a later version is refused.
SCHEMA_VERSION = 1

METADATA = MetaData()

schema_version = Table("schema_version", METADATA, Column("version", Integer, primary_key=True))

runs = Table(
    "runs",
    METADATA,
    Column("run_id", String(64), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("executor", String(32), nullable=False),
    Column("points", JSON, nullable=False),
    Column("inputs", JSON, nullable=False),
    Column("created_at", String(40), nullable=False),
    Column("finished_at", String(40)),
    Index("runs_by_fingerprint", "fingerprint"),
)

results = Table(
    "results",
    METADATA,
    Column("run_id", String(64), ForeignKey("runs.run_id", ondelete="CASCADE"), primary_key=True),
    Column("point_id", String(128), primary_key=True),
    Column("status", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("overrides", JSON, nullable=False),
    Column("config", JSON, nullable=False),
    Column("deployment", JSON, nullable=False),
    Column("applied_layers", JSON, nullable=False),
    Column("origin", JSON, nullable=False),
    Column("best", Integer),
    Column("score", Float),
    Column("failure", JSON(none_as_null=True)),
    Column("started_at", String(40)),
    Column("finished_at", String(40)),
    Column("attempts", Integer, nullable=False),
)

measurements = Table(
    "measurements",
    METADATA,
    Column("run_id", String(64), primary_key=True),
    Column("point_id", String(128), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("scenario", Text, nullable=False),
    Column("concurrency", Integer),
    Column("request_rate", Float),
    Column("metrics", JSON, nullable=False),
    ForeignKeyConstraint(["run_id", "point_id"], ["results.run_id", "results.point_id"], ondelete="CASCADE"),
)
