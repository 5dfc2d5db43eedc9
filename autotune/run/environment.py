"""What a run is made on, and with what: asked once, kept with its results. What is not there is left out."""

from __future__ import annotations

import getpass
import os
import platform
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

import autotune
from autotune.run.redact import hide_url
from autotune.workspace.hardware import nvidia_driver, nvidia_products

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autotune.bench.client import Endpoint
    from autotune.engines.deployment import Deployment

#: A question that takes longer stays unanswered, in s.
_GIT_TIMEOUT_S = 5.0
_ENGINE_TIMEOUT_S = 2.0
#: Where an engine says its version, and under which name (vLLM and TensorRT-LLM; SGLang).
_VERSION_PATHS = {"sglang": "/get_server_info"}
_VERSION_PATH = "/version"
_DIGEST = re.compile(r"@(sha256:[0-9a-f]{64})$")


def machine_environment(folder: Path) -> dict[str, Any]:
    """The machine that this runs on, its GPUs, and the git state of the folder that was worked in."""
    found = {
        "autotune": autotune.__version__,
        "python": platform.python_version(),
        "host": platform.node(),
        "user": user_name(),
        "os": _system(),
        "cpu": _cpu(),
        "cpu_cores": psutil.cpu_count(logical=False),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "gpus": list(nvidia_products()),
        "gpu_driver": nvidia_driver(),
        "git": git_state(folder),
    }
    return {name: value for name, value in found.items() if value}


def user_name() -> str:
    """Who runs this, empty where the system does not say (a container without an entry for its user)."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def server_environment(endpoint: Endpoint, deployment: Deployment, executor: object) -> dict[str, Any]:
    """What really ran: the engine's version as the running engine says, the image and its digest.

    An executor that knows more (a digest that it looked up, a node's name) says so by an attribute `environment`.
    """
    if getattr(executor, "kind", None) == "emulated":
        return {}
    told: Mapping[str, Any] = getattr(executor, "environment", None) or {}
    digest = _DIGEST.search(deployment.image)
    found = {
        "engine": deployment.engine,
        "engine_version": engine_version(endpoint, deployment.engine),
        "image_digest": None if digest is None else digest[1],
        **told,
    }
    return {name: value for name, value in found.items() if value}


def engine_version(endpoint: Endpoint, engine: str) -> str | None:
    """The version that a running engine reports; None for one that does not say, or not at once."""
    import httpx  # here, since the web page loads this module

    try:
        path = _VERSION_PATHS.get(engine, _VERSION_PATH)
        answer = httpx.get(endpoint.base_url + path, timeout=_ENGINE_TIMEOUT_S, trust_env=False).json()
        version = answer.get("version")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, AttributeError):
        return None
    return version if isinstance(version, str) else None


def git_state(folder: Path) -> dict[str, Any] | None:
    """Commit, branch, address and whether something tracked is changed; None outside of a git work tree."""
    commit = _git(folder, "rev-parse", "HEAD")
    if commit is None:
        return None
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    found = {
        "commit": commit,
        "branch": _git(folder, "symbolic-ref", "--short", "-q", "HEAD"),
        "remote": hide_url(_git(folder, "config", "--get", "remote.origin.url") or ""),
        "dirty": None if changed is None else bool(changed),
    }
    return {name: value for name, value in found.items() if value not in (None, "")}


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 - a list, no shell
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - whichever git the user has
            check=False,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_GIT_TIMEOUT_S,
            # Looking takes no lock, runs no hook of the folder's and asks nobody for a password.
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.fsmonitor",
                 "GIT_CONFIG_VALUE_0": "false", "GIT_TERMINAL_PROMPT": "0"},
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _system() -> str:
    try:
        pretty = platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        pretty = ""
    return " ".join(filter(None, (pretty, platform.system(), platform.release(), platform.machine())))


def _cpu() -> str | None:
    """The CPU's model, where the kernel says (x86 does, many ARM ones do not)."""
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        return platform.processor() or None
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, None)
