"""The peer: a document as Prefect's own documentation has it. Suspended for each person, resumed, run on.

The same shape as our lesson plan: three people decide, then three automatic steps; the steps do nothing, so
that only orchestration is left.
"""

from __future__ import annotations

from prefect import flow, task
from prefect.flow_runs import suspend_flow_run


@task
def step(document: str, name: str) -> str:
    return f"{document}: {name}"


@flow(name="stock-document", persist_result=True)
def stock_document(document: str) -> None:
    for person in ("author", "group-head", "principal"):
        suspend_flow_run(key=person)
    for name in ("validate", "timestamp", "archive"):
        step(document, name)
