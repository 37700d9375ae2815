"""The administrator's page of the audit: the latest roots, and what the last audits found."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from sqlmodel import col, select

from models.audit import AuditRoot, AuditRun, AuditStamp
from service.access import AdminViewer
from service.deps import OfficeDep
from service.templating import page

router = APIRouter()
ROOTS, RUNS = 14, 10
"""Rows shown of each."""


@router.get("/audit")
def audit_page(request: Request, viewer: AdminViewer, office: OfficeDep) -> Response:
    """Roots and audits, the newest first."""
    with office.db.read() as session:
        roots = session.exec(
            select(AuditRoot, AuditStamp)
            .join(AuditStamp, col(AuditStamp.root_number) == col(AuditRoot.number), isouter=True)
            .order_by(col(AuditRoot.number).desc())
            .limit(ROOTS)
        ).all()
        runs = session.exec(select(AuditRun).order_by(col(AuditRun.finished_at).desc()).limit(RUNS)).all()
    return page(request, viewer, "pages/admin_audit.html", roots=roots, runs=runs)
