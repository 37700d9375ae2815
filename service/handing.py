"""Giving one record to another person, for page and API: weighed first, then with one's own password."""

from __future__ import annotations

from datetime import datetime

from fastapi import Request

from flows import handing
from flows.handing import Wish
from flows.office import Office
from service.access import Viewer
from service.pages.sign_in import address_of
from service.sign_in import check
from tasks.keys import Secret


def hand_over(
    office: Office,
    viewer: Viewer,
    document_id: str,
    wish: Wish,
    password: Secret,
    request: Request,
    now: datetime,
) -> None:
    """Do it; whoever found this browser open must not. The refusals of both, those of the record first."""
    handing.weigh(office, viewer.actor, document_id, wish, now)
    check(office, viewer.account.sign_in_name, password, address_of(request), now, present=True)
    handing.hand_over(office, viewer.actor, document_id, wish, now)
