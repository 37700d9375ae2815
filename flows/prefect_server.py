"""The embedded Prefect server: its application, with the one private patch we make to Prefect.

On SQLite the server opens some of its write transactions DEFERRED (creating a run, resuming one); at ten
documents at once they meet "database is locked", which no timeout cures. Here every transaction it opens with
`begin_transaction` begins IMMEDIATE. `check_patch` says whether Prefect still looks as this assumes; a test
calls it. PostgreSQL needs none of this.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import uvicorn
from prefect.server.api.server import create_app
from prefect.server.database.configurations import AioSqliteConfiguration
from sqlalchemy.ext.asyncio import AsyncSession, AsyncSessionTransaction

_original: Any = AioSqliteConfiguration.begin_transaction


def check_patch() -> None:
    """Raise RuntimeError when the patched method is no longer what it was in Prefect 3.8.8."""
    names = list(inspect.signature(_original).parameters)
    if names != ["self", "session", "with_for_update"] or "IMMEDIATE" not in inspect.getsource(_original):
        raise RuntimeError(
            "Prefect's AioSqliteConfiguration.begin_transaction has changed: "
            "see flows/prefect_server.py before raising the version of prefect."
        )


def _begin_immediately(
    self: AioSqliteConfiguration,
    session: AsyncSession,
    with_for_update: bool = False,  # noqa: ARG001 - Prefect's signature
) -> AbstractAsyncContextManager[AsyncSessionTransaction]:
    started: AbstractAsyncContextManager[AsyncSessionTransaction] = _original(self, session, True)
    return started


def serve(host: str, port: int, ready: Callable[[], None]) -> None:
    """Run the server until it is told to end; its settings come from `prefect_settings.server_environment`.

    `ready` is called when Prefect has set up its logging, so that the caller's may take its place.
    """
    check_patch()
    AioSqliteConfiguration.begin_transaction = _begin_immediately  # type: ignore[method-assign, assignment]
    made = create_app()
    ready()
    uvicorn.run(
        made,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
    )
