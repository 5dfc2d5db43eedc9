"""What can be said of a data set before anybody looks for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from autotune.diagnostics import diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autotune.diagnostics import Diagnostic
    from autotune.engines.engine import Facts
    from autotune.schema import Config

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_PIN = "#sha256="
_CHECKSUM = re.compile(r"[0-9a-fA-F]{64}")


def is_address(text: str) -> bool:
    """Whether a data set is named by an http(s) address; anything else is a path on this machine."""
    return text.lower().startswith(("http://", "https://"))


def split_address(text: str) -> tuple[str, str | None]:
    """The address, and the checksum that `#sha256=` adds to it; a path is left alone."""
    if not is_address(text):
        return text, None
    address, mark, checksum = text.partition(_PIN)
    return address, checksum if mark else None


def check_dataset(config: Config, facts: Facts) -> Iterator[Diagnostic]:  # noqa: ARG001 - the shape of every check
    """AT048: an address or a checksum that cannot be right; AT122: an address whose content nothing pins;
    AT123: a data set that no load uses.
    """
    benchmark = config.benchmark
    if benchmark.dataset is None:
        return
    address, pinned = split_address(benchmark.dataset)
    given = benchmark.dataset_sha256
    if not is_address(address) and (scheme := _SCHEME.match(address)):
        yield _wrong(f"the data set {address} has the scheme {scheme[1]}, which is not fetched",
                     "give an http(s) address, or a file on this machine")  # fmt: skip
    elif is_address(address) and urlsplit(address).password is not None:
        yield _wrong("the data set's address holds a password, which every result would repeat",
                     "leave it out and put the login into ~/.netrc")  # fmt: skip
    for path, checksum in (("benchmark.dataset_sha256", given), ("benchmark.dataset", pinned)):
        if checksum is not None and _CHECKSUM.fullmatch(checksum) is None:
            yield diagnostic("AT048", f"{checksum!r} is no SHA-256, which has 64 hexadecimal digits", path=path,
                             help="`sha256sum FILE` prints it")  # fmt: skip
    if given and pinned and given.lower() != pinned.lower():
        yield _wrong("the data set has two checksums that differ", "drop benchmark.dataset_sha256 or `#sha256=...`")
    if is_address(address) and not given and not pinned:
        yield diagnostic("AT122", f"nothing pins what stands at {address}: another day's results may come from other prompts",
                         path="benchmark.dataset", help="add `#sha256=...` to the address")  # fmt: skip
    if not any(text.strip() == "dataset" for text in benchmark.traffic_scenarios):
        yield diagnostic("AT123", "benchmark.dataset is set, and no traffic scenario uses it", path="benchmark.dataset",
                         help="set benchmark.traffic_scenarios=[dataset], or leave the data set out")  # fmt: skip


def _wrong(message: str, remedy: str) -> Diagnostic:
    return diagnostic("AT048", message, path="benchmark.dataset", help=remedy)
