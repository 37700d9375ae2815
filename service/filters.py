"""The filter of a list of documents: read from an address, kept in links and forms, said in words."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import Depends, Query
from sqlmodel import Session

from flows.catalogue import type_of
from flows.listing import PERMANENT, Filter
from models.account import Account
from models.errors import NotFound
from models.school import SchoolClass, SchoolWeek
from models.text import Text
from service import story
from service.access import Viewer

LONGEST = 200
"""Characters of a search: more is no search."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A filter as an address has it; `me` is the person who asks."""

    q: str = ""
    type: str = ""
    status: tuple[str, ...] = ()
    week: str = ""
    owner: str = ""
    class_: str = ""
    owed: bool = False
    kept: str = ""

    def read(self, viewer: Viewer) -> Filter:
        """What is asked for."""
        owner = viewer.account.id if self.owner == "me" else self.owner
        return Filter(self.q, self.type, self.status, self.week, owner, self.class_, self.owed, self.kept)

    def address(self, path: str, **more: str) -> str:
        """A path with this filter behind it, and with what else is given."""
        pairs = [("q", self.q), ("type", self.type), *(("status", s) for s in self.status)]
        pairs += [("week", self.week), ("owner", self.owner), ("class", self.class_)]
        pairs += [("owed", "true" if self.owed else ""), ("kept", self.kept), *more.items()]
        asked = urlencode([(name, value) for name, value in pairs if value])
        return f"{path}?{asked}" if asked else path


def typed(
    q: str = "",
    type: str = "",
    status: Annotated[list[str] | None, Query()] = None,
    week: str = "",
    owner: str = "",
    class_: Annotated[str, Query(alias="class")] = "",
    owed: bool | Literal[""] = False,
    kept: str = "",
) -> Typed:
    """The filter of this request; an unfilled field narrows nothing."""
    wanted = tuple(s for s in status or () if s)
    return Typed(q.strip()[:LONGEST], type, wanted, week, owner, class_, bool(owed), kept.strip()[:12])


TypedDep = Annotated[Typed, Depends(typed)]


def spoken(session: Session, school_id: str, asked: Filter) -> list[Text]:
    """Each part of a filter as a sentence, for the head of an export; one that says so when there is none."""
    said = []
    if asked.q:
        said.append(Text(f"Từ cần tìm: {asked.q}", f"Words: {asked.q}"))
    if asked.type:
        said.append(Text("Loại: {name}", "Type: {name}").format(name=_type(asked.type)))
    for value in asked.status:
        name = story.STATUSES.get(value, Text(value, value))
        said.append(Text("Trạng thái: {name}", "Status: {name}").format(name=name))
    week = session.get(SchoolWeek, asked.week) if asked.week else None
    if asked.week:
        number = str(week.number) if week and week.school_id == school_id else "?"
        said.append(Text(f"Tuần: {number}", f"Week: {number}"))
    person = session.get(Account, asked.owner) if asked.owner else None
    if asked.owner:
        name_ = person.full_name if person and person.school_id == school_id else "?"
        said.append(Text(f"Người soạn: {name_}", f"Author: {name_}"))
    taught = session.get(SchoolClass, asked.class_) if asked.class_ else None
    if asked.class_:
        class_name = taught.name if taught and taught.school_id == school_id else "?"
        said.append(Text(f"Lớp: {class_name}", f"Class: {class_name}"))
    if asked.owed:
        said.append(Text("Còn việc sau khi duyệt", "With something owed after approval"))
    if asked.kept:
        until = Text("Giữ vĩnh viễn", "Kept permanently")
        if asked.kept != PERMANENT:
            until = Text(f"Giữ đến hết năm: {asked.kept}", f"Kept to the end of: {asked.kept}")
        said.append(until)
    return said or [Text("Mọi hồ sơ tài khoản này được xem", "Every record this account may see")]


def refuse_unknown(value: str, known: Collection[str]) -> None:
    """NotFound for a value an address made by hand has and no list offers; an unfilled one asks nothing."""
    if value and value not in known:
        raise NotFound(_UNKNOWN.format(value=value[:80]))


_UNKNOWN = Text(
    "Không có điều kiện lọc “{value}”. Mở lại trang từ Trang chủ rồi chọn trong danh sách.",
    "There is nothing to filter by called “{value}”. Open the page from Home again and choose from its list.",
)


def _type(slug: str) -> Text:
    try:
        return type_of(slug).name
    except NotFound:
        return Text(slug, slug)
