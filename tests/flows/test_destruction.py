"""Destruction: a list that people sign, carried out record by record; nothing goes by itself. Real files."""

from __future__ import annotations

from sqlmodel import select

from flows import destroying, views
from models.destruction import DestroyedFile, Destruction
from tests import destructions
from tests.cast import Cast


def test_an_approved_list_is_carried_out_and_the_chain_of_events_holds(each_cast: Cast) -> None:
    cast, office = each_cast, each_cast.office
    first, second = destructions.due(cast, 12, 13)
    made = destructions.approved(cast, [first, second])
    file = cast.fresh(first).blob
    assert file and office.blobs.path(file).exists()
    report = destroying.carry_out(office, cast.actor("thu"), made)
    assert (report.destroyed, report.kept) == (2, 0)
    for key in (first, second):
        document = cast.fresh(key)
        assert (document.status, document.title, document.fields, document.blob) == (
            "destroyed",
            "Kế hoạch bài dạy (giáo án)",
            {},
            None,
        )
        with office.db.read() as session:
            assert views.chain_holds(session, key) and views.replayed(session, key, cast.school_id)
            row = session.get_one(Destruction, key)
        last = destructions.events(cast, key)[-1]
        assert (row.list_id, row.seq, row.head_hash) == (made, last.seq, document.head_hash)
        assert (last.action, last.actor_id, last.data["list"]) == ("destroy", cast.ids["thu"], made)
    with office.db.read() as session:
        gone = session.exec(select(DestroyedFile.sha256)).all()
    assert file in gone and not any(office.blobs.path(name).exists() for name in gone)
