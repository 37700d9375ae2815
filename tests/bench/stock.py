"""Runs the peer on stock Prefect: its server and its process worker, as they come, in a new folder."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.journeys.processes import ROOT, cpu
from tests.ports import free_port
from tests.waiting import until

WAITS = 3
REST = 10.0
"""Seconds over which the idle running of server and worker is measured."""
FLOW = Path(__file__).with_name("stock_flow.py")
PREFECT = str(Path(sys.executable).parent / "prefect")


@dataclass(frozen=True, slots=True)
class StockCost:
    """Processor seconds a document, idle running subtracted."""

    server: float
    worker: float
    documents: int

    @property
    def whole(self) -> float:
        return self.server + self.worker


def measure(folder: Path, documents: int) -> StockCost:
    """Take some documents through, all at once, each person deciding as soon as the run is suspended."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/api"
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("HOSOSO_", "PREFECT_"))}
    # Only what must be: a folder and a port of its own, no report to the world.
    environment = kept | {
        "PREFECT_HOME": str(folder),
        "PREFECT_API_URL": url,
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    }
    code = folder / "code"
    code.mkdir(parents=True)
    shutil.copy(FLOW, code)  # alone: the worker copies the whole folder for every run
    at = ("--host", "127.0.0.1", "--port", str(port))
    with (
        _process(folder, environment, "server", "start", *at) as server,
        httpx.Client(base_url=url, timeout=30, trust_env=False) as api,
    ):
        until(lambda: _answers(api), "stock Prefect does not start", 120)
        deployment = _deployed(environment, code)
        pool = ("--pool", "stock", "--type", "process")
        with _process(folder, environment, "worker", "start", *pool) as worker:
            until(lambda: _ready(api), "the stock worker does not start", 120)
            _through(api, deployment, 1)  # warm-up
            time.sleep(2)
            first = [(time.monotonic(), cpu(server), cpu(worker))]
            time.sleep(REST)
            first.append((time.monotonic(), cpu(server), cpu(worker)))
            _through(api, deployment, documents)
            last = time.monotonic(), cpu(server), cpu(worker)
    (t0, s0, w0), (t1, s1, w1) = first
    t2, s2, w2 = last
    idle = (t2 - t1) / (t1 - t0)
    return StockCost(
        (s2 - s1 - (s1 - s0) * idle) / documents, (w2 - w1 - (w1 - w0) * idle) / documents, documents
    )


@contextmanager
def _process(folder: Path, environment: dict[str, str], *words: str) -> Iterator[int]:
    with (folder / f"{words[0]}.log").open("ab") as output:
        process = subprocess.Popen(
            [PREFECT, *words],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process.pid
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _answers(api: httpx.Client) -> bool:
    try:
        return api.get("/health").status_code == 200
    except httpx.HTTPError:
        return False


def _ready(api: httpx.Client) -> bool:
    found = api.post("/work_pools/stock/workers/filter", json={})
    return found.status_code == 200 and any(w["status"] == "ONLINE" for w in found.json())


def _deployed(environment: dict[str, str], code: Path) -> str:
    """Pool and deployment, made by Prefect's own client in a process that sees its address."""
    subprocess.run(
        [PREFECT, "work-pool", "create", "stock", "--type", "process"],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
    )
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.stock", str(code)],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def _through(api: httpx.Client, deployment: str, documents: int) -> None:
    runs = [
        _post(
            api,
            f"/deployments/{deployment}/create_flow_run",
            {"parameters": {"document": secrets.token_hex(4)}, "state": {"type": "SCHEDULED"}},
        )["id"]
        for _ in range(documents)
    ]
    for _ in range(WAITS):
        for run in runs:
            until(lambda run=run: _state(api, run)["name"] == "Suspended", "not suspended", 300)  # type: ignore[misc]
            _post(api, f"/flow_runs/{run}/resume", {})
            until(lambda run=run: _state(api, run)["name"] != "Suspended", "not resumed")  # type: ignore[misc]
    for run in runs:
        until(lambda run=run: _state(api, run)["type"] == "COMPLETED", "not completed", 300)  # type: ignore[misc]


def _post(api: httpx.Client, path: str, body: dict[str, Any]) -> Any:
    """Asked again while the server says 503 (its database is busy), as Prefect's own client does."""
    answer: httpx.Response = until(lambda: _unless_busy(api.post(path, json=body)), f"{path} stays busy", 120)
    return answer.raise_for_status().json()


def _unless_busy(answer: httpx.Response) -> httpx.Response | None:
    time.sleep(0.5 if answer.status_code == 503 else 0)
    return None if answer.status_code == 503 else answer


def _state(api: httpx.Client, run: str) -> dict[str, Any]:
    time.sleep(0.5)  # asking is not to be the cost
    state: dict[str, Any] = api.get(f"/flow_runs/{run}").raise_for_status().json()["state"]
    assert state["type"] not in ("FAILED", "CRASHED"), state
    return state


async def _deploy(code: str) -> None:
    from prefect.client.orchestration import get_client

    from tests.bench.stock_flow import stock_document

    async with get_client() as client:
        made = await client.create_deployment(
            await client.create_flow(stock_document),
            name="stock",
            work_pool_name="stock",
            path=code,
            entrypoint=f"{FLOW.name}:stock_document",
        )
    print(made)


if __name__ == "__main__":
    asyncio.run(_deploy(sys.argv[1]))
