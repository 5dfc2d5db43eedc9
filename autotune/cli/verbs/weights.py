"""autotune weights: what each objective counts in the ranking, what it would count, and how a stored run then ranks."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from autotune.cli.inputs import add_inputs, read_inputs
from autotune.cli.output import print_json, say
from autotune.cli.store_option import add_store
from autotune.cli.tables import print_table
from autotune.diagnostics import InputError, diagnostic
from autotune.report.rows import report_objectives
from autotune.resources import folder
from autotune.score import change_weights, get_objectives, weights_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping, Sequence

    from autotune.store import Result

EPILOG = """\
Weights always sum to 1: changing one scales the others in proportion. The frontier does not depend on them.

Examples
  autotune weights                                       those of the default objectives
  autotune weights task.yaml minimize_tpot=0.8           what a task's weights become, as overrides to copy
  autotune weights --run 20261126 minimize_tpot=0.8      the same, and the run ranked by them; nothing is run
"""


def configure(parser: argparse.ArgumentParser) -> None:
    add_inputs(parser, formats=("text", "json"))
    parser.add_argument(
        "--run", metavar="RUN", help="take a stored run's objectives and weights, and rank it by the new ones"
    )
    add_store(parser)


def run(args: argparse.Namespace) -> int:
    changes, rest = _split(args.words, [folder("conf"), *map(Path, args.config_dir)])
    results = None if args.run is None else _read_run(args, rest)
    before = _stored_weights(results) if results is not None else _stated_weights(args, rest)
    after = change_weights(before, changes)
    ranked = None if results is None else _rank(results, after)
    if args.format == "json":
        print_json(_as_data(before, after, ranked))
        return 0
    _print_weights(before, after, changed=bool(changes))
    if results is not None and ranked is not None:
        _print_ranking(results, ranked)
    return 0


def _split(words: Iterable[str], config_dirs: Iterable[Path]) -> tuple[dict[str, float], list[str]]:
    """The changes (`minimize_tpot=0.8`), and the words that are none. Raises InputError for one that is no number."""
    groups = {path.name for place in config_dirs if place.is_dir() for path in place.iterdir() if path.is_dir()}
    changes: dict[str, float] = {}
    rest: list[str] = []
    wrong = []
    for word in words:
        name, equals, value = word.partition("=")
        if not (equals and name.isidentifier()) or name in groups:
            rest.append(word)
            continue
        try:
            changes[name] = float(value)
        except ValueError:
            wrong.append(
                diagnostic("AT003", f"`{word}` is no weight: {value!r} is no number", help=f"{name}=0.5, for instance")
            )
    if wrong:
        raise InputError(*wrong)
    return changes, rest


def _read_run(args: argparse.Namespace, rest: Sequence[str]) -> list[Result]:
    from autotune.store import Store

    if rest:
        raise InputError(
            diagnostic(
                "AT004",
                f"`{rest[0]}` is no weight, and with --run the objectives are the run's own",
                help="autotune weights --run RUN NAME=WEIGHT ...",
            )
        )
    with Store(args.store) as store:
        return store.results(store.find_run(args.run).run_id)


def _stored_weights(results: Sequence[Result]) -> dict[str, float]:
    """Those that the run was ranked by."""
    given = next(((item.config.get("optimization") or {}).get("weights") for item in results), None)
    return weights_of([item.name for item in report_objectives(results)], given or {})


def _stated_weights(args: argparse.Namespace, words: Sequence[str]) -> dict[str, float]:
    """Those of the config that the words make; of a sweep's first point."""
    from autotune.api import compile_dimensions

    inputs = read_inputs(args, words)
    point = next(iter(compile_dimensions(inputs.workspace, inputs.dimensions)))
    if point.config is None:
        raise InputError(*point.diagnostics)
    wanted = point.config.optimization
    return weights_of([item.name for item in get_objectives(wanted.objectives)], wanted.weights)


def _rank(results: Sequence[Result], weights: Mapping[str, float]) -> list[Result]:
    from autotune.report.rerank import rerank

    return rerank(results, weights)


def _as_data(
    before: Mapping[str, float], after: Mapping[str, float], ranked: Sequence[Result] | None
) -> dict[str, object]:
    data: dict[str, object] = {"weights": dict(before), "becomes": dict(after), "overrides": _overrides(after)}
    if ranked is not None:
        from autotune.report.picks import picks_of
        from autotune.store import result_rows

        data["results"] = result_rows(ranked, picks_of(ranked))
    return data


def _print_weights(before: Mapping[str, float], after: Mapping[str, float], *, changed: bool) -> None:
    head = ("objective", "weight", *(("becomes",) if changed else ()))
    rows = [(name, f"{before[name]:.3f}", *((f"{after[name]:.3f}",) if changed else ())) for name in before]
    print_table(head, rows, right=(1, 2))
    if changed:
        sys.stdout.write(f"\n{shlex.join(_overrides(after))}\n")


def _overrides(weights: Mapping[str, float]) -> list[str]:
    return [f"optimization.weights.{name}={weight:.6g}" for name, weight in weights.items()]


def _print_ranking(results: Sequence[Result], ranked: Sequence[Result]) -> None:
    from autotune.cli.outcome import stdout_console
    from autotune.report import render_table
    from autotune.report.picks import find_picks

    sys.stdout.write("\n")
    render_table(ranked, stdout_console())
    before, now = (find_picks(items).row("best") for items in (results, ranked))
    if before is not None and now is not None:
        old, new = (f"{row.result.point_id} at {row.measurement.load.label}" for row in (before, now))
        say(f"the best stays {new}" if old == new else f"the best was {old}, and is {new}")
