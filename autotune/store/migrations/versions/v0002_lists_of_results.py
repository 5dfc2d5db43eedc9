"""Indexes for lists of results over all runs, a page at a time: the best first, the last finished first, of one
status, and by point.

Without them a list sorts every result that is stored (docs/scaling.md has the measurements).
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.drop_index("results_by_point", "results")
    op.create_index("results_by_point", "results", ["point_id", "run_id"])
    op.create_index("results_of_status", "results", ["status", "run_id", "point_id"])
    op.create_index("results_by_score", "results", ["score", "run_id", "point_id"])
    op.create_index("results_by_finish", "results", ["finished_at", "run_id", "point_id"])


def downgrade() -> None:
    raise NotImplementedError("a store is never taken back to an earlier version; keep a copy of the file instead")
