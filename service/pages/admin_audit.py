"""The administrator's page of the audit: the latest roots, and what the last audits found."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from sqlalchemy import or_
from sqlmodel import col, func, select

from flows.kept_rows import BEFORE, ENTERED
from models.audit import STAMP, AuditLeaf, AuditRoot, AuditRun, AuditStamp
from models.text import Text
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
        others = (
            select(func.count())
            .select_from(AuditLeaf)
            .where(
                or_(
                    col(AuditLeaf.document_id) == STAMP,
                    *(col(AuditLeaf.document_id).startswith(other) for other in (BEFORE, ENTERED)),
                ),
                col(AuditLeaf.root_number) == col(AuditRoot.number),
            )
            .scalar_subquery()
        )
        roots = session.exec(
            select(AuditRoot, AuditStamp, AuditRoot.leaves - others)
            .join(AuditStamp, col(AuditStamp.root_number) == col(AuditRoot.number), isouter=True)
            .order_by(col(AuditRoot.number).desc())
            .limit(ROOTS)
        ).all()
        runs = session.exec(select(AuditRun).order_by(col(AuditRun.finished_at).desc()).limit(RUNS)).all()
    told = [(run, Text(run.first["vi"], run.first["en"]) if run.first else None) for run in runs]
    return page(request, viewer, "pages/admin_audit.html", roots=roots, runs=told)
