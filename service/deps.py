"""What every endpoint may ask for: the office and the moment the request arrived."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, cast

from fastapi import Depends, Request
from pydantic import Field

from flows.office import Office


def office_of(request: Request) -> Office:
    return cast("Office", request.app.state.office)


def arrival(request: Request) -> datetime:
    """When the request came in, before any queue (the middleware notes it): deadlines are held to this."""
    return cast("datetime", getattr(request.state, "arrived", None) or datetime.now(UTC))


OfficeDep = Annotated[Office, Depends(office_of)]
Arrival = Annotated[datetime, Depends(arrival)]
RevisionNumber = Annotated[int, Field(ge=0, le=99_999)]
"""A revision or a page in an address: more would not fit the database's column."""
