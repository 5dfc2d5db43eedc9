"""`parameters` of v1: the engine's own flags, to config paths where those lower to the same flag, else verbatim."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autotune.engines.sglang import TABLE as SGLANG
from autotune.engines.trtllm import TABLE as TRTLLM
from autotune.engines.vllm import TABLE as VLLM
from autotune.migrate.entry import Status
from autotune.migrate.flag_rules import KEEP, RULES, Rule, Target
from autotune.migrate.values import read_choices, read_switch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autotune.catalog.facts import ModelFacts
    from autotune.engines.known import KnownFlag, KnownFlags
    from autotune.migrate.draft import Draft
    from autotune.migrate.entry import Path

_FLAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
#: What the engine's module always writes itself.
_FIXED = ("deploy.port", "model.served_name")
_TABLES = {"sglang": SGLANG, "vllm": VLLM, "trtllm": TRTLLM}
_MODEL_FLAGS = ("model", "model-path", "model-tag")
#: Flags whose number means the memory of the whole engine in vLLM; no other engine counts like that.
_VLLM_ONLY = {
    "gpu-memory-utilization": "vLLM counts activations in it, memory.mem_fraction_static does not: choose that anew"
}


@dataclass(frozen=True, slots=True)
class _Given:
    """One flag as v1 has it: where it stood, its values, how it is spelled, and what the engine's version knows of it."""

    path: Path
    value: Any
    values: list[Any]
    spelled: str
    flag: KnownFlag | None

    @property
    def extra(self) -> str:
        """Where it stays a flag."""
        return f"misc.extra_args.{self.spelled}"

    @property
    def kept(self) -> list[Any]:
        """The values as they stood; of a flag without a value, what text means."""
        return self.values if self.flag is None else [_spelled_value(item, self.flag) for item in self.values]


def migrate_parameters(
    draft: Draft, parameters: Mapping[str, Any], known: KnownFlags, model: ModelFacts | None, model_name: str
) -> None:
    """Account for every flag. `known` are the flags of the engine's version, `model` the catalog's facts if it has any."""
    beside = frozenset(_dashed(name) for name in parameters)
    for name, value in parameters.items():
        path, values = ("parameters", name), read_choices(value)
        if not _FLAG.fullmatch(name.lstrip("-")):
            draft.refuse(path, value, "this cannot be the name of a flag")
        elif not values:
            draft.note(path, value, "nothing to try: the flag is left out")
        elif _dashed(name) in _MODEL_FLAGS:
            _check_model(draft, path, value, values, model_name)
        elif _dashed(name) == "host":
            _check_host(draft, path, value, values)
        else:
            spelled, flag = _find(name, known)
            target = Target(known, flag is not None, model, beside)
            _migrate_flag(draft, _Given(path, value, values, spelled, flag), target)


def _migrate_flag(draft: Draft, given: _Given, target: Target) -> None:
    rule = _rule(_dashed(given.path[1]), given.flag)
    if (
        rule is not None
        and (given.flag is None or _lowers_to(rule.path, given.flag, target.known))
        and (target.own or rule.foreign)
    ):
        read = [rule.read(item, target) for item in given.values]
        # Of a flag that the engine lacks, nothing can be kept beside: all of it is plain, or a person has to look.
        if given.flag is None and KEEP not in read:
            note = f"no flag of {target.engine}; there it is {rule.path}"
            draft.vary(
                given.path,
                given.value,
                rule.path,
                [rule.path],
                [[item] for item in read],
                note=note,
                status=Status.NOTED,
            )
            return
        if given.flag is not None and any(item is not KEEP for item in read):
            _place(draft, given, read, rule, given.flag)
            return
    _keep(draft, given, rule, target)


def _place(draft: Draft, given: _Given, read: list[Any], rule: Rule, flag: KnownFlag) -> None:
    """To the path what it can say exactly; what it cannot stays a flag, tied to it."""
    path, value, kept = given.path, given.value, given.kept
    if not any(item is KEEP for item in read):
        note = _note(rule, given.values, read)
        draft.vary(path, value, rule.path, [rule.path], [[item] for item in read], note=note)
        return
    staying = [own for item, own in zip(read, kept, strict=True) if item is KEEP]
    wrong = [own for own in staying if _wrong(own, flag)]
    rows = [[None, own] if item is KEEP else [item, False] for item, own in zip(read, kept, strict=True)]
    note = f"{', '.join(map(str, staying))} stays a flag, because {rule.path} would lower to something else"
    if wrong:
        note += f"; the engine does not take {', '.join(map(str, wrong))}"
    draft.vary(
        path,
        value,
        rule.path,
        [rule.path, given.extra],
        rows,
        note=note,
        status=Status.NOTED,
        needs_human=bool(wrong),
    )


