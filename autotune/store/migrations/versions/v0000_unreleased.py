"""The tables as they were before anything was released; files of that time are taken over from here.

They hold their version in a table `schema_version`, which the next step removes.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from autotune.store.tables import key

revision = "0000"
down_revision = None


def upgrade() -> None:
    op.create_table("schema_version", sa.Column("version", sa.Integer, primary_key=True))
    op.create_table(
        "runs",
        sa.Column("run_id", key(64), primary_key=True),
        sa.Column("fingerprint", key(64), nullable=False),
        sa.Column("executor", sa.String(32), nullable=False),
        sa.Column("points", sa.JSON, nullable=False),
        sa.Column("inputs", sa.JSON, nullable=False),
        sa.Column("created_at", sa.String(40), nullable=False),
        sa.Column("finished_at", sa.String(40)),
    )
    op.create_index("runs_by_fingerprint", "runs", ["fingerprint"])
    op.create_table(
        "results",
        sa.Column("run_id", key(64), sa.ForeignKey("runs.run_id", ondelete="CASCADE"), primary_key=True),
        sa.Column("point_id", key(128), primary_key=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("overrides", sa.JSON, nullable=False),
        sa.Column("config", sa.JSON, nullable=False),
        sa.Column("deployment", sa.JSON, nullable=False),
        sa.Column("applied_layers", sa.JSON, nullable=False),
        sa.Column("origin", sa.JSON, nullable=False),
        sa.Column("best", sa.Integer),
        sa.Column("score", sa.Float),
        sa.Column("failure", sa.JSON),
        sa.Column("started_at", sa.String(40)),
        sa.Column("finished_at", sa.String(40)),
        sa.Column("attempts", sa.Integer, nullable=False),
    )
    op.create_table(
        "measurements",
        sa.Column("run_id", key(64), primary_key=True),
        sa.Column("point_id", key(128), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("scenario", sa.Text, nullable=False),
        sa.Column("concurrency", sa.Integer),
        sa.Column("request_rate", sa.Float),
        sa.Column("metrics", sa.JSON, nullable=False),
        sa.ForeignKeyConstraint(["run_id", "point_id"], ["results.run_id", "results.point_id"], ondelete="CASCADE"),
    )


def downgrade() -> None:
    raise NotImplementedError("a store is never taken back to an earlier version; keep a copy of the file instead")
