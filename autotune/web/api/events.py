"""GET /api/v2/runs/{run_id}/events: a run live, as server-sent events."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from fastapi import APIRouter
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.exceptions import HTTPException

from autotune.web.scene import EVENTS
from autotune.web.state import State

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

router = APIRouter(prefix="/api/v2", tags=["runs"])

_PING_S = 15
_ABOUT = "\n".join(f"- `{name}`: {what}" for name, what in EVENTS.items())


@router.get(
    "/runs/{run_id}/events",
    summary="A run live",
    description=f"Server-sent events; the data of each is JSON. A connection begins with everything that is known, so nothing is lost by connecting again.\n\n{_ABOUT}",
    response_class=EventSourceResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def run_events(run_id: str, state: State) -> EventSourceResponse:
    record = await asyncio.to_thread(state.store.find_run, run_id)
    if state.watchers.full:
        raise HTTPException(503, "too many listen to runs at the moment", {"Retry-After": "10"})
    return EventSourceResponse(_encode(state, record.run_id), ping=_PING_S, headers={"Cache-Control": "no-store"})


async def _encode(state: State, run_id: str) -> AsyncIterator[ServerSentEvent]:
    async for event in state.watchers.listen(run_id):
        yield ServerSentEvent(json.dumps(event.data, ensure_ascii=False), event=event.name)
