"""Calibrations that were kept: where they lie, what a file of one holds, and finding, writing and removing them.

One JSON file each in `calibrations/` of the data folder: the calibration itself and where it is from.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autotune.diagnostics import Diagnostic, InputError, diagnostic, suggest
from autotune.predict.calibration import Calibration

FORMAT = 1
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,99}")
_SUFFIX = ".json"


@dataclass(frozen=True, slots=True)
class KeptCalibration:
    """A calibration with its name and provenance. `created_at` is ISO 8601, UTC; `runs` are run ids, `points` servers."""

    name: str
    calibration: Calibration
    created_at: str = ""
    runs: tuple[str, ...] = ()
    points: int = 0
    autotune: str = ""
    """The version of autotune that fitted it."""

    @property
    def label(self) -> str:
        """What every output says beside a number that it corrected."""
        return f"calibrated ({self.name})"

    def as_dict(self) -> dict[str, Any]:
        """The content of its file."""
        return {
            "format": FORMAT,
            "name": self.name,
            "created_at": self.created_at,
            "runs": list(self.runs),
            "points": self.points,
            "pairs": self.calibration.pairs,
            "autotune": self.autotune,
            "calibration": self.calibration.as_dict(),
        }


def calibration_folder() -> Path:
    """Where they are kept; it need not exist yet."""
    from autotune.store.places import data_dir  # the store's package loads a database, which most verbs do without

    return data_dir() / "calibrations"


def find_calibration(name: str) -> KeptCalibration:
    """By name, or from a file where the word is a path or ends in .json. Raises InputError (AT062)."""
    if "/" in name or name.endswith(_SUFFIX):
        return _read(Path(name).expanduser())
    path = calibration_folder() / f"{name}{_SUFFIX}"
    if not _NAME.fullmatch(name) or not path.is_file():
        known = _names()
        advice = suggest(name, known) if known else "`autotune verify RUN --calibrate` makes one"
        raise InputError(_wrong(f"no calibration is called {name}", advice))
    return _read(path)


def list_calibrations() -> tuple[list[KeptCalibration], list[Diagnostic]]:
    """All that are kept, by name, and what is wrong with the files that cannot be read."""
    found: list[KeptCalibration] = []
    wrong: list[Diagnostic] = []
    for name in _names():
        try:
            found.append(_read(calibration_folder() / f"{name}{_SUFFIX}"))
        except InputError as error:
            wrong += error.diagnostics
    return found, wrong


def keep_calibration(kept: KeptCalibration) -> Path:
    """Write it in one step, in place of one of that name; gives the file. Raises InputError (AT062)."""
    if not _NAME.fullmatch(kept.name):
        raise InputError(_wrong(f"{kept.name!r} cannot be a calibration's name", "use letters, digits, - _ . and +"))
    from autotune.run.whole_file import write_whole
    from autotune.store.places import make_private

    path = make_private(calibration_folder()) / f"{kept.name}{_SUFFIX}"
    try:
        write_whole(path, json.dumps(kept.as_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(_wrong(f"{path} cannot be written: {reason}", "set AUTOTUNE_HOME to a folder that can")) from None  # fmt: skip
    return path


def remove_calibration(name: str) -> Path:
    """Take the file away, whether it can be read or not. Raises InputError (AT062) where there is none."""
    path = calibration_folder() / f"{name}{_SUFFIX}"
    if not _NAME.fullmatch(name) or not path.is_file():
        known = _names()
        raise InputError(_wrong(f"no calibration is called {name}", suggest(name, known) if known else "none is kept"))
    path.unlink()
    return path


def _names() -> list[str]:
    return sorted(path.stem for path in calibration_folder().glob(f"*{_SUFFIX}") if _NAME.fullmatch(path.stem))


def _read(path: Path) -> KeptCalibration:
    try:
        return _parse(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
    except KeyError as error:
        reason = f"it lacks {error}"
    except (ValueError, TypeError, AttributeError) as error:
        reason = str(error)
    raise InputError(_wrong(f"the calibration {path} cannot be read: {reason}", "`autotune calibrations` lists those kept"))  # fmt: skip


def _parse(data: Any) -> KeptCalibration:
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError("it is no calibration that this version of autotune reads")
    return KeptCalibration(
        name=str(data["name"]),
        calibration=Calibration.from_dict(data["calibration"]),
        created_at=str(data.get("created_at", "")),
        runs=tuple(map(str, data.get("runs", ()))),
        points=int(data.get("points", 0)),
        autotune=str(data.get("autotune", "")),
    )


def _wrong(message: str, advice: str) -> Diagnostic:
    return diagnostic("AT062", message, help=advice)
