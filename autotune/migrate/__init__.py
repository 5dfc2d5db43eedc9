"""v1 tasks: flat JSON or YAML in, a grouped v2 task and a report of every value out. Pure: text and data only."""

from autotune.migrate.entry import Entry, Migration, Status
from autotune.migrate.read_v1 import read_v1
from autotune.migrate.render import report_data, report_text
from autotune.migrate.task import migrate_task, migrate_text

__all__ = ["Entry", "Migration", "Status", "migrate_task", "migrate_text", "read_v1", "report_data", "report_text"]
