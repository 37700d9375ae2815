"""Documents in every state a school's database holds, and what must be true of them wherever they go."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from sqlmodel import Session, col, select

from flows import archiving, chains, queries
from flows.keyring import trust_of
from flows.office import Office
from models.db import Database
from models.document import Document, Revision, Signature
from models.migrate import config
from models.portable import lines, shapes
from models.settings import Settings
from tasks import verifying
from tasks.blobs import BlobStore
from tests.cast import Cast

STATES = (
    "draft",
    "waits for the head",
    "waits for the principal",
    "returned",
    "sent again",
    "waits for the archive",
    "archived",
    "waits for the seal",
)


def records(cast: Cast, *states: str) -> dict[str, str]:
    """One document in each state (or in those named), by the state's name."""
    return {
        state: _record(cast, state, 14 + number)
        for number, state in enumerate(STATES)
        if state in (states or STATES)
    }


def _record(cast: Cast, state: str, week: int) -> str:
    if state == "draft":
        return cast.lesson_plan("lan", week).id
    if state == "waits for the seal":
        plan = cast.team_plan().id
        for name, action in (("hoa", "submit"), ("hoa", "sign"), ("ngoc", "approve"), ("minh", "approve")):
            cast.act(name, plan, action)
        return plan
    document = cast.sent("lan", week).id
    if state in ("returned", "sent again"):
        cast.act("hoa", document, "return", note="Ghi rõ hơn thời lượng.")
    if state == "sent again":
        cast.act("lan", document, "submit")
        cast.act("lan", document, "sign")
    if state in ("waits for the principal", "waits for the archive", "archived"):
        cast.act("hoa", document, "approve")
    if state in ("waits for the archive", "archived"):
        cast.act("minh", document, "approve")
    if state == "archived":
        archive(cast, document)
    return document


def archive(cast: Cast, document_id: str) -> None:
    """The machine's steps of an approved document, without Prefect."""
    seq = cast.fresh(document_id).version
    validated = archiving.validate_signatures(cast.office, document_id, seq)
    stamped = archiving.archive_timestamp(cast.office, document_id, seq, validated)
    archiving.archive(cast.office, document_id, seq, stamped)


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
        assert list(chains.broken(session)) == []
        for document in session.exec(select(Document)).all():
            assert queries.chain_holds(session, document.id)
            assert queries.replayed(session, document.id, document.school_id)
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
