"""Where a data set's file is: on this machine, or brought here once from its address."""

from __future__ import annotations

import hashlib
import math
import os
import tempfile
import time
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import platformdirs

from autotune.bench.dataset import Prompt, read_dataset
from autotune.check.dataset import is_address, split_address
from autotune.diagnostics import InputError, diagnostic

if TYPE_CHECKING:
    from autotune.schema import Benchmark

#: The largest data set that is fetched or read, in bytes; the largest in common use (ShareGPT) has 0.7e9.
MOST_BYTES = 2 * 1024**3
#: Tries of a download that breaks off; each begins anew.
_TRIES = 2
_TIMEOUT_S = 60.0
_CONNECT_TIMEOUT_S = 15.0
_HASHED_AT_ONCE = 1 << 20
_ASK_AGAIN_S = 60.0
#: What could not be had, by address and checksum: when it was asked for, and why.
_REFUSED: dict[tuple[str | None, str | None], tuple[float, InputError]] = {}


class _Failed(Exception):  # noqa: N818 - never leaves this module
    """A download that did not work; the second argument is what to do about it."""


def load_dataset(benchmark: Benchmark) -> list[Prompt]:
    """The prompts of `benchmark.dataset`, fetched if need be. Raises InputError (AT048) with what is wrong.

    What could not be had is not asked for again within a minute: every point of a sweep asks, and each would wait.
    """
    asked = (benchmark.dataset, benchmark.dataset_sha256)
    at, problem = _REFUSED.get(asked, (-math.inf, None))
    if problem is not None and is_address(benchmark.dataset or "") and time.monotonic() - at < _ASK_AGAIN_S:
        raise problem
    try:
        path = dataset_file(benchmark)
    except InputError as error:
        _REFUSED[asked] = time.monotonic(), error
        raise
    name = (
        urlsplit(benchmark.dataset or "").path.rsplit("/", 1)[-1] if is_address(benchmark.dataset or "") else path.name
    )
    return _read(name, path, _state(path))


@lru_cache(maxsize=2)
def _read(name: str, path: Path, state: tuple[int, int]) -> list[Prompt]:  # noqa: ARG001 - a changed file is read again
    return read_dataset(name, path.read_bytes())


def _state(path: Path) -> tuple[int, int]:
    """What tells a file from what it was before: every point of a sweep asks for its data set, which may be large."""
    found = path.stat()
    return found.st_mtime_ns, found.st_size


def dataset_file(benchmark: Benchmark, cache: Path | None = None, most_bytes: int = MOST_BYTES) -> Path:
    """The file of `benchmark.dataset` on this machine, its checksum verified where one is given.

    An address is fetched once into `cache` (default: `autotune/datasets` in the user's cache folder): under its
    checksum, or, without one, under its address, and then used until somebody deletes it. Raises InputError (AT048).
    """
    text = benchmark.dataset
    assert text is not None
    address, pinned = split_address(text)
    checksum = (benchmark.dataset_sha256 or pinned or "").lower() or None
    if not is_address(text):
        return _local(Path(text).expanduser(), checksum, most_bytes)
    folder = cache or platformdirs.user_cache_path("autotune", appauthor=False) / "datasets"
    key = checksum or hashlib.sha256(address.encode()).hexdigest()
    name = "".join(
        char if char.isalnum() or char in "._-" else "_" for char in unquote(urlsplit(address).path.rsplit("/", 1)[-1])
    )
    kept = folder / f"{key[:24]}-{name[-80:] or 'dataset'}"
    try:
        if kept.is_file() and checksum in (None, _hash(kept)):
            return kept
        folder.mkdir(parents=True, exist_ok=True)
        _fetch(address, kept, checksum, most_bytes)
    except _Failed as error:
        raise _cannot(f"{address} cannot be had: {error.args[0]}", error.args[1]) from error
    except OSError as error:
        raise _cannot(f"{address} cannot be kept in {folder}: {error.strerror or error}",
                      "make room there, or set XDG_CACHE_HOME to another folder") from error  # fmt: skip
    return kept


def _local(path: Path, checksum: str | None, most_bytes: int) -> Path:
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise _cannot(f"{path} is not a file", "give a file of prompts")
        found = None if checksum is None else _hash(path)
    except OSError as error:
        raise _cannot(
            f"{path} cannot be read: {error.strerror or error}",
            "give a file of prompts, or its http(s) address; a Hub data set's file is at "
            "https://huggingface.co/datasets/OWNER/NAME/resolve/REVISION/FILE",
        ) from error
    if size > most_bytes:
        raise _cannot(f"{path} has {size} bytes, and {most_bytes} are the most that is read", "take a part of it")
    if found != checksum:
        raise _cannot(f"{path} has the SHA-256 {found}, and {checksum} was asked for",
                      "take the right file, or mend the checksum")  # fmt: skip
    return path


def _fetch(address: str, kept: Path, checksum: str | None, most_bytes: int) -> None:
    """Write what stands at an address to `kept`: all of it and verified, or not at all."""
    import httpx  # here, since it is loaded for data sets with an address alone

    descriptor, part = tempfile.mkstemp(prefix=".part-", dir=kept.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            for tries_left in reversed(range(_TRIES)):
                file.seek(0)
                file.truncate()
                try:
                    found = _download(address, file.write, most_bytes)
                    break
                except httpx.TransportError as error:
                    if not tries_left:
                        reason = f"{type(error).__name__}: {error}".rstrip(": ")
                        raise _Failed(reason, "is the network there? a file on this machine does as well") from error
            file.flush()
            os.fsync(file.fileno())
        if checksum not in (None, found):
            raise _Failed(f"its SHA-256 is {found}, and {checksum} was asked for",
                          "if the new content is right, use its checksum; the old one is not in the cache")  # fmt: skip
        Path(part).replace(kept)
    finally:
        Path(part).unlink(missing_ok=True)


def _download(address: str, write: object, most_bytes: int) -> str:
    """Hand the body to `write` block by block; its SHA-256. Proxies and netrc of the environment are used."""
    import httpx

    assert callable(write)
    timeout = httpx.Timeout(_TIMEOUT_S, connect=_CONNECT_TIMEOUT_S)
    digest, size = hashlib.sha256(), 0
    too_large = f"it has more than {most_bytes} bytes", "take a part of it"
    try:
        with httpx.stream("GET", address, follow_redirects=True, timeout=timeout) as answer:
            if answer.status_code != httpx.codes.OK:
                hint = (
                    "it may ask for a login, which ~/.netrc can hold"
                    if answer.status_code in (401, 403)
                    else "check the address"
                )
                raise _Failed(f"the server answers {answer.status_code} {answer.reason_phrase}".rstrip(), hint)
            if int(answer.headers.get("content-length", 0)) > most_bytes:
                raise _Failed(*too_large)
            for block in answer.iter_bytes():
                size += len(block)
                if size > most_bytes:
                    raise _Failed(*too_large)
                digest.update(block)
                write(block)
    except (httpx.TooManyRedirects, httpx.InvalidURL, httpx.DecodingError) as error:
        raise _Failed(str(error), "check the address") from error
    return digest.hexdigest()


def _hash(path: Path) -> str:
    return _hash_of(path, _state(path))


@lru_cache(maxsize=8)
def _hash_of(path: Path, state: tuple[int, int]) -> str:  # noqa: ARG001
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_HASHED_AT_ONCE):
            digest.update(block)
    return digest.hexdigest()


def _cannot(message: str, remedy: str) -> InputError:
    return InputError(diagnostic("AT048", f"the data set {message}", path="benchmark.dataset", help=remedy))
