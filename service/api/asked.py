"""The filters of the API's lists: a value nobody knows is refused and named, whatever the list.

An empty list would say that there is nothing; a value of another school is as unknown as one made up.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from fastapi import Request
from sqlmodel import Session, select

from flows.catalogue import TYPES
from flows.flag_words import NAMES
from models.account import Account, Group
from models.errors import Fault, Invalid
from models.school import SchoolClass, SchoolWeek
from models.text import Text
from service.standing import ASKED
from service.story import STATUSES

_ROWS: Mapping[str, type[Any]] = {
    "week": SchoolWeek,
    "from": SchoolWeek,
    "to": SchoolWeek,
    "group": Group,
    "owner": Account,
    "person": Account,
    "class": SchoolClass,
}
"""Fields that hold the id of a row of the school."""
_WORDS: dict[str, Collection[str]] = {
    "type": frozenset(t.slug for t in TYPES),
    "status": frozenset(STATUSES),
    "rule": frozenset(NAMES),
    "state": frozenset(ASKED),
}


def refuse_unknown(
    session: Session,
    school_id: str,
    asked: Mapping[str, str | tuple[str, ...]],
    own: Mapping[str, Collection[str]] | None = None,
) -> None:
    """Raise Invalid with a fault at each field that asks for what there is not; an unfilled one asks
    nothing. `own`: words this list alone knows, by field."""
    faults, known = [], {**_WORDS, **(own or {})}
    for name, given in asked.items():
        values = (given,) if isinstance(given, str) else given
        unknown = [v for v in values if v and not _known(session, school_id, name, v, known)]
        if unknown:
            faults.append(Fault(name, _UNKNOWN.format(name=name, value=unknown[0][:80])))
    if faults:
        raise Invalid(_WRONG, tuple(faults))


def refuse_unnamed(request: Request, names: Collection[str]) -> None:
    """Raise Invalid with a fault at each name in the address that this list does not know.

    Read over, such a condition would be taken for one that holds.
    """
    faults = tuple(
        Fault(name[:80], _UNNAMED.format(name=name[:80]))
        for name in dict.fromkeys(request.query_params)
        if name not in names and name != "lang"
    )
    if faults:
        raise Invalid(_UNNAMED_ONES, faults)


def _known(
    session: Session, school_id: str, name: str, value: str, known: Mapping[str, Collection[str]]
) -> bool:
    if name in known:
        return value in known[name]
    if name == "year":
        here = select(SchoolWeek.id).where(SchoolWeek.school_id == school_id, SchoolWeek.year == value)
        return session.exec(here.limit(1)).first() is not None
    row = session.get(_ROWS[name], value)
    return row is not None and row.school_id == school_id


_UNKNOWN = Text(
    "Không có giá trị “{value}” cho {name}. Bỏ điều kiện này hoặc dùng giá trị do API trả về.",
    "There is no {name} “{value}”. Leave this condition out, or use a value the API gave.",
)
_UNNAMED = Text(
    "Danh sách này không có điều kiện “{name}”. Bỏ điều kiện này.",
    "This list has no condition “{name}”. Leave it out.",
)
_UNNAMED_ONES = Text(
    "Địa chỉ có điều kiện mà danh sách này không có. Xem lại các tên được nêu.",
    "The address has conditions this list does not know. Look at the names given.",
)
_WRONG = Text(
    "Điều kiện lọc có giá trị không tồn tại. Xem lại các trường được nêu.",
    "The filter asks for what there is not. Look at the fields named.",
)
