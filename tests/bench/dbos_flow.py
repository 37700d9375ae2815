"""The same shape in DBOS: three waits for a person, three steps that do nothing, in its own SQLite file.

`python -m tests.bench.dbos_flow <documents> <folder>` prints processor seconds a document as JSON. DBOS keeps
a thread for each workflow that waits in `recv`; it has no server and no page for an operator.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path

from dbos import DBOS, SetWorkflowID

WAITS = 3


def main() -> None:
    count, folder = int(sys.argv[1]), Path(sys.argv[2])
    DBOS(
        config={
            "name": "peer",
            "system_database_url": f"sqlite:///{folder / 'dbos.db'}",
            "log_level": "ERROR",
            "run_admin_server": False,
        }
    )

    @DBOS.step()
    def work(document: str, step: int) -> str:
        return f"{document} {step}"

    @DBOS.workflow()
    def document(key: str) -> str:
        for step in range(WAITS):
            DBOS.recv(f"decided{step}", timeout_seconds=3600)
            work(key, step)
        return key

    DBOS.launch()
    with SetWorkflowID("warm-up"):
        handle = DBOS.start_workflow(document, "warm-up")
    for step in range(WAITS):
        DBOS.send("warm-up", "yes", f"decided{step}")
    handle.get_result()

    spent, began = time.process_time(), time.monotonic()
    handles = []
    for number in range(count):
        with SetWorkflowID(f"d{number}"):
            handles.append(DBOS.start_workflow(document, f"d{number}"))
    threads = threading.active_count()
    for step in range(WAITS):
        for number in range(count):
            DBOS.send(f"d{number}", "yes", f"decided{step}")
    for handle in handles:
        handle.get_result()
    print(
        json.dumps(
            {
                "cpu": (time.process_time() - spent) / count,
                "seconds": time.monotonic() - began,
                "threads": threads,
            }
        ),
        flush=True,
    )
    DBOS.destroy()
    os._exit(0)  # its threads would keep the process


if __name__ == "__main__":
    main()
