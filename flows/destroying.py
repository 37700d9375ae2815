"""Carrying out an approved list: the clerk's act, record by record, each in its own transaction.

Everything is looked at again at that moment: a hold placed meanwhile, a record that still needs another.
Killed in the middle nothing is half done: what is left stands on the list as before and is carried out when
asked again. A file goes after the transaction that says so; one a crash left is removed by `sweep`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from flows import decide, erasing, retention
from flows.documents.destruction_list import DESTRUCTION_LIST
from flows.kin import families
from flows.office import Office
from flows.people import Actor
from flows.queries import LIGHT, visible
from flows.reading import read
from models.account import Account
from models.db import Database
from models.destruction import DestroyedFile, Destruction, ListedRecord
from models.document import Document
from models.errors import NotFound, NotYours, WrongStep
from models.text import Text
from tasks.blobs import BlobStore

log = logging.getLogger("hososo.retention")


@dataclass(frozen=True, slots=True)
class Entry:
    """A record on a list, as it stands now; `stays`: why it would not be destroyed if the list were."""

    row: ListedRecord
    document: Document
    owner: str
    destruction: Destruction | None
    by: str
    stays: Text | None


@dataclass(frozen=True, slots=True)
class Report:
    """What one carrying out did."""

    destroyed: int
    kept: int


def entries(session: Session, list_id: str, school_id: str, now: datetime) -> list[Entry]:
    """The records of a list, in the order of their ids; those released are no longer on it."""
    rows = session.exec(
        select(ListedRecord, Document, Account.full_name, Destruction)
        .join(Document, col(Document.id) == col(ListedRecord.document_id))
        .join(Account, col(Account.id) == col(Document.owner_id))
        .join(Destruction, col(Destruction.document_id) == col(ListedRecord.document_id), isouter=True)
        .where(
            col(ListedRecord.list_id) == list_id,
            col(ListedRecord.school_id) == school_id,
            col(ListedRecord.state) != "released",
        )
        .order_by(col(ListedRecord.document_id))
        .options(LIGHT)
    ).all()
    waiting = [document.id for row, document, *_ in rows if row.state == "listed"]
    stays = retention.staying(session, school_id, waiting, now, list_id)
    ids = {one.by_id for *_, one in rows if one is not None}
    names = dict(session.exec(select(Account.id, Account.full_name).where(col(Account.id).in_(ids))).all())
    return [
        Entry(row, document, owner, one, names.get(one.by_id, "") if one else "", stays.get(document.id))
        for row, document, owner, one in rows
    ]


def list_of(session: Session, actor: Actor, list_id: str) -> Document:
    """A destruction list this account may see; NotFound otherwise."""
    document = visible(session, actor, list_id)
    if document.type != DESTRUCTION_LIST.slug:
        raise NotFound
    return document


def may_carry_out(actor: Actor) -> bool:
    """The clerk's act, as the seal is."""
    return "clerk" in actor.roles


def _waiting(session: Session, list_id: str) -> list[str]:
    """The records of a list that wait to be destroyed."""
    return list(
        session.exec(
            select(ListedRecord.document_id)
            .where(col(ListedRecord.list_id) == list_id, col(ListedRecord.state) == "listed")
            .order_by(col(ListedRecord.document_id))
        ).all()
    )


def carry_out(office: Office, actor: Actor, list_id: str) -> Report:
    """Destroy what the list names and nothing hinders; the rest is kept, with the reason.

    NotFound, NotYours for anyone but a clerk, WrongStep before the list is archived. Again it goes on where
    it ended.
    """
    with office.db.read() as session:
        document = list_of(session, actor, list_id)
        if not may_carry_out(actor):
            raise NotYours(_CLERK_ALONE)
        if document.status != "archived":
            raise WrongStep(_NOT_ARCHIVED)
        ids = _waiting(session, list_id)
        files = erasing.files_of(session, ids)
        owners = erasing.owners_of(session, {name for each in files.values() for name in each})
    destroyed = kept = 0
    for key in ids:
        shared = {name for name in files[key] if owners[name] - {key}}
        gone = _destroy(office, actor, list_id, key, shared)
        destroyed, kept = destroyed + (gone is True), kept + (gone is False)
        for name in files[key] if gone else ():
            owners[name].discard(key)
    log.info("list %s: destroyed=%d kept=%d", list_id, destroyed, kept)
    return Report(destroyed, kept)


def _destroy(office: Office, actor: Actor, list_id: str, document_id: str, shared: set[str]) -> bool | None:
    """One record, in its own transaction; files that others share are kept. None where it is done already."""
    now = office.now()
    with office.db.write() as session:
        row = session.get(ListedRecord, (list_id, document_id), with_for_update=True)
        if row is None or row.state != "listed":
            return None
        [family] = families(session, [document_id])
        going = sorted(set(family) & set(_waiting(session, list_id)))
        why = retention.staying(session, row.school_id, going, now, list_id).get(document_id)
        row.at = now
        if why is not None:
            row.state, row.reason = "kept", why.vi[:500]
            session.add(row)
            return False
        here = read(session, document_id, row.school_id)
        names = erasing.files_of(session, [document_id])[document_id]
        shared = shared | erasing.sent_in(session, names, document_id)  # meanwhile
        event = decide.note_destroyed(session, here, actor, {"list": list_id, "sha256": row.sha256}, now)
        erasing.empty(session, here.document)
        session.add(
            Destruction(
                document_id=document_id,
                school_id=row.school_id,
                list_id=list_id,
                seq=event.seq,
                head_hash=event.hash,
                by_id=actor.id,
                at=now,
            )
        )
        session.flush()
        alone = sorted(names - shared)
        session.add_all(
            DestroyedFile(document_id=document_id, sha256=name, school_id=row.school_id) for name in alone
        )
        row.state = "destroyed"
        session.add(row)
    for name in alone:
        office.blobs.remove(name)
    return True


def sweep(db: Database, blobs: BlobStore) -> int:
    """Remove what a crash left of files whose destruction is recorded; how many. Nothing else is touched."""
    with db.read() as session:
        found = session.exec(select(DestroyedFile.document_id, DestroyedFile.sha256)).all()
        left = {name for _, name in found if blobs.path(name).exists()}
        owners = erasing.owners_of(session, left)
    return sum(blobs.remove(name) for name in left if not owners[name])


_CLERK_ALONE = Text(
    "Việc thực hiện hủy do văn thư làm, sau khi danh mục được ký duyệt và đóng dấu.",
    "The clerk carries the list out, once it is approved and sealed.",
)
_NOT_ARCHIVED = Text(
    "Danh mục chưa ký duyệt, đóng dấu và lưu trữ xong nên chưa hủy được hồ sơ nào.",
    "The list is not approved, sealed and archived yet, so nothing is destroyed.",
)
