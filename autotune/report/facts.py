"""Where and with what a run was done: executor, engine, image, GPU, machine, versions, git."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotune import __version__
from autotune.report.masking import mask_value
from autotune.report.plain import clean

if TYPE_CHECKING:
    from autotune.report.reported import Reported

#: Values of one fact that a reader takes in.
_MOST = 6


def run_facts(report: Reported) -> list[tuple[str, str]]:
    """(name, value) of what is known, several values where points differ. Masked and clean.

    For runs from before the machine was noted, autotune's own version is the one that reads them.
    """
    found: dict[str, list[str]] = {}

    def note(name: str, *values: Any) -> None:
        found.setdefault(name, []).extend(str(value) for value in values if value not in (None, "", [], {}))

    note("Executor", report.run.executor)
    for result in report.results:
        system, deployment, served = result.config.get("system") or {}, result.deployment, result.environment
        note("Engine", " ".join(filter(None, (deployment.get("engine"), deployment.get("engine_version")))))
        note("Engine said", served.get("engine_version"))
        note("Image", deployment.get("image"))
        note("Image digest", served.get("image_digest"))
        note("GPU", system.get("gpu"))
        note("Load client", (result.config.get("benchmark") or {}).get("tool"))
        note("Tool", " ".join(str(served[name]) for name in ("tool", "tool_version") if served.get(name)))
        note("Predictor", *(f"{item.predictor} {item.version}" for item in result.predictions))
    _note_machine(report, note)
    return [(name, _shown(name, values)) for name, values in found.items() if values]


def _note_machine(report: Reported, note: Any) -> None:
    machine, source = report.run.environment, report.run.source or {}
    gpus, git = machine.get("gpus") or (), machine.get("git") or {}
    note("Imported from", " ".join(str(source[name]) for name in ("tool", "version") if source.get(name)))
    note("GPUs here", ", ".join(f"{gpus.count(name)} x {name}" for name in dict.fromkeys(gpus)))
    note("GPU driver", machine.get("gpu_driver"))
    note("Host", machine.get("host") or source.get("host"))
    note("System", machine.get("os"))
    note("CPU", machine.get("cpu"), f"{machine['cpu_cores']} cores" if machine.get("cpu_cores") else None)
    note("Memory", f"{machine['memory_gb']} GB" if machine.get("memory_gb") else None)
    note("autotune", machine.get("autotune", __version__))
    note("Python", machine.get("python"))
    if git.get("commit"):
        branch = f" on {git['branch']}" if git.get("branch") else ""
        note("git", f"{git['commit']}{branch}{', with changes that are not committed' if git.get('dirty') else ''}")


def _shown(name: str, values: list[str]) -> str:
    distinct = list(dict.fromkeys(values))
    more = f" and {len(distinct) - _MOST} more" if len(distinct) > _MOST else ""
    return clean(", ".join(mask_value(name, value) for value in distinct[:_MOST])) + more
