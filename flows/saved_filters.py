"""Filters of the lists a person named: their own, but the address of one works for everyone."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete
from sqlmodel import Session, col, func, select

from flows.office import Office
from flows.people import Actor
from models.errors import Fault, Invalid
from models.review import SavedFilter
from models.text import Text
from tasks.rich_text import clean_line

PLACES: Mapping[str, tuple[str, ...]] = {
    "inbox": ("type", "week", "group", "owner", "late", "returned", "q"),
    "documents": ("type", "status", "week", "group", "owner", "late", "returned", "q"),
}
"""The lists, and what each can be filtered by."""
LONGEST_NAME = 60
LONGEST_VALUE = 200
MOST = 20
"""Filters of one person and list."""


def of(session: Session, actor: Actor, place: str) -> list[SavedFilter]:
    """A person's filters of a list, by name."""
    return list(
        session.exec(
            select(SavedFilter)
            .where(col(SavedFilter.account_id) == actor.id, col(SavedFilter.place) == place)
            .order_by(col(SavedFilter.name))
        ).all()
    )


def keep(office: Office, actor: Actor, place: str, name: str, query: Mapping[str, str]) -> SavedFilter:
    """Name a filter; one of the same name is replaced. Invalid: no name, nothing to filter by, too many."""
    called = clean_line(name)[:LONGEST_NAME]
    asked = {key: clean_line(query[key])[:LONGEST_VALUE] for key in PLACES.get(place, ()) if query.get(key)}
    if not called:
        raise Invalid(_UNNAMED, (Fault("name", _UNNAMED, missing=True),))
    if not asked:
        raise Invalid(_EMPTY, (Fault("query", _EMPTY),))
    with office.db.write() as session:
        mine = col(SavedFilter.account_id) == actor.id, col(SavedFilter.place) == place
        row = session.exec(select(SavedFilter).where(*mine, col(SavedFilter.name) == called)).first()
        if row is None:
            if session.exec(select(func.count()).select_from(SavedFilter).where(*mine)).one() >= MOST:
                raise Invalid(_TOO_MANY, (Fault("name", _TOO_MANY),))
            row = SavedFilter(
                school_id=actor.school_id,
                account_id=actor.id,
                place=place,
                name=called,
                created_at=office.now(),
            )
        row.query = asked
        session.add(row)
        session.flush()
        return row


def drop(office: Office, actor: Actor, filter_id: str) -> None:
    """Forget a filter of this person's; nobody else's is touched."""
    with office.db.write() as session:
        session.exec(
            delete(SavedFilter).where(
                col(SavedFilter.id) == filter_id, col(SavedFilter.account_id) == actor.id
            )
        )


_UNNAMED = Text("Đặt tên cho bộ lọc.", "Give the filter a name.")
_EMPTY = Text("Chọn ít nhất một điều kiện lọc rồi lưu.", "Choose at least one thing to filter by, then save.")
_TOO_MANY = Text(
    f"Đã có {MOST} bộ lọc. Xóa bớt rồi lưu lại.", f"There are {MOST} filters already. Remove one, then save."
)