def _keep(draft: Draft, given: _Given, rule: Rule | None, target: Target) -> None:
    """The flag as it stands."""
    flag, dashed, version = given.flag, _dashed(given.path[1]), f"{target.engine} {target.known.version}"
    identity, why, human = given.spelled, "", False
    if flag is not None:
        # `--x.a` and `--x.b` are two entries of one JSON flag.
        identity = flag.name + given.spelled[given.spelled.index(".") :] if "." in given.spelled else flag.name
    if flag is None:
        human = True
        remedy = _VLLM_ONLY.get(dashed, "remove it, or set what it means")
        why = f"{version} has no such flag: {remedy}"
    elif any(_wrong(item, flag) for item in given.kept):
        human = True
        why = f"{version} does not take this value"
    elif rule is not None:
        why = f"{rule.path} would lower to something else"
    if rule is not None and flag is not None:
        identity = rule.path
    draft.vary(
        given.path,
        given.value,
        identity,
        [given.extra],
        [[item] for item in given.kept],
        note=why,
        status=Status.KEPT,
        needs_human=human,
    )


def _lowers_to(path: str, flag: KnownFlag, known: KnownFlags) -> bool:
    """Whether this version's table writes the path to this flag; not where it goes to a file or a variable."""
    if path in _FIXED:
        return True
    targets = {
        row.flag if item is None else item
        for row in _TABLES[known.engine].rows
        if row.path == path and row.holds_for(known.version) and row.key is None
        for item in (None, row.off)
    }
    found = [known.find(item) for item in targets if item is not None]
    return any(item is not None and item.flag is flag for item in found)


def _check_host(draft: Draft, path: Path, value: Any, values: list[Any]) -> None:
    if values == ["0.0.0.0"]:  # noqa: S104
        draft.note(path, value, "every server listens so in its container")
    else:
        draft.refuse(path, value, "the address is set by what runs the server")


def _check_model(draft: Draft, path: Path, value: Any, values: list[Any], model_name: str) -> None:
    if values == [model_name]:
        draft.note(path, value, "the model that `model` names")
    else:
        draft.refuse(path, value, f"`model` names another one ({model_name}): keep one of them")


def _find(name: str, known: KnownFlags) -> tuple[str, KnownFlag | None]:
    """The flag as it will be written, and what the version knows of it."""
    bare = name.lstrip("-")
    for spelled in dict.fromkeys((bare, bare.replace("_", "-"), bare.replace("-", "_"))):
        if found := known.find(f"--{spelled}"):
            return f"--{spelled}", found.flag
    return f"--{bare}", None


def _rule(dashed: str, flag: KnownFlag | None) -> Rule | None:
    """By the name given, else by another name of the same flag; not for `--no-x`, nor for one key of a JSON flag."""
    names = [dashed]
    if flag is not None and not dashed.startswith("no-") and "." not in dashed:
        names += [_dashed(name) for name in (flag.name, *flag.names)]
    return next((RULES[name] for name in names if name in RULES), None)


def _spelled_value(value: Any, flag: KnownFlag) -> Any:
    """As it stood; for a flag without a value, what text means."""
    switch = read_switch(value)
    return value if switch is None or flag.kind not in ("pair", "bare") else switch


def _wrong(value: Any, flag: KnownFlag) -> bool:
    """Whether the engine would refuse the value."""
    if value is False:
        return False
    if flag.kind in ("pair", "bare"):
        return value is not True
    if value is True:
        return not flag.optional
    return bool(flag.choices) and not isinstance(value, list) and str(value) not in flag.choices


def _note(rule: Rule, values: list[Any], read: list[Any]) -> str:
    """Whatever is not the very same value at the path."""
    if rule.path == "memory.cpu_offload_gb":
        return "GiB there, GB here; rounded down, so that it lowers to the same GiB"
    if any(isinstance(item, bool) for item in read):
        return "the flag is true, its absence null" if None in read else ""
    changed = [
        f"`{old}` read as {new}" for old, new in zip(values, read, strict=True) if new is not None and old != new
    ]
    return ", ".join(changed)


def _dashed(name: str) -> str:
    return name.lstrip("-").replace("_", "-").lower()
