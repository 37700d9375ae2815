"""What must be true of a school's records wherever they go: restored, upgraded, after kills."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from sqlmodel import Session, col, select

from flows import auditing
from flows.certification import trust_of
from flows.office import Office
from models.db import Database
from models.document import Document, Revision, Signature
from models.migrate import config
from models.portable import lines, shapes
from models.settings import Settings
from tasks import verifying
from tasks.blobs import BlobStore
from tests.audited import sound

NO_SIGNATURES = auditing.Asked(signatures=False)


def stamp(office: Office) -> None:
    """Tell the database of a test, made from the tables as described, that it has every migration."""
    with office.db.write() as session:
        made = config()
        made.attributes["connection"] = session.connection()
        command.stamp(made, "head")


def elsewhere(office: Office, data: Path, database_url: str = "") -> Office:
    """The same effects over another data folder and database."""
    settings = Settings(data=data, database_url=database_url, tsa_url=office.settings.tsa_url)
    return Office(
        settings,
        Database(settings.database),
        BlobStore(settings.blobs),
        office.intake,
        office.signers,
        name="restored",
    )


def written(db: Database) -> dict[str, list[str]]:
    """Every lasting row of a database, a line each, by table."""
    with db.read() as session:
        return {shape.name: list(lines(session, shape)) for shape in shapes()}


def hold(office: Office) -> int:
    """Chains, positions and the signatures of every revision; how many signatures were checked."""
    with office.db.read() as session:
        assert [f.sentence for f in auditing.audit(office, NO_SIGNATURES).findings.kept] == []
        for document in session.exec(select(Document)).all():
            assert sound(session, document.id)
        return sum(_signatures_hold(session, office, row) for row in session.exec(select(Revision)).all())


def _signatures_hold(session: Session, office: Office, revision: Revision) -> int:
    rows = session.exec(
        select(Signature.field, Signature.certificate).where(
            col(Signature.document_id) == revision.document_id, col(Signature.revision) == revision.number
        )
    ).all()
    if not rows:
        return 0
    report = verifying.validate(office.blobs.get(revision.final), trust_of(session), office.now())
    assert report.ok, report
    assert {(s.field, s.certificate_fingerprint) for s in report.signatures if not s.is_timestamp} == set(
        rows
    )
    return len(rows)
