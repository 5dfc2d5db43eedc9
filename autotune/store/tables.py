"""The tables. Column types that SQLite and PostgreSQL share; what nobody filters by is JSON.

A change here needs a step in `migrations/versions` and a new HEAD; a test holds the two against each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The version of these tables: the newest file in `migrations/versions`.
HEAD = "0003"
#: The table that names the version of a store; Alembic's, under a name that no other program's migrations have.
VERSION_TABLE = "autotune_schema"

METADATA = MetaData()


#: Characters of a model's id in `results.model`; an index of PostgreSQL takes no more than 2,704 bytes a row.
MODEL_LENGTH = 300


def model_key(model: str) -> str:
    """A model's id as the column has it."""
    return model[:MODEL_LENGTH]


def model_column(config: Mapping[str, Any]) -> str | None:
    """The value of `results.model`: `model.id` of the config, None where it has none."""
    model = config.get("model")
    found = model.get("id") if isinstance(model, dict) else None
    return model_key(found) if isinstance(found, str) else None


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
    Column("model", key(MODEL_LENGTH)),
    Index("results_by_status", "run_id", "status"),
    Index("results_by_point", "point_id", "run_id"),
    # Lists over all runs: one for each order, and for each with what it is filtered by in front (`pages.py` says which is
    # used). What else may be asked for stands behind, so that rows, which are kilobytes, are read for one page only.
    Index("results_by_score", "score", "run_id", "point_id", "kind"),
    Index("results_by_finish", "finished_at", "run_id", "point_id", "kind"),
    Index("results_of_kind", "kind", "run_id", "point_id"),
    Index("results_of_status", "status", "run_id", "point_id", "kind", "model"),
    Index("results_of_status_by_score", "status", "score", "run_id", "point_id", "kind", "model"),
    Index("results_of_status_by_finish", "status", "finished_at", "run_id", "point_id", "kind", "model"),
    Index("results_of_model", "model", "run_id", "point_id", "status", "kind"),
    Index("results_of_model_by_score", "model", "score", "run_id", "point_id", "status", "kind"),
    Index("results_of_model_by_finish", "model", "finished_at", "run_id", "point_id", "status", "kind"),
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
