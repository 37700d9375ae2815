"""The Prefect flow: one function, one named flow for each document type.

An activation reads the document's position from our tables, does what is the machine's turn, and parks again
or ends. It decides nothing: resumed, cancelled or retried by an operator it finds the same position (law 3).
Only ids and codes reach Prefect (law 4).
"""

from __future__ import annotations

import asyncio
import uuid
from contextvars import ContextVar
from functools import cache
from typing import Any

from prefect import Flow, flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas import OrchestrationResult
from prefect.client.schemas.objects import State, StateDetails, StateType
from prefect.context import FlowRunContext
from prefect.exceptions import Pause
from prefect.states import Completed

from flows import archiving, runs
from flows.catalogue import TYPES
from flows.ledger import StepFailed
from flows.office import Office
from models.settings import Settings

OFFICE: ContextVar[Office | None] = ContextVar("office", default=None)
"""Set by the worker before it activates a run."""

_PARAMETER = "document_id"


def _office() -> Office:
    office = OFFICE.get()
    if office is None:
        raise RuntimeError("A document's flow runs in `hososo worker`, which knows the school's records.")
    return office


@task(name="Validate signatures", cache_policy=NO_CACHE, persist_result=False, log_prints=False)
async def validate_signatures(document_id: str, opened_seq: int) -> str:
    """The gate before the archive; the hash of the validated file."""
    return await asyncio.to_thread(archiving.validate_signatures, _office(), document_id, opened_seq)


@task(name="Archive timestamp", cache_policy=NO_CACHE, persist_result=False, log_prints=False)
async def archive_timestamp(document_id: str, opened_seq: int, validated: str) -> str:
    """The hash of the file with its document timestamp."""
    return await asyncio.to_thread(archiving.archive_timestamp, _office(), document_id, opened_seq, validated)


@task(name="Archive", cache_policy=NO_CACHE, persist_result=False, log_prints=False)
async def archive(document_id: str, opened_seq: int, stamped: str) -> str:
    """Settle the document; the hash of its final file."""
    return await asyncio.to_thread(archiving.archive, _office(), document_id, opened_seq, stamped)


def parked_state(turn: runs.Turn) -> State[Any]:
    """The state of a run that waits for a person; a fresh key, since Prefect fires each pause once."""
    return State(
        type=StateType.PAUSED,
        name=runs.parked_name(turn.position.open),
        state_details=StateDetails(pause_reschedule=True, pause_key=uuid.uuid4().hex),
    )


async def process(document_id: str) -> State[None] | None:
    """Do what is the machine's turn, then park the run or let it end. A failed step fails the run."""
    while True:
        turn = await asyncio.to_thread(runs.turn, _office().db, document_id)
        if turn is None:
            raise StepFailed("position", "not-found")
        if turn.position.step is None:
            return Completed(name="Withdrawn") if turn.position.status == "withdrawn" else None
        if not turn.position.automatic:
            await _park(turn)
            return None
        seq = turn.position.opened_seq
        validated = await validate_signatures(document_id, seq)
        stamped = await archive_timestamp(document_id, seq, validated)
        await archive(document_id, seq, stamped)


async def _park(turn: runs.Turn) -> None:
    here = FlowRunContext.get()
    if here is None or here.flow_run is None or not isinstance(here.client, PrefectClient):
        raise RuntimeError("Only an asynchronous flow run can be parked.")
    state = parked_state(turn)
    answer: OrchestrationResult[Any] = await here.client.set_flow_run_state(here.flow_run.id, state)
    raise Pause(state=answer.state or state)


@cache
def flows_by_slug() -> dict[str, Flow[[str], Any]]:
    """A flow for each document type. Result storage is named so that no activation asks the server for it."""
    storage = (Settings().data / "prefect" / "storage").resolve()
    base = flow(
        name="document",
        persist_result=False,
        validate_parameters=False,
        log_prints=False,
        result_storage=storage,
    )(process)
    return {declared.slug: base.with_options(name=declared.slug) for declared in TYPES}


def __getattr__(name: str) -> Flow[[str], Any]:
    """`flows/engine.py:lesson_plan` in prefect.yaml: the flow of the type with that slug."""
    found = None if name.startswith("_") else flows_by_slug().get(name.replace("_", "-"))
    if found is None:
        raise AttributeError(f"{__name__} has no flow {name!r}")
    return found


__all__ = ["OFFICE", "StepFailed", "flows_by_slug", "parked_state", "process"]
