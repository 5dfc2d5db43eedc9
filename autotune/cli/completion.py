"""Shell completion, without importing the compiler: verbs, config keys, group options, profiles, GPUs and models."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from autotune.cli.verb_table import VERBS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_SHELLS = {
    "bash": """\
_autotune() {
    local cur="${COMP_LINE:0:$COMP_POINT}"
    cur="${cur##* }"
    local strip="${cur%"${cur##*[=:]}"}"
    COMPREPLY=()
    local word
    while IFS= read -r word; do
        COMPREPLY+=("${word#"$strip"}")
    done < <(COMP_LINE="${COMP_LINE:0:$COMP_POINT}" autotune -sc query=bash 2>/dev/null)
    if [[ "${COMPREPLY[0]}" == *[=.,[] ]]; then compopt -o nospace; fi
}
complete -o default -F _autotune autotune
""",
    "zsh": """\
_autotune() {
    local -a replies
    replies=("${(@f)$(COMP_LINE="${LBUFFER}" autotune -sc query=zsh 2>/dev/null)}")
    compadd -Q -S '' -a replies
}
compdef _autotune autotune
""",
    "fish": """\
complete -c autotune -f -a '(env COMP_LINE=(commandline -cp) autotune -sc query=fish 2>/dev/null)'
complete -c autotune -k -a '(__fish_complete_suffix .yaml)'
""",
}
_REMOVAL = {"bash": "complete -r autotune\n", "zsh": "compdef -d autotune\n", "fish": "complete -c autotune -e\n"}


def answer(argv: list[str]) -> int | None:
    """Answer `-sc install=SHELL`, `-sc uninstall=SHELL` and `-sc query=SHELL`; None when argv asks for none of them."""
    if not argv or argv[0].partition("=")[0] not in ("-sc", "--shell-completion"):
        return None
    _, _, request = argv[0].partition("=")
    action, _, shell = (request or (argv[1] if len(argv) > 1 else "")).partition("=")
    if shell not in _SHELLS or action not in ("install", "uninstall", "query"):
        sys.stderr.write(
            f"error: --shell-completion takes install=SHELL, uninstall=SHELL or query=SHELL, SHELL one of {', '.join(_SHELLS)}\n"
        )
        return 2
    if action == "query":
        words = os.environ.get("COMP_LINE", "").split(" ")[1:]
        sys.stdout.writelines(f"{word}\n" for word in candidates(words or [""], _Sources()))
    else:
        sys.stdout.write(_SHELLS[shell] if action == "install" else _REMOVAL[shell])
    return 0


class _Sources:
    """What can be completed, looked up only when it is needed."""

    def __init__(self) -> None:
        from autotune.resources import folder

        self.conf = folder("conf")
        self.builtin_profiles = folder("profiles")

    def profiles(self) -> list[str]:
        folders = [Path(part) for part in os.environ.get("AUTOTUNE_PROFILES", "").split(os.pathsep) if part]
        folders += [Path("profiles"), self.builtin_profiles]
        return sorted({file.stem for place in folders for file in place.glob("*.y*ml")})

    def groups(self) -> list[str]:
        return sorted(child.name for child in self.conf.iterdir() if child.is_dir())

    def options(self, group: str) -> list[str]:
        return sorted(file.stem for file in (self.conf / group).glob("*.yaml"))

    def fields(self, group: str) -> list[str]:
        """The fields that the group's base file names; one a line, at the margin."""
        base = self.conf / group / "default.yaml"
        if not base.is_file():
            return []
        lines = base.read_text(encoding="utf-8").splitlines()
        return [line.partition(":")[0] for line in lines if line[:1].isalpha()]

    def values(self, path: str) -> list[str]:
        return sorted(_VALUES[path]()) if path in _VALUES else []


def _gpus() -> Iterable[str]:
    from autotune.catalog import builtin_catalog

    return ("auto", *(gpu.name for gpu in builtin_catalog().gpus.values()))


def _models() -> Iterable[str]:
    from autotune.catalog import builtin_catalog

    return (model.id for model in builtin_catalog().models.values())


_VALUES: Mapping[str, Callable[[], Iterable[str]]] = {
    "system.gpu": _gpus,
    "model.id": _models,
    "system.backend": lambda: ("vllm",),
    "parallel.tp": lambda: ("1", "2", "4", "8"),
}


def candidates(words: list[str], sources: _Sources) -> list[str]:
    """Whole words that the last of `words` (those after the command) can become."""
    current = words[-1]
    found: list[str] = []
    if len(words) == 1:
        found += VERBS
    key, equals, value = current.partition("=")
    if equals:
        done = value[: max(value.rfind(","), value.rfind("[")) + 1]
        name = key.lstrip("+")
        known = (
            sources.profiles()
            if name == "profile"
            else sources.options(name)
            if "." not in name
            else sources.values(name)
        )
        found += [f"{key}={done}{item}" for item in known]
    elif "." in key:
        group = key.partition(".")[0]
        found += [f"{group}.{field}=" for field in sources.fields(group)]
    else:
        found.append("+profile=")
        for group in sources.groups():
            found += [f"{group}=", f"{group}."]
    return list(dict.fromkeys(word for word in found if word.startswith(current)))
