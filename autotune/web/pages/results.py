"""Results: of one run, or of several side by side."""

from __future__ import annotations

import json
from importlib.util import find_spec

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from autotune.diagnostics import InputError, diagnostic
from autotune.web.pages.rendering import render
from autotune.web.pages.results_query import LIMIT, MOST_RUNS, WEIGHT, address, read_query
from autotune.web.pages.results_view import ResultsView
from autotune.web.state import State

router = APIRouter()

#: Whether results can be written as Parquet here.
_PARQUET = find_spec("pyarrow") is not None
#: Runs that one may choose from; others are reached by their address.
_OFFERED = 100


@router.get("/results")
def results(request: Request, state: State) -> Response:
    query = read_query(request.query_params)
    if not query.runs:
        latest = next((item for item in state.store.runs() if item.counts), None)
        if latest is None:
            return render(request, "results_empty")
        return RedirectResponse(f"/results?run={latest.run_id}", status_code=303)
    view = _view(request, state)
    links = _Links(request)
    if request.headers.get("HX-Request") == "true":
        answer = render(request, "results_found", **view.found(), links=links)
        answer.headers["HX-Replace-Url"] = address(request.query_params, moved=None)
        answer.headers["HX-Trigger-After-Swap"] = json.dumps(
            {"autotune:ranked": {item.objective: item.percent for item in view.whatif.sliders(view.runs[0].report)}}
        )
        return answer
    offered = [item for item in state.store.runs()[:_OFFERED] if item.counts]
    return render(request, "results", **view.found(), **view.page(), links=links, offered=offered, most=MOST_RUNS, parquet=_PARQUET)


@router.get("/results/figure")
def figure(request: Request, state: State) -> JSONResponse:
    return JSONResponse(_view(request, state).figure())


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
        return address(self._params, **({"moved": None, "page": None} | changes))

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

