"""Results: of one run, or of several side by side."""

from __future__ import annotations

import json
import re
from importlib.util import find_spec

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from autotune.diagnostics import InputError, UnknownNameError, diagnostic, suggest
from autotune.emit import find_emitters
from autotune.packing import pack_point
from autotune.report.exporting import export_run
from autotune.report.package import archive, zipped
from autotune.report.point_details import describe_point
from autotune.web.pages.rendering import render
from autotune.web.pages.results_query import LIMIT, MOST_RUNS, WEIGHT, address, read_query
from autotune.web.pages.results_view import ResultsView
from autotune.web.state import State

router = APIRouter()

#: What a run is given as, and what browsers call it.
FORMS = {
    "csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson", "parquet": "application/vnd.apache.parquet",
    "md": "text/markdown; charset=utf-8", "html": "text/html; charset=utf-8",
}  # fmt: skip
ARCHIVES = {"tar.gz": "application/gzip", "zip": "application/zip"}
#: Whether results can be written as Parquet here.
_PARQUET = find_spec("pyarrow") is not None
#: Runs that one may choose from; others are reached by their address.
_OFFERED = 100


@router.get("/results")
def results(request: Request, state: State) -> Response:
    query = read_query(request.query_params)
    if not query.runs:
        latest = next((item for item in state.store.run_page(0, _OFFERED)[0] if item.counts), None)
        if latest is None:
            return render(request, "results_empty")
        return RedirectResponse(f"/results?run={latest.run_id}", status_code=303)
    view = _view(request, state)
    links = _Links(request)
    if request.headers.get("HX-Request") == "true":
        answer = render(request, "results_answer", **view.found(), links=links, apart=True)
        weights = {item.objective: item.percent for item in view.whatif.sliders(view.runs[0].report)}
        # The address has the weights as they became, so that a reload or a link shows the same.
        said = {f"{WEIGHT}{name}": f"{percent:g}" for name, percent in weights.items()} if query.weights else {}
        answer.headers["HX-Replace-Url"] = address(request.query_params, "/results", **({"moved": None} | said))
        answer.headers["HX-Trigger-After-Swap"] = json.dumps({"autotune:ranked": weights})
        return answer
    offered = [item for item in state.store.run_page(0, _OFFERED)[0] if item.counts]
    return render(
        request,
        "results",
        **view.found(),
        **view.page(),
        links=links,
        apart=False,
        offered=offered,
        most=MOST_RUNS,
        parquet=_PARQUET,
    )


@router.get("/results/export/{name}")
def export(state: State, name: str) -> Response:
    """A run whole, for other programs: RUN.csv, .jsonl, .parquet, .md or .html."""
    run_id, _, form = name.rpartition(".")
    if form not in FORMS or (form == "parquet" and not _PARQUET):
        raise InputError(
            diagnostic("AT027", f"results are not given as {form or name}", help=f"one of {', '.join(FORMS)}")
        )
    report = state.runs.read(run_id).report
    return _download(export_run(report, form), FORMS[form], f"{report.run.run_id}.{form}")


@router.get("/results/package/{run_id}")
def package(state: State, run_id: str, pick: str = "best", target: str = "k8s", form: str = "tar.gz") -> Response:
    """One point as it was measured, with its manifests, as `autotune emit --run RUN --pick POINT` packs it."""
    if form not in ARCHIVES:
        raise InputError(diagnostic("AT027", f"packages are not made as {form}", help=f"one of {', '.join(ARCHIVES)}"))
    targets = tuple(dict.fromkeys(part.strip() for part in target.split(",") if part.strip()))
    find_emitters(targets)
    report = state.runs.read(run_id).report
    packed = pack_point(report.run, report.results, pick, targets, state.workspace)
    folder = f"{report.run.run_id}-{packed.result.point_id}"
    content = zipped(packed.files, folder) if form == "zip" else archive(packed.files, folder)
    return _download(content, ARCHIVES[form], f"{folder}.{form}")


@router.get("/results/figure")
def figure(request: Request, state: State) -> JSONResponse:
    return JSONResponse(_view(request, state).figure())


@router.get("/results/{run_id}/{point_id}")
def point(request: Request, state: State, run_id: str, point_id: str) -> HTMLResponse:
    """Everything about one point."""
    report = state.runs.read(run_id).report
    result = next((item for item in report.results if item.point_id == point_id), None)
    if result is None:
        raise UnknownNameError(
            diagnostic("AT031", f"run {report.run.run_id} has no result of a point {point_id}",
                       help=suggest(point_id, [item.point_id for item in report.results]))
        )  # fmt: skip
    return render(request, "point", report=report, result=result, **describe_point(report, result))


def _download(content: bytes, media_type: str, name: str) -> Response:
    # Ids of runs are made by autotune; those of imported runs hold what a folder was called.
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", name)
    return Response(content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{safe}"'})


def _view(request: Request, state: State) -> ResultsView:
    query = read_query(request.query_params)
    if not query.runs:
        raise InputError(diagnostic("AT031", "no run is named", help="/results?run=RUN"))
    return ResultsView(tuple(state.runs.read(name) for name in query.runs), query)


class _Links:
    """Addresses of the same page with something changed, for the template."""

    def __init__(self, request: Request) -> None:
        self._params = request.query_params

    def to(self, **changes: str | None) -> str:
        kept: dict[str, str | None] = {"moved": None, "page": None}
        return address(self._params, "/results", **(kept | changes))

    def sorted_by(self, name: str) -> str:
        """Sorting by a column; the other way round where it is sorted by it already."""
        again = self._params.get("sort") == name and self._params.get("desc") != "1"
        return self.to(sort=name, desc="1" if again else None)

    def own(self) -> str:
        """Back to the weights and limits of the run."""
        said = {name: None for name in self._params if name.startswith((WEIGHT, LIMIT))}
        return self.to(asked=None, **said)

    def figure(self) -> str:
        return address(self._params, "/results/figure", moved=None, page=None)
