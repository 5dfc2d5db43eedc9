"""The model of a result in a column of its own, and indexes for lists of every order, filtered or not.

Without them a list filtered by model reads every config, and one of a status sorts all that have it (docs/scaling.md has
the measurements).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from autotune.store.tables import key

revision = "0003"
down_revision = "0002"

#: `model.id` of the config, as far as the column goes, where it is text.
_FILL = {
    "sqlite": """UPDATE results SET model = CASE WHEN json_type(config, '$.model.id') = 'text'
        THEN substr(json_extract(config, '$.model.id'), 1, 300) END""",
    "postgresql": """UPDATE results SET model = CASE WHEN json_typeof(config #> '{model,id}') = 'string'
        THEN left(config #>> '{model,id}', 300) END""",
}


def upgrade() -> None:
    op.add_column("results", sa.Column("model", key(300)))
    op.execute(_FILL[op.get_bind().dialect.name])
    for name in ("results_by_score", "results_by_finish", "results_of_status"):
        op.drop_index(name, "results")
    op.create_index("results_by_score", "results", ["score", "run_id", "point_id", "kind"])
    op.create_index("results_by_finish", "results", ["finished_at", "run_id", "point_id", "kind"])
    op.create_index("results_of_kind", "results", ["kind", "run_id", "point_id"])
    for name, order in (("", []), ("_by_score", ["score"]), ("_by_finish", ["finished_at"])):
        rest = [*order, "run_id", "point_id"]
        op.create_index(f"results_of_status{name}", "results", ["status", *rest, "kind", "model"])
        op.create_index(f"results_of_model{name}", "results", ["model", *rest, "status", "kind"])


def downgrade() -> None:
    raise NotImplementedError("a store is never taken back to an earlier version; keep a copy of the file instead")
