"""Bringing a document's run in Prefect to what our tables say: create, rename, activate, find what is wrong.

Everything here is a call to Prefect's API by public names; when to call is the worker's business
(`flows/worker.py`). The caller holds the document's lease.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas import OrchestrationResult
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.client.schemas.responses import SetStateStatus
from prefect.exceptions import Abort, ObjectNotFound, Pause
from prefect.flow_engine import run_flow_async
from prefect.states import Pending, Scheduled

from flows import engine, runs
from flows.catalogue import TYPES
from flows.office import Office
from flows.prefect_settings import DEPLOYMENT, POOL, entrypoint
from flows.runs import Turn

_READY = {StateType.PAUSED, StateType.SCHEDULED, StateType.PENDING}
"""States from which a run may go on; out of any other (a killed worker's, an operator's) it is forced."""
_ORPHANED = timedelta(minutes=1)
_PAGE = 200


class Driver:
    """One worker's hand on Prefect."""

    def __init__(self, office: Office, client: PrefectClient) -> None:
        self.office, self.client = office, client
        self._deployments: dict[str, UUID] = {}
        self._deploying = asyncio.Lock()
        self._slugs: dict[UUID, str] = {}
        self._cursor = ""

    async def deploy(self) -> None:
        """Make a deployment for each document type; the same again changes nothing. The pool exists."""
        made: dict[str, UUID] = {}
        for declared in TYPES:
            flow_id = await self.client.create_flow_from_name(declared.slug)
            deployment_id = await self.client.create_deployment(
                flow_id,
                name=DEPLOYMENT,
                description=f"{declared.name.vi}\n\n{declared.name.en}",
                work_pool_name=POOL,
                path=".",
                entrypoint=entrypoint(declared.slug),
                enforce_parameter_schema=False,
                parameter_openapi_schema={
                    "type": "object",
                    "properties": {"document_id": {"type": "string"}},
                    "required": ["document_id"],
                },
            )
            made[declared.slug] = deployment_id
            self._slugs[flow_id] = declared.slug
        self._deployments = made

    async def _deployment(self, slug: str) -> UUID:
        """The deployment of a type. Turns that begin together wait here for the one that makes them all."""
        async with self._deploying:
            if slug not in self._deployments:
                await self.deploy()
            return self._deployments[slug]

    async def advance(self, document_id: str) -> None:
        """One document's turn: its run is made to show it, or runs. Settles the document when done."""
        db = self.office.db
        turn = await asyncio.to_thread(runs.turn, db, document_id)
        if turn is None or turn.settled:
            return
        if turn.unborn:
            await asyncio.to_thread(runs.note_settled, db, document_id, turn.version)
            return
        if not turn.works:
            await self._park(turn)
            await asyncio.to_thread(runs.note_settled, db, document_id, turn.version)
            return
        await self.activate(await self._ready_run(turn))
        after = await asyncio.to_thread(runs.turn, db, document_id)
        if after is not None and after.position.step is None:
            await asyncio.to_thread(runs.note_settled, db, document_id, after.version)

    async def _park(self, turn: Turn) -> None:
        """One call: the parked state is renamed by force, or the run is created in it."""
        state = engine.parked_state(turn)
        if turn.run_id is not None:
            try:
                await self.client.set_flow_run_state(UUID(turn.run_id), state, force=True)
            except ObjectNotFound:
                pass  # an operator deleted it
            else:
                return
        run = await self._create(turn, state)
        if run.state is None or run.state.name != state.name:
            # The key was known: Prefect gave the run made before a crash of ours, in its old state.
            await self.client.set_flow_run_state(run.id, state, force=True)

    async def _ready_run(self, turn: Turn) -> FlowRun:
        """The document's run in a state from which it may run."""
        run = await self._read(turn.run_id)
        if run is None:
            run = await self._create(turn, Pending())
        if run.state is None or run.state.type not in _READY:
            answer: OrchestrationResult[Any] = await self.client.set_flow_run_state(
                run.id, Scheduled(), force=True
            )
            run.state = answer.state
        return run

    async def _read(self, run_id: str | None) -> FlowRun | None:
        if run_id is None:
            return None
        try:
            return await self.client.read_flow_run(UUID(run_id))
        except ObjectNotFound:
            return None

    async def _create(self, turn: Turn, state: State[Any]) -> FlowRun:
        """A run in this state, once for a document: the idempotency key is the document's id."""
        try:
            run = await self.client.create_flow_run_from_deployment(
                await self._deployment(turn.slug),
                parameters={"document_id": turn.document_id},
                name=turn.document_id,
                idempotency_key=turn.document_id,
                state=state,
            )
        except ObjectNotFound:
            self._deployments = {}  # Prefect's database is a new one: deploy again at the next try
            raise
        await asyncio.to_thread(runs.note_run, self.office.db, turn.document_id, str(run.id))
        return run

    async def claim(self, run: FlowRun) -> bool:
        """Take a run the work pool handed out; False when another worker has it."""
        answer: OrchestrationResult[Any] = await self.client.set_flow_run_state(run.id, Pending())
        if answer.status is not SetStateStatus.ACCEPT:
            return False
        run.state = answer.state
        return True

    async def activate(self, run: FlowRun) -> None:
        """Run the flow here until it parks, ends or fails; what it left is in our tables."""
        if run.flow_id not in self._slugs:
            self._slugs[run.flow_id] = (await self.client.read_flow(run.flow_id)).name
        flow = engine.flows_by_slug()[self._slugs[run.flow_id]]
        # Without a deployment id the engine starts no observer thread with its own connection.
        here = run.model_copy(update={"deployment_id": None})
        try:
            await run_flow_async(flow, flow_run=here, parameters=run.parameters, return_type="state")
        except (Pause, Abort):
            return

    async def strays(self) -> list[str]:
        """Documents whose runs are not what they should be: orphaned, cancelled, deleted."""
        found = await self._orphans()
        parked = await asyncio.to_thread(runs.parked_after, self.office.db, self._cursor, _PAGE)
        self._cursor = parked[-1][0] if len(parked) == _PAGE else ""
        if parked:
            ids = [UUID(run) for _, run in parked]
            known = await self.client.read_flow_runs(
                flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=ids)), limit=_PAGE
            )
            fine = {str(run.id) for run in known if run.state_type in _READY | {StateType.RUNNING}}
            found += [document for document, run in parked if run not in fine]
        return found

    async def _orphans(self) -> list[str]:
        stuck = FlowRunFilterState(
            type=FlowRunFilterStateType(any_=[StateType.RUNNING, StateType.PENDING, StateType.CANCELLING])
        )
        running = await self.client.read_flow_runs(
            flow_run_filter=FlowRunFilter(state=stuck),
            work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[POOL])),
            limit=_PAGE,
        )
        before = datetime.now(UTC) - _ORPHANED
        return [
            str(run.parameters.get("document_id", ""))
            for run in running
            if run.state is not None and run.state.timestamp < before
        ]
