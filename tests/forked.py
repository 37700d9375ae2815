"""Other processes of an installation, forked from one that has imported the product: each starts at once.

A process of Python that imports the product anew takes more than a second of processor time.
"""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing import get_context
from typing import Any

CONTEXT = get_context("forkserver")
CONTEXT.set_forkserver_preload(["service.jobs", "flows.keyring", "tests.seeds"])
"""One list: there is one such server in a test process."""


def run(work: Callable[..., None], *arguments: Any) -> None:
    """Another process does this; AssertionError unless it ends well."""
    other = CONTEXT.Process(target=work, args=arguments)
    other.start()
    other.join()
    assert other.exitcode == 0
    other.close()
