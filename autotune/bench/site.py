"""Where the commands of load clients run: on this machine, unless an executor has them run beside its server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from autotune.bench.command import find_command, run_command

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from autotune.bench.client import BenchJob


class Site(Protocol):
    """One such place. A command finds its files in its working folder, by relative paths, wherever that is."""

    def find(self, name: str, bin_dir: str | None) -> str | None:
        """The command as it is called there; None where it is known to be missing."""
        ...

    def address(self, base_url: str) -> str:
        """The server's address as seen from there."""
        ...

    def run(
        self,
        job: BenchJob,
        argv: Sequence[str],
        *,
        folder: Path,
        log: Path,
        env: Mapping[str, str | None],
        timeout_s: float,
    ) -> int:
        """Run a command on the files of `folder`, and have in `folder` what it leaves; its exit status.

        `env` is the command's own, None removes a variable. What it prints goes to `log`. Raises BenchError past
        `timeout_s`, BenchCancelled when the job is cancelled, and what the place has of its own failures.
        """
        ...


class _Here:
    """On this machine: a process of its own group, with the job's environment."""

    def find(self, name: str, bin_dir: str | None) -> str | None:
        return find_command(name, bin_dir)

    def address(self, base_url: str) -> str:
        return base_url

    def run(
        self,
        job: BenchJob,
        argv: Sequence[str],
        *,
        folder: Path,
        log: Path,
        env: Mapping[str, str | None],
        timeout_s: float,
    ) -> int:
        return run_command(
            argv, folder=folder, log=log, env={**job.env, **env}, timeout_s=timeout_s, cancelled=job.cancelled
        )


HERE: Site = _Here()
