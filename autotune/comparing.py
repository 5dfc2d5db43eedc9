"""From stored results to pairs: which loads were measured, and what was predicted of each."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from autotune.claims import Claims, read_claims
from autotune.diagnostics import Diagnostic, InputError, diagnostic, suggest
from autotune.layers import flatten, parse_yaml
from autotune.predict import PREDICTORS, Calibrated, subject_of
from autotune.report.plain import clean
from autotune.report.rows import short_names, swept_columns
from autotune.score import MAX_ERROR_RATE
from autotune.verify.align import find_prediction
from autotune.verify.compared import Compared

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from autotune.metrics import Measurement
    from autotune.predict import Predictor
    from autotune.store import Result, RunRecord
    from autotune.stored_points import StoredPoint
    from autotune.workspace.calibrations import KeptCalibration

#: Groups that say how a server was measured, not what it is.
_NOT_THE_SERVER = ("benchmark", "executor", "optimization", "deploy", "slo")
#: A setting longer than this says nothing in a point's name.
_LONGEST = 40


class Source(NamedTuple):
    """Who predicts: a predictor of autotune's own, or what somebody else claimed in a run's task."""

    label: str
    version: str
    predictor: Predictor | None = None
    claims: Mapping[str, Claims] = {}
    """By run id."""


def choose_source(wanted: str | None, runs: Sequence[RunRecord], kept: KeptCalibration | None) -> Source:
    """The predictor that was named; else the one that the runs' tasks have claims of; else the first.

    Raises InputError: AT004 for one that nobody knows, AT062 for a calibration of another predictor.
    """
    claims = {run.run_id: found for run in runs if (found := claims_of(run)) is not None}
    said = dict.fromkeys(item.by for item in claims.values())
    label = wanted or next(iter(said), None) or next(iter(PREDICTORS))
    if label in said and kept is None:
        chosen = {run_id: item for run_id, item in claims.items() if item.by == label}
        return Source(label, ", ".join(dict.fromkeys(item.version for item in chosen.values())), claims=chosen)
    if label not in PREDICTORS:
        known = [*PREDICTORS, *said]
        raise InputError(
            diagnostic("AT004", f"there is no predictor {label}, and no task of these runs holds what it said",
                       help=suggest(label, known))
        )  # fmt: skip
    predictor = PREDICTORS[label]
    return Source(label, predictor.version, calibrate(predictor, kept))


def calibrate(predictor: Predictor, kept: KeptCalibration | None) -> Predictor:
    """The predictor under a calibration. Raises InputError (AT062) for one that was fitted to another predictor."""
    if kept is None:
        return predictor
    try:
        return Calibrated(predictor, kept.calibration)
    except ValueError as error:
        raise InputError(
            diagnostic("AT062", f"{kept.name} cannot be used here: {error}", help=f"say --predictor {kept.calibration.predictor}")
        ) from None  # fmt: skip


def outdated(predictor: Predictor, kept: KeptCalibration | None) -> list[Diagnostic]:
    """AT161 where the calibration was fitted to another version of the predictor."""
    if kept is None or kept.calibration.version in ("", predictor.version):
        return []
    return [
        diagnostic("AT161", f"{kept.name} was fitted to {predictor.name} {kept.calibration.version}, and this is {predictor.version}",
                   help="fit it anew: autotune verify RUN --calibrate")
    ]  # fmt: skip


def claims_of(run: RunRecord) -> Claims | None:
    """What the task of a run holds of another predictor's claims."""
    if run.task is None or run.task.version != 2 or "predicted" not in run.task.text:
        return None
    try:
        return read_claims(parse_yaml(run.task.text, run.task.name).data)
    except (InputError, ValueError):
        return None  # the run was made from it, so this block is of a later version


def compare_points(points: Sequence[StoredPoint], source: Source) -> tuple[list[Compared], list[Diagnostic]]:
    """A pair for each load that was measured and predicted, and AT160 for what was left out."""
    reasons: Counter[str] = Counter()
    settings, names = differing_settings(points), point_names([point.result for point in points])
    pairs: list[Compared] = []
    for point, own, name in zip(points, settings, names, strict=True):
        for measured in point.result.measurements:
            why = _not_comparable(point, measured, source)
            predicted = None if why else _predict(point, measured, source)
            if predicted is None:
                reasons[why or f"of which {source.label} said nothing"] += 1
                continue
            pairs.append(
                Compared(
                    run_id=point.run.run_id,
                    point_id=point.result.point_id,
                    name=name,
                    predicted=predicted,
                    measured=measured,
                    config=point.config,
                    subject=subject_of(point.config, point.facts, measured.load),
                    gpus=point.gpus,
                    settings=own,
                )
            )
    left_out = [
        diagnostic("AT160", f"{count} load{'' if count == 1 else 's'} left out: {reason}",
                   help="what is left is compared as usual")
        for reason, count in reasons.items()
    ]  # fmt: skip
    return pairs, left_out


def _not_comparable(point: StoredPoint, measured: Measurement, source: Source) -> str:
    if measured.kind != "measured":
        return f"{measured.kind}, and an emulation's timing is the predictor's own"
    if measured.error_rate > MAX_ERROR_RATE:
        return f"more than {MAX_ERROR_RATE:.0%} of the requests failed"
    if source.predictor is not None and point.config.system.serving_mode == "disagg":
        return f"prefill and decode apart, of which {source.label} knows nothing"
    return ""


def _predict(point: StoredPoint, measured: Measurement, source: Source) -> Measurement | None:
    if source.predictor is None:
        claims = source.claims.get(point.run.run_id)
        about = () if claims is None else claims.about(point.config.as_dict())
        return find_prediction(about, measured, point.config)
    if not isinstance(source.predictor, Calibrated):
        for item in point.result.predictions:
            if (item.predictor, item.version, item.measurement.load) == (source.label, source.version, measured.load):
                return item.measurement
    return source.predictor.predict(point.config_for(measured), point.facts, measured.load).measurement


def differing_settings(points: Sequence[StoredPoint]) -> list[dict[str, Any]]:
    """For each point the settings of its server in which the points differ, single values only."""
    configs = [dict(_settings(point.config.as_dict())) for point in points]
    paths = [path for path in dict.fromkeys(path for config in configs for path in config) if len({repr(config.get(path)) for config in configs}) > 1]  # fmt: skip
    return [{path: config[path] for path in paths if path in config} for config in configs]


def _settings(config: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for group, value in config.items():
        if group not in _NOT_THE_SERVER:
            for path, leaf in flatten(value, (group,)):
                if isinstance(leaf, str | int | float | bool):
                    yield ".".join(path), leaf


def point_names(results: Sequence[Result]) -> list[str]:
    """What people know each result by: what was swept, shortly; else its id."""
    columns = {path: values for path, values in swept_columns(results).items() if not path.startswith("benchmark.")}
    short = short_names(columns)
    names = []
    for place, result in enumerate(results):
        said = [f"{short[path]}={values[place]}" for path, values in columns.items() if values[place] and len(values[place]) <= _LONGEST]  # fmt: skip
        names.append(clean(" ".join(said)) or result.point_id)
    return names
