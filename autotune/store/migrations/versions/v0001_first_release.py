"""The first released tables: tasks, predictions, raw outputs, environments and the sources of imported runs.

No table is made anew: SQLite would have to drop the old one, and with foreign keys on its rows' children go with it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from autotune.store.tables import key

revision = "0001"
down_revision = "0000"


def upgrade() -> None:
    op.create_table(
        "tasks",
        sa.Column("task_hash", key(64), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("migrated_from", key(64), sa.ForeignKey("tasks.task_hash")),
    )
    op.add_column("runs", sa.Column("task_hash", key(64), sa.ForeignKey("tasks.task_hash")), inline_references=True)
    op.add_column("runs", sa.Column("environment", sa.JSON))
    op.add_column("runs", sa.Column("source", sa.JSON))
    op.drop_index("runs_by_fingerprint", "runs")
    op.create_index("runs_by_fingerprint", "runs", ["fingerprint", "run_id"])
    op.create_index("runs_by_finish", "runs", ["finished_at", "run_id"])
    op.add_column("results", sa.Column("environment", sa.JSON))
    op.create_index("results_by_status", "results", ["run_id", "status"])
    op.create_index("results_by_point", "results", ["point_id"])
    op.create_table(
        "predictions",
        sa.Column("run_id", key(64), primary_key=True),
        sa.Column("point_id", key(128), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("predictor", sa.String(64), nullable=False),
        sa.Column("predictor_version", sa.String(64), nullable=False),
        sa.Column("scenario", sa.Text, nullable=False),
        sa.Column("concurrency", sa.Integer),
        sa.Column("request_rate", sa.Float),
        sa.Column("metrics", sa.JSON, nullable=False),
        sa.ForeignKeyConstraint(["run_id", "point_id"], ["results.run_id", "results.point_id"], ondelete="CASCADE"),
    )
    op.create_table(
        "raw_outputs",
        sa.Column("run_id", key(64), primary_key=True),
        sa.Column("point_id", key(128), primary_key=True),
        sa.Column("name", key(512), primary_key=True),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String(64)),
        sa.Column("encoding", sa.String(16)),
        sa.Column("content", sa.LargeBinary),
        sa.ForeignKeyConstraint(["run_id", "point_id"], ["results.run_id", "results.point_id"], ondelete="CASCADE"),
    )
    op.drop_table("schema_version")


def downgrade() -> None:
    raise NotImplementedError("a store is never taken back to an earlier version; keep a copy of the file instead")
