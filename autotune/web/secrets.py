"""The token that opens the page, the cookie that stands for it, and the secret that marks the page's own forms."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from autotune.store import data_dir
from autotune.store.places import make_private

if TYPE_CHECKING:
    from autotune.web.settings import WebSettings

COOKIE = "autotune_session"
_BYTES = 32
#: A token that somebody chose must be at least that long.
SHORTEST_TOKEN = 16


class Keys:
    """What a request proves itself with. Comparisons take the same time whatever they find.

    Everything is derived from a secret in the data folder, so that a page which is open, and who is logged in, stay so over
    a restart of the server.
    """

    def __init__(self, settings: WebSettings) -> None:
        self._token = settings.token
        secret = _kept_secret(data_dir().absolute() / "web")
        owner = (settings.token or "").encode()
        self.session = _derive(secret, b"session:" + owner)
        self.csrf = _derive(secret, b"csrf:" + owner)

    @property
    def needed(self) -> bool:
        return self._token is not None

    def is_token(self, text: str) -> bool:
        return self._token is not None and _same(text, self._token)

    def is_session(self, text: str) -> bool:
        return _same(text, self.session)

    def is_csrf(self, text: str) -> bool:
        return _same(text, self.csrf)


def new_token() -> str:
    """A token nobody can guess."""
    return secrets.token_urlsafe(_BYTES)


def _same(text: str, wanted: str) -> bool:
    return hmac.compare_digest(text.encode(errors="replace"), wanted.encode())


def _derive(secret: bytes, purpose: bytes) -> str:
    return hmac.new(secret, purpose, hashlib.sha256).hexdigest()


def _kept_secret(folder: Path) -> bytes:
    """The secret of this data folder, made when it is first needed; one that cannot be kept holds until the server ends."""
    path = make_private(folder) / "secret"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        kept = path.read_bytes()
        if len(kept) == _BYTES:
            return kept
        path.unlink()  # a disk was full when it was written
        return _kept_secret(folder)
    except OSError:
        return secrets.token_bytes(_BYTES)
    with os.fdopen(descriptor, "wb") as file:
        made = secrets.token_bytes(_BYTES)
        file.write(made)
    return made
