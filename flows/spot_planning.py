"""Drawing checks at random: the pool, the seal and what is drawn, fixed in one transaction; the reveal.

`flows/spot_draw.py` says how a draw is made and recomputed. Nothing here chooses: who draws says from which
days, periods, groups and classes, and how many. What was drawn stays drawn, whatever becomes of the timetable
(`flows/spot_clock.py` says of a period that is gone that it was missed).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from flows import probable_rows, spot_checks, spot_draw, spot_reveal, timetable
from flows.candidates import today
from flows.office import Office
from flows.people import Actor
from flows.spot_draw import Pool, Slot
from flows.spot_rights import may_plan
from flows.timetable import Period
from models.account import Group, GroupMember
from models.columns import new_id
from models.errors import Fault, Invalid, NotFound, NotYours
from models.school import SchoolClass
from models.spot_check import SpotCheck, SpotDraw
from models.text import Text
from tasks import keys

MOST_DAYS = 31
MOST_WANTED = 40
FARTHEST = timedelta(days=366)
"""A timetable that is drawn from is known for a school year, no farther ahead."""
LEAST_SLOTS, LEAST_TEACHERS, LEAST_PERIODS = 5, 2, 2
"""A pool has so many slots, of so many teachers, and so many periods for each check that is drawn: what is
drawn from less is known beforehand."""


@dataclass(frozen=True, slots=True)
class Wish:
    """From what is drawn, and how many. Empty choices mean all; `periods` are (session, number)."""

    first_day: date
    last_day: date
    wanted: int
    inspector_id: str = ""
    periods: tuple[tuple[str, int], ...] = ()
    groups: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """As the draw keeps it, to be shown again."""
        return {
            "periods": [list(p) for p in self.periods],
            "groups": list(self.groups),
            "classes": list(self.classes),
        }


def fresh_seed() -> bytes:
    """The secret of one draw, from the system's own source of randomness."""
    return secrets.token_bytes(spot_draw.SEED_BYTES)


def plan(office: Office, actor: Actor, wish: Wish, new_seed: Callable[[], bytes] = fresh_seed) -> str:
    """Draw; the id of the draw, which is published with its commitment in this very transaction.

    The seed is made before the timetable is read, and never again: pool, commitment and checks are written
    together or not at all. Invalid names what cannot be drawn.
    """
    now, draw_id, seed = office.now(), new_id(), new_seed()
    if not may_plan(actor):  # whoever may not draw is told that, whatever they asked for
        raise NotYours(spot_checks.PLANNERS_ALONE)
    _check(wish, today(now))
    with office.db.write() as session:
        inspector = spot_checks.inspector_for(session, actor, wish.inspector_id)
        slots = drawable(session, actor.school_id, inspector.id, wish)
        _refuse_too_few(slots, wish)
        pool = Pool(draw_id, wish.wanted, tuple(slots))
        text = pool.text()
        draw = SpotDraw(
            id=draw_id,
            school_id=actor.school_id,
            inspector_id=inspector.id,
            made_by=actor.id,
            made_at=now,
            first_day=wish.first_day,
            last_day=wish.last_day,
            wanted=wish.wanted,
            asked=wish.as_data(),
            pool=text,
            pool_sha256=spot_draw.pool_digest(text),
            commitment=spot_draw.commitment(seed, text),
            protected_seed=keys.protect_service(seed, office.settings.master_key, spot_reveal.owner(draw_id)),
        )
        session.add(draw)
        session.flush()
        checks = [
            SpotCheck(
                school_id=actor.school_id,
                draw_id=draw_id,
                place=place,
                inspector_id=inspector.id,
                planned_by=actor.id,
                planned_at=now,
                **spot_checks.place_of(slots[key]),
            )
            for place, key in enumerate(spot_draw.drawn(seed, pool), start=1)
        ]
        session.add_all(checks)
    return draw_id


def _check(wish: Wish, day: date) -> None:
    faults = []
    if wish.last_day > day + FARTHEST:
        faults.append(Fault("first_day" if wish.first_day > day + FARTHEST else "last_day", _FAR))
    if wish.first_day <= day:
        faults.append(Fault("first_day", _NOT_BEFORE))
    if not timedelta(0) <= wish.last_day - wish.first_day < timedelta(days=MOST_DAYS):
        faults.append(Fault("last_day", _DAYS))
    if not 1 <= wish.wanted <= MOST_WANTED:
        faults.append(Fault("wanted", _WANTED))
    if faults:
        raise Invalid(faults[0].sentence, tuple(faults))


def _refuse_too_few(slots: Mapping[str, Period], wish: Wish) -> None:
    if not slots:
        raise Invalid(_EMPTY, (Fault("first_day", _EMPTY),))
    teachers, there = {p.teacher_id for p in slots.values()}, spot_draw.periods(slots)
    if len(slots) < LEAST_SLOTS or len(teachers) < LEAST_TEACHERS:
        small = _SMALL.format(n=len(slots), teachers=len(teachers))
        raise Invalid(small, (Fault("first_day", small),))
    if there < LEAST_PERIODS * wish.wanted:
        few = _FEW.format(n=there, wanted=wish.wanted, least=LEAST_PERIODS * wish.wanted)
        raise Invalid(few, (Fault("wanted", few),))


