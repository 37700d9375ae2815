"""Every router of the web application, in the order addresses are matched."""

from __future__ import annotations

from functools import cache

from fastapi import APIRouter, Depends
from starlette.routing import BaseRoute

from service import health, metrics
from service.api import batches as api_batches
from service.api import board as api_board
from service.api import bodies as api_bodies
from service.api import delegations as api_delegations
from service.api import documents as api_documents
from service.api import filters as api_filters
from service.api import flags as api_flags
from service.api import notes as api_notes
from service.api import obligations as api_obligations
from service.api import round as api_round
from service.api import spot_checks as api_spot_checks
from service.api import spot_draws as api_spot_draws
from service.api import tasks, token, types
from service.api import verify as api_verify
from service.api.unicode import refuse_halves
from service.pages import (
    absence,
    account,
    admin,
    admin_trust,
    again,
    batches,
    calendar_feed,
    certificates,
    compare,
    confirmations,
    deadlines,
    desk,
    documents,
    flag,
    flag_list,
    flags,
    handing,
    inbox,
    keys,
    mail_samples,
    mailbox,
    notes,
    obligations,
    pki,
    reminders,
    reports,
    retention,
    retention_rules,
    review,
    runs,
    saved,
    seal,
    security,
    sign_in,
    signature,
    spot,
    spot_check,
    spot_draws,
    succession,
    verify,
)
from service.pages import types as type_pages

API = "/api/v1"
API_ROUTERS: tuple[APIRouter, ...] = (
    token.router,
    types.router,
    api_documents.router,
    api_obligations.router,
    api_bodies.router,
    tasks.router,
    api_notes.router,
    api_filters.router,
    api_round.router,
    api_batches.router,
    api_flags.router,
    api_board.router,
    api_delegations.router,
    api_spot_draws.router,  # before /spot-checks/{check_id}
    api_spot_checks.router,
    api_verify.router,
)
PAGE_ROUTERS: tuple[APIRouter, ...] = (
    health.router,
    metrics.router,
    desk.router,
    sign_in.router,
    again.router,
    account.router,
    confirmations.router,
    signature.router,
    seal.router,
    certificates.router,
    calendar_feed.router,
    absence.router,
    inbox.router,
    saved.router,
    notes.router,
    security.router,
    reports.router,
    review.router,
    keys.router,
    batches.router,
    compare.router,
    obligations.public,
    verify.router,
    pki.router,
    obligations.router,
    succession.router,
    handing.router,
    type_pages.router,
    documents.router,
    retention_rules.router,
    retention.router,
    flags.router,
    flag_list.router,
    flag.router,
    mailbox.router,
    runs.router,
    reminders.router,
    deadlines.router,  # before /admin/{place}/{action}
    mail_samples.router,  # likewise
    spot_draws.router,  # before /spot/{check_id}
    spot.router,  # likewise
    spot_check.router,
    admin_trust.router,  # before /admin/{place}/{action}
    admin.router,
)


@cache
def rooms() -> tuple[BaseRoute, ...]:
    """Every address of the site, for all applications of a process.

    FastAPI works out again what each endpoint asks for wherever a router is included: half a second of
    processor time, spread over the first requests.
    """
    site = APIRouter()
    for router in API_ROUTERS:
        site.include_router(router, prefix=API, dependencies=[Depends(refuse_halves)])
    for router in PAGE_ROUTERS:
        site.include_router(router, include_in_schema=False)
    return tuple(site.routes)
