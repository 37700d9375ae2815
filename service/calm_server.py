"""uvicorn, a little calmer while nobody asks: for the processes of a school that mostly rest."""

from __future__ import annotations

import asyncio

import uvicorn


class CalmServer(uvicorn.Server):
    """Looks twice a second whether it is to end; uvicorn's ten times are most of an idle process's cost."""

    async def main_loop(self) -> None:
        # Each tick also renews the Date header, which uvicorn does at every tenth.
        ended = await self.on_tick(0)
        while not ended:
            await asyncio.sleep(0.5)
            ended = await self.on_tick(0)