def drawable(session: Session, school_id: str, inspector_id: str, wish: Wish) -> dict[str, Period]:
    """By its key: every period that may be drawn.

    Left out: the inspector's own lessons and whatever is taught at the same time, or while they check
    already; lessons of who is away; periods somebody checks already. Invalid for a group or class there is
    not.
    """
    _refuse_unknown(session, school_id, wish)
    c = SpotCheck
    planned = session.exec(
        select(c).where(
            col(c.school_id) == school_id,
            col(c.state) == "planned",
            col(c.day).between(wish.first_day, wish.last_day),
        )
    ).all()
    taken = {(p.day, p.session, p.period, p.class_id) for p in planned}
    busy = {(p.day, p.session, p.period) for p in planned if p.inspector_id == inspector_id}
    lessons = timetable.of_days(session, school_id, wish.first_day, wish.last_day)
    busy |= {(p.day, p.session, p.number) for p in lessons if p.teacher_id == inspector_id}
    days = {p.day for p in lessons}
    away = {day: probable_rows.away(session, [school_id], day) for day in days}
    members = _members(session, school_id, wish.groups)
    return {
        Slot(p.day, p.session, p.number, p.class_name).key: p
        for p in lessons
        if (p.day, p.session, p.number) not in busy
        and (p.day, p.session, p.number, p.class_id) not in taken
        and p.teacher_id not in away[p.day]
        and (not wish.periods or (p.session, p.number) in wish.periods)
        and (not wish.classes or p.class_id in wish.classes)
        and (members is None or p.teacher_id in members)
    }


def _refuse_unknown(session: Session, school_id: str, wish: Wish) -> None:
    tables: tuple[tuple[str, type[Any], Sequence[str]], ...] = (
        ("groups", Group, wish.groups),
        ("classes", SchoolClass, wish.classes),
    )
    for name, table, ids in tables:
        there = session.exec(select(table.id).where(table.school_id == school_id, table.id.in_(ids))).all()
        if set(ids) - set(there):
            raise Invalid(_UNKNOWN, (Fault(name, _UNKNOWN),))


def _members(session: Session, school_id: str, groups: Sequence[str]) -> set[str] | None:
    if not groups:
        return None
    rows = select(GroupMember.account_id).where(
        col(GroupMember.school_id) == school_id, col(GroupMember.group_id).in_(groups)
    )
    return set(session.exec(rows))


# --- reading --------------------------------------------------------------------------------------------


def draw_of(session: Session, actor: Actor, draw_id: str) -> SpotDraw:
    """A published draw of this person's school: all staff may see it. NotFound for every other."""
    found = session.get(SpotDraw, draw_id)
    if found is None or found.school_id != actor.school_id:
        raise NotFound
    return found


def draws(
    session: Session, actor: Actor, *, limit: int = 50, before: tuple[datetime, str] | None = None
) -> list[SpotDraw]:
    """The school's draws, the newest first."""
    d = SpotDraw
    rows = select(d).where(col(d.school_id) == actor.school_id)
    if before:
        at, key = before
        rows = rows.where((col(d.made_at) < at) | ((col(d.made_at) == at) & (col(d.id) < key)))
    return list(session.exec(rows.order_by(col(d.made_at).desc(), col(d.id).desc()).limit(limit)))


_NOT_BEFORE = Text(
    "Rút cho ngày mai trở đi: mã băm phải được công bố trước ngày kiểm tra. "
    "Kiểm tra ngay hôm nay thì chọn tiết và ghi lý do.",
    "Draw for tomorrow or later: the hash is to be public before the day. "
    "For today choose a period and give a reason.",
)
_FAR = Text(
    "Ngày này còn xa hơn một năm. Chọn ngày gần hơn.", "That is more than a year ahead. Choose a nearer day."
)
_DAYS = Text(
    f"Ngày cuối không trước ngày đầu, và cả đợt dài nhất {MOST_DAYS} ngày.",
    f"The last day is not before the first, and a draw spans at most {MOST_DAYS} days.",
)
_WANTED = Text(f"Số phiếu từ 1 đến {MOST_WANTED}.", f"1 to {MOST_WANTED} checks.")
_EMPTY = Text(
    "Trong các ngày, tiết, tổ và lớp đã chọn không có tiết dạy nào rút được. Chọn rộng hơn.",
    "There is no period to draw from in the days, periods, groups and classes chosen. Choose more.",
)
_SMALL = Text(
    f"Chỉ có {{n}} tiết của {{teachers}} giáo viên để rút, ai cũng đoán được kết quả. "
    f"Cần ít nhất {LEAST_SLOTS} tiết của {LEAST_TEACHERS} giáo viên: chọn thêm ngày, tiết, tổ hoặc lớp.",
    f"Periods to draw from: {{n}}, teachers: {{teachers}}; anyone could guess. "
    f"At least {LEAST_SLOTS} periods of {LEAST_TEACHERS} teachers are needed: "
    "choose more days, periods, groups or classes.",
)
_FEW = Text(
    f"Chỉ có {{n}} tiết khác giờ nhau; rút {{wanted}} phiếu cần ít nhất {{least}}, "
    f"gấp {LEAST_PERIODS} lần số phiếu. Giảm số phiếu, hoặc chọn thêm ngày, tiết, tổ hoặc lớp.",
    "Different times there are: {n}. To draw {wanted}, at least {least} are needed. "
    "Ask for fewer, or choose more days, periods, groups or classes.",
)
_UNKNOWN = Text(
    "Có tổ hoặc lớp không thuộc trường. Tải lại trang rồi chọn lại.",
    "A group or class is not of this school. Reload the page and choose again.",
)
