"""The tables. Column types that SQLite and PostgreSQL share; what nobody filters by is JSON.

A change here needs a step in `migrations/versions` and a new HEAD; a test holds the two against each other.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

#: The version of these tables: the newest file in `migrations/versions`.
HEAD = "0002"
#: The table that names the version of a store; Alembic's, under a name that no other program's migrations have.
VERSION_TABLE = "autotune_schema"

METADATA = MetaData()


def key(length: int) -> String:
    """Text that is compared byte by byte everywhere, so that ids sort and start alike whatever a server's locale is."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


schema = Table(
    VERSION_TABLE,
    METADATA,
    Column("version_num", String(32), nullable=False, primary_key=True),
)
for constraint in schema.constraints:
    constraint.name = f"{VERSION_TABLE}_pkc"  # as Alembic names it

tasks = Table(
    "tasks",
    METADATA,
    Column("task_hash", key(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("migrated_from", key(64), ForeignKey("tasks.task_hash")),
)

runs = Table(
    "runs",
    METADATA,
    Column("run_id", key(64), primary_key=True),
    Column("fingerprint", key(64), nullable=False),
    Column("executor", String(32), nullable=False),
    Column("points", JSON, nullable=False),
    Column("inputs", JSON, nullable=False),
    Column("created_at", String(40), nullable=False),
    Column("finished_at", String(40)),
    Column("task_hash", key(64), ForeignKey("tasks.task_hash")),
    Column("environment", JSON(none_as_null=True)),
    Column("source", JSON(none_as_null=True)),
    Index("runs_by_fingerprint", "fingerprint", "run_id"),
    Index("runs_by_finish", "finished_at", "run_id"),
)

results = Table(
    "results",
    METADATA,
    Column("run_id", key(64), ForeignKey("runs.run_id", ondelete="CASCADE"), primary_key=True),
    Column("point_id", key(128), primary_key=True),
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
    Column("environment", JSON(none_as_null=True)),
    Index("results_by_status", "run_id", "status"),
    Index("results_of_status", "status", "run_id", "point_id"),
    Index("results_by_point", "point_id", "run_id"),
    Index("results_by_score", "score", "run_id", "point_id"),
    Index("results_by_finish", "finished_at", "run_id", "point_id"),
)

measurements = Table(
    "measurements",
    METADATA,
    Column("run_id", key(64), primary_key=True),
    Column("point_id", key(128), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("scenario", Text, nullable=False),
    Column("concurrency", Integer),
    Column("request_rate", Float),
    Column("metrics", JSON, nullable=False),
    ForeignKeyConstraint(["run_id", "point_id"], ["results.run_id", "results.point_id"], ondelete="CASCADE"),
)

predictions = Table(
    "predictions",
    METADATA,
    Column("run_id", key(64), primary_key=True),
    Column("point_id", key(128), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("predictor", String(64), nullable=False),
    Column("predictor_version", String(64), nullable=False),
    Column("scenario", Text, nullable=False),
    Column("concurrency", Integer),
    Column("request_rate", Float),
    Column("metrics", JSON, nullable=False),
    ForeignKeyConstraint(["run_id", "point_id"], ["results.run_id", "results.point_id"], ondelete="CASCADE"),
)

raw_outputs = Table(
    "raw_outputs",
    METADATA,
    Column("run_id", key(64), primary_key=True),
    Column("point_id", key(128), primary_key=True),
    Column("name", key(512), primary_key=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", String(64)),
    Column("encoding", String(16)),
    Column("content", LargeBinary),
    ForeignKeyConstraint(["run_id", "point_id"], ["results.run_id", "results.point_id"], ondelete="CASCADE"),
)
