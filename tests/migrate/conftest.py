import json
from pathlib import Path

import pytest

from autotune.catalog import builtin_catalog
from autotune.layers import parse_yaml
from autotune.migrate import migrate_text

DATA = Path(__file__).parent / "data"
TASKS = sorted(path.name for path in DATA.iterdir())


@pytest.fixture
def migrate():
    """`migrate(v1)`: a v1 task, as data or by the name of its file, to its migration."""

    def run(task, **options):
        if isinstance(task, str):
            return migrate_text((DATA / task).read_text(encoding="utf-8"), task, builtin_catalog(), **options)
        return migrate_text(json.dumps(task), "task.json", builtin_catalog(), **options)

    return run


def v1_data(name):
    """A v1 task as it stands."""
    return parse_yaml((DATA / name).read_text(encoding="utf-8"), name).data
