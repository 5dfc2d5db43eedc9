"""Dimensions back to a task file: what was said on a command line or in a form, as the YAML that says the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotune.compose.settings import Assign, Choose, Dimension, HydraOnly, Setting, UseProfiles
from autotune.diagnostics import InputError, diagnostic
from autotune.schema.task_text import Setting as Line
from autotune.schema.task_text import spell_flow, spell_key, write_settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


def write_task(dimensions: Sequence[Dimension], heading: Iterable[str] = ()) -> str:
    """The task file whose `read_task` gives the same points. `heading` are lines of a comment at its top.

    Raises InputError (AT025) for what a task file cannot say: deletions, `group@package`, `hydra.*`, interpolations.
    """
    single = [setting for item in dimensions if not item.swept for setting in item.alternatives[0]]
    lines = [f"# {line}" for line in heading]
    lines.append("version: 2")
    profiles = [name for setting in single if isinstance(setting, UseProfiles) for name in setting.names]
    if profiles:
        lines.append(f"profile: {spell_flow(profiles[0] if len(profiles) == 1 else profiles)}")
    assigned = {setting.path[0] for setting in single if isinstance(setting, Assign)}
    choices = {setting.group: setting for setting in single if isinstance(setting, Choose)}
    # A group is a map or the name of an option; one that has both is chosen as on a command line.
    both = [choice for group, choice in choices.items() if group in assigned]
    lines += [f"{group}: {spell_flow(choice.option)}" for group, choice in choices.items() if group not in assigned]
    if both:
        lines += ["overrides:", *(f"  - {spell_flow(f'{item.group}={item.option}')}" for item in both)]
    lines += write_settings(_assignments(single))
    swept = [item for item in dimensions if item.swept]
    if swept:
        lines += ["", "sweep:", *(line for item in swept for line in _dimension(item))]
    return "\n".join(lines) + "\n"


def _assignments(settings: Iterable[Setting]) -> list[Line]:
    """The last value of each path; one written over a whole map takes what stood below it away."""
    found: dict[tuple[str, ...], Any] = {}
    for setting in settings:
        if isinstance(setting, HydraOnly):
            raise _unsayable(setting)
        if isinstance(setting, Assign):
            if not isinstance(setting.value, dict):
                found = {path: value for path, value in found.items() if path[: len(setting.path)] != setting.path}
            for path, value in _leaves(setting.path, setting.value):
                above = {path[:end] for end in range(1, len(path) + 1)}
                found = {known: kept for known, kept in found.items() if known not in above}
                found[path] = value
    return [Line(path, value, "") for path, value in found.items()]


def _leaves(path: tuple[str, ...], value: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves((*path, str(key)), inner)
    else:
        yield path, value


def _dimension(item: Dimension) -> Iterator[str]:
    names = [_name(setting) for setting in item.alternatives[0]]
    rows = [[_value(setting) for setting in alternative] for alternative in item.alternatives]
    values = [row[0] for row in rows] if len(names) == 1 else rows
    yield f"  {spell_key(','.join(names))}: {spell_flow(values)}"


def _name(setting: Setting) -> str:
    match setting:
        case Assign():
            return ".".join(setting.path)
        case Choose():
            return setting.group
        case UseProfiles():
            return "profile"
    raise _unsayable(setting)


def _value(setting: Setting) -> Any:
    match setting:
        case Assign():
            return setting.value
        case Choose():
            return setting.option
        case UseProfiles():
            return setting.names[0] if len(setting.names) == 1 else list(setting.names)
    return _name(setting)


def _unsayable(setting: Setting) -> InputError:
    return InputError(
        diagnostic("AT025", f"a task file cannot say `{setting.text}`", writer=setting.writer, help="give it on the command line")
    )  # fmt: skip
