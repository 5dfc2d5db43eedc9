"""Several texts as one download, the same bytes for the same texts."""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The earliest time a ZIP archive knows; files that are made from the same input have the same one.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def zip_texts(files: Mapping[str, str]) -> bytes:
    """A ZIP archive of relative path -> text; scripts can be executed where it is unpacked."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (0o755 if name.endswith(".sh") else 0o644) << 16
            archive.writestr(info, text)
    return packed.getvalue()


def plain_name(name: str, otherwise: str) -> str:
    """A file name made of harmless letters: the last part of what a client called its file."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return _UNSAFE.sub("-", last).strip("-.")[:100] or otherwise


def download(content: bytes | str, name: str, media_type: str) -> Response:
    """An answer that a browser saves under this name, which `plain_name` gave."""
    return Response(content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})
