"""References in a container's command and environment, resolved as the kubelet and Compose resolve them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: `$$`, `$(NAME)`, or `$` before any other character, which stays (k8s.io/kubernetes/third_party/forked/golang/expansion).
_KUBELET = re.compile(r"\$(?:(?P<dollar>\$)|\((?P<name>[^)]*)\))")
#: `$$`, `$NAME`, `${NAME}`, `${NAME:-default}` and the like (docs.docker.com/reference/compose-file/interpolation).
_COMPOSE = re.compile(
    r"\$(?:(?P<dollar>\$)|(?P<plain>[A-Za-z_]\w*)|\{(?P<name>[A-Za-z_]\w*)(?:(?P<operator>:?[-?+])(?P<word>[^}]*))?\})"
)


def expand_kubernetes(text: str, variables: Mapping[str, str]) -> str:
    """The text as the kubelet hands it to the process. A reference to a variable that is not known stays as it is."""

    def replace(hit: re.Match[str]) -> str:
        return "$" if hit["dollar"] else variables.get(hit["name"], hit[0])

    return _KUBELET.sub(replace, text)


def expand_compose(text: str) -> str:
    """The text with `$$` undone and defaults put in; a reference to the caller's environment stays as it is."""

    def replace(hit: re.Match[str]) -> str:
        if hit["dollar"]:
            return "$"
        return hit["word"] if hit["operator"] in (":-", "-") else hit[0]

    return _COMPOSE.sub(replace, text)


def compose_reference(text: str) -> str | None:
    """The variable of the caller that a value consists of alone, as `${NAME:?message}` does; None for any other."""
    hit = _COMPOSE.fullmatch(text)
    if hit is None or hit["dollar"] or hit["operator"] in (":-", "-"):
        return None
    return hit["plain"] or hit["name"]
