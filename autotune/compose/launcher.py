"""Hydra's launchers: jobs somewhere else (submitit: Slurm), one for each of several pieces of work that are compiled already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hydra import initialize_config_dir
from hydra._internal.callbacks import Callbacks
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.core.utils import JobStatus
from hydra.errors import HydraException, MissingConfigException
from hydra.types import HydraContext, RunMode
from omegaconf.errors import OmegaConfBaseException

from autotune.compose.overrides import LAUNCHER
from autotune.diagnostics import InputError, Source, Writer, diagnostic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

_SWEEP_DIR = "hydra.sweep.dir="


def launch(conf: Path, words: list[str], count: int, folder: Path, task: Callable[[Any], Any]) -> list[Any]:
    """Have the launcher that `words` choose run `task` in `count` jobs, and wait for all; what each returned, or raised.

    `task` gets the job's config, and finds its number by `job_number`. `folder` takes the jobs' logs, unless `words` say
    otherwise. Raises InputError: AT030 for a launcher that is not installed, AT004 for what Hydra does not understand.
    """
    said = " ".join(words)
    if not any(word.startswith(_SWEEP_DIR) for word in words):
        words = [*words, f"{_SWEEP_DIR}'{folder}'"]
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(conf), version_base="1.3", job_name="autotune"):
        loader = GlobalHydra.instance().hydra.config_loader  # type: ignore[union-attr]
        try:
            config = loader.load_configuration("config", overrides=words, run_mode=RunMode.MULTIRUN)
            HydraConfig.instance().set_config(config)
            launcher = Plugins.instance().instantiate_launcher(
                hydra_context=HydraContext(config_loader=loader, callbacks=Callbacks(config)),
                task_function=task,
                config=config,
            )
        except MissingConfigException as error:
            raise InputError(_missing(words, error)) from None
        except (HydraException, OmegaConfBaseException) as error:
            raise InputError(
                diagnostic("AT004", f"Hydra cannot launch with `{said}`: {str(error).strip().splitlines()[0]}",
                           writer=Writer(Source.USER, override=said), help="the settings of a launcher are listed by `autotune --cfg hydra -p hydra.launcher` with the launcher chosen")
            ) from None  # fmt: skip
        try:
            returned = launcher.launch([[] for _ in range(count)], initial_job_idx=0)
        except Exception as error:  # every launcher has exceptions of its own
            raise InputError(
                diagnostic("AT030", f"`{said}` cannot start its jobs, or lost one: {str(error).strip().splitlines()[0]}", path="hydra/launcher",
                           help=f"the jobs' logs are in {folder}; what they have stored stays")
            ) from error  # fmt: skip
    return [
        item._return_value if item.status is JobStatus.FAILED else item.return_value  # noqa: SLF001 - the property raises
        for item in returned
    ]


def job_number() -> int:
    """The number of the job that this process runs, from 0."""
    return int(HydraConfig.get().job.num)


def _missing(words: Iterable[str], error: MissingConfigException) -> Any:
    chosen = next(word for word in words if word.startswith(LAUNCHER)).removeprefix(LAUNCHER)
    options = ", ".join(error.options or ())
    extra = " (pip install 'llm-autotune[slurm]')" if chosen.startswith("submitit") else ""
    return diagnostic(
        "AT030", f"Hydra has no launcher `{chosen}` here{extra}", path="hydra/launcher", help=f"use one of {options}"
    )
