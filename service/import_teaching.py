"""Planning an import's classes, teaching assignments and timetable.

What a file says of a class and subject replaces who taught it; classes and subjects it does not name stay. A
year that is over is left alone. A timetable is replaced as a whole, from the day it names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from sqlmodel import Session, col, delete, select

from models.errors import Invalid
from models.school import TeachingAssignment, Timetable, TimetableEntry
from models.text import Text
from service import school as school_admin
from service.import_names import fold
from service.import_plan import Applying, Entry, Known, Plan, row_digest, settle
from service.import_sheets import TEACHING, TIMETABLE, Contents, PeriodCell, Problem, TeachingRow

_HOMEROOM_SUBJECT = "Hoạt động trải nghiệm"


def plan_teaching(school: Known, rows: list[TeachingRow], plan: Plan) -> None:
    """New classes, and who takes over which subject where."""
    told: dict[tuple[str, str, str], list[tuple[TeachingRow, str]]] = {}
    homerooms: dict[tuple[str, str], tuple[str, str]] = {}
    for row in rows:
        who = school.person(row.who)
        if isinstance(who, Text):
            plan.problems.append(Problem(TEACHING, row.cells["who"], who))
            continue
        place = _class_of(school, row, plan)
        if place is None:
            continue
        if row.homeroom:
            name, cell = homerooms.setdefault(place, (who.sign_in_name, row.cells["homeroom"]))
            if name != who.sign_in_name:
                plan.problems.append(
                    Problem(TEACHING, row.cells["homeroom"], _TWO_HOMEROOMS.format(cell=cell))
                )
        named = told.setdefault((*place, row.subject), [])
        first = next((other.cells["who"] for other, name in named if name == who.sign_in_name), "")
        if first:
            sentence = _TWICE.format(cell=first)
            plan.problems.append(Problem(TEACHING, row.cells["who"], sentence, stops=False))
        named.append((row, who.sign_in_name))
    for (year, class_key, subject), named in told.items():
        _plan_subject(school, (year, class_key), subject, named, homerooms, plan)


def _class_of(school: Known, row: TeachingRow, plan: Plan) -> tuple[str, str] | None:
    """Year and folded name of the row's class, a new one planned; None with a problem, or in a past year."""
    place = (row.year, fold(row.class_name))
    if school.is_over(row.year):
        said = _YEAR_OVER.format(year=row.year)
        plan.entries.append(Entry(TEACHING, row.cells["year"], "old", said))
        return None
    if place in school.classes:
        return place
    try:
        name, _ = school_admin.read_class(row.year, row.class_name)
    except Invalid as refusal:
        key = {"name": "class"}.get(refusal.faults[0].path, refusal.faults[0].path)
        plan.problems.append(Problem(TEACHING, row.cells[key], refusal.sentence))
        return None
    school.classes[place] = name
    _warn_of_a_year_without_weeks(school, row, plan)

    def make(apply: Applying) -> None:
        school_admin.add_class(apply.session, apply.asker.school_id, row.year, name)

    said = _NEW_CLASS.format(name=name, year=row.year)
    settle(
        plan,
        school,
        [Entry(TEACHING, row.cells["class"], "new", said, make)],
        row_digest("class", row.year, name),
    )
    return place


def _warn_of_a_year_without_weeks(school: Known, row: TeachingRow, plan: Plan) -> None:
    """Once for each year: it may be a slip of the pen, or the year is yet to be made."""
    note = Problem(TEACHING, row.cells["year"], _NO_WEEKS.format(year=row.year), stops=False)
    if row.year not in school.years and all(other.sentence != note.sentence for other in plan.problems):
        plan.problems.append(note)


def _plan_subject(
    school: Known,
    place: tuple[str, str],
    subject: str,
    named: Sequence[tuple[TeachingRow, str]],
    homerooms: dict[tuple[str, str], tuple[str, str]],
    plan: Plan,
) -> None:
    """Who teaches this subject to this class from now on, against who does."""
    year, class_name = place[0], school.classes[place]
    before = school.teaching.get((*place, subject), {})
    head = homerooms.get(place, ("", ""))[0]
    # A class has one homeroom teacher: whoever the file marks, else whoever it is.
    after = {name: name == head if head else before.get(name, False) for _, name in named}
    row = named[0][0]
    said = Text(
        f"{class_name}, {subject}: {_people(school, before).vi} → {_people(school, after).vi}",
        f"{class_name}, {subject}: {_people(school, before).en} → {_people(school, after).en}",
    )
    school.told[*place, subject] = sorted(after)
    digest = row_digest("teaching", year, class_name, subject, sorted(after.items()))
    if after == before:
        same = Text(f"{class_name}, {subject}: {_people(school, after).vi}", said.en.split(" → ")[0])
        settle(plan, school, [Entry(TEACHING, row.cells["subject"], "same", same)], digest)
        return

    def take_over(apply: Applying) -> None:
        taught = apply.school_class(year, class_name)
        here = (col(TeachingAssignment.class_id) == taught.id, col(TeachingAssignment.subject) == subject)
        apply.session.exec(delete(TeachingAssignment).where(*here))
        for name in after:
            account = apply.account(name)
            school_admin.assign(
                apply.session, account.school_id, account.id, taught.id, subject, homeroom=False
            )
            apply.session.flush()
        _mark_homeroom(apply, taught.id, head)

    entry = Entry(TEACHING, row.cells["subject"], "changed" if before else "new", said, take_over)
    settle(plan, school, [entry], digest)
    if entry.act is not None:
        school.teaching[*place, subject] = after


def _mark_homeroom(apply: Applying, class_id: str, sign_in_name: str) -> None:
    """Every row of a class says the same: the homeroom teacher's are marked, nobody else's."""
    rows = apply.session.exec(
        select(TeachingAssignment).where(col(TeachingAssignment.class_id) == class_id)
    ).all()
    held = next((row.account_id for row in rows if row.homeroom), None)
    head = apply.account(sign_in_name).id if sign_in_name else held
    for row in rows:
        row.homeroom = row.account_id == head
        apply.session.add(row)
    apply.session.flush()


def _people(school: Known, names: dict[str, bool]) -> Text:
    if not names:
        return Text("chưa có", "nobody")
    shown = sorted(names)
    return Text(
        ", ".join(school.people[n].full_name + (" (chủ nhiệm)" if names[n] else "") for n in shown),
        ", ".join(school.people[n].full_name + (" (homeroom)" if names[n] else "") for n in shown),
    )


# the timetable

Slots = dict[tuple[str, int, str, int], tuple[str, str]]
"""(class name, weekday, session, period) to (subject, sign-in name)."""


def plan_timetable(session: Session, school: Known, found: Contents, plan: Plan) -> None:
    """The whole timetable from its day on, or nothing."""
    if not found.periods or found.valid_from is None:
        return
    year = _year_of(school, found.valid_from)
    if year is None:
        plan.problems.append(Problem(TIMETABLE, "B1", _NO_YEAR))
        return
    if school.is_over(year):
        plan.entries.append(Entry(TIMETABLE, "B1", "old", _YEAR_OVER.format(year=year)))
        return
    unknown = [name for name in found.class_cells if (year, fold(name)) not in school.classes]
    for name in unknown:
        sentence = _NO_CLASS.format(name=name, year=year)
        plan.problems.append(Problem(TIMETABLE, found.class_cells[name], sentence))
    cells = [cell for cell in found.periods if cell.class_name not in unknown]
    slots = {
        key: value for cell in cells if (kept := _slot(school, year, cell, plan)) for key, value in [kept]
    }
    _warn_of_doubles(school, year, cells, slots, plan)
    if plan.stopped:
        return
    entries = [_timetable_entry(session, school, year, found.valid_from, slots)]
    settle(plan, school, entries, _digest(school, year, found.valid_from, cells, slots))


def _digest(school: Known, year: str, valid_from: date, cells: Sequence[PeriodCell], slots: Slots) -> str:
    """Names the timetable as this file means it: by its own assignments, though they may be old news."""
    meant = []
    for cell in cells:
        place = (year, fold(cell.class_name))
        key = (school.classes[place], cell.weekday, cell.session, cell.period)
        named = [] if cell.who else school.told.get((*place, cell.subject), [])
        meant.append((key, cell.subject, named or [slots[key][1]]))
    return row_digest("timetable", valid_from, sorted(meant))


def _year_of(school: Known, day: date) -> str | None:
    coming = [(last, year) for year, (_, last) in school.years.items() if last >= day]
    if not coming:
        return None
    year = min(coming)[1]
    # A timetable may be dated some days before week 1, not a year before.
    return year if (school.years[year][0] - day).days < 60 else None


def _slot(
    school: Known, year: str, cell: PeriodCell, plan: Plan
) -> tuple[tuple[str, int, str, int], tuple[str, str]] | None:
    """One cell with its teacher: the one it names, else who teaches that subject to the class."""
    place = (year, fold(cell.class_name))
    teachers = sorted(school.teaching.get((*place, cell.subject), {}))
    if cell.who:
        who = school.person(cell.who)
        if isinstance(who, Text):
            plan.problems.append(Problem(TIMETABLE, cell.cell, who))
            return None
        teachers = [who.sign_in_name]
    elif not teachers and cell.subject == _HOMEROOM_SUBJECT:
        teachers = sorted(
            {
                name
                for key, t in school.teaching.items()
                if key[:2] == place
                for name, head in t.items()
                if head
            }
        )
    if len(teachers) != 1:
        why = _MANY_TEACHERS if teachers else _NO_TEACHER
        sentence = why.format(name=cell.class_name, subject=cell.subject)
        plan.problems.append(Problem(TIMETABLE, cell.cell, sentence))
        return None
    key = (school.classes[place], cell.weekday, cell.session, cell.period)
    return key, (cell.subject, teachers[0])


def _warn_of_doubles(school: Known, year: str, cells: Sequence[PeriodCell], slots: Slots, plan: Plan) -> None:
    """A teacher in two classes at once is possible (classes together), and mostly a slip."""
    at = {(school.classes[year, fold(c.class_name)], c.weekday, c.session, c.period): c for c in cells}
    first: dict[tuple[str, int, str, int], PeriodCell] = {}
    for key, (_, teacher) in slots.items():
        there = first.setdefault((teacher, *key[1:]), at[key])
        if there is not at[key]:
            sentence = _DOUBLE.format(
                who=school.people[teacher].full_name, name=there.class_name, cell=there.cell
            )
            plan.problems.append(Problem(TIMETABLE, at[key].cell, sentence, stops=False))


def _timetable_entry(session: Session, school: Known, year: str, valid_from: date, slots: Slots) -> Entry:
    starts = session.exec(
        select(Timetable)
        .where(col(Timetable.school_id) == school.school_id, col(Timetable.valid_from) <= valid_from)
        .order_by(col(Timetable.valid_from).desc())
    ).all()
    present = _slots_of(session, school, year, starts[0].valid_from) if starts else {}
    classes = len({key[0] for key in slots})
    day = f"{valid_from:%d/%m/%Y}"
    if slots == present:
        return Entry(TIMETABLE, "B1", "same", _TIMETABLE_SAME.format(day=day))
    differing = sum(1 for key in slots.keys() | present.keys() if slots.get(key) != present.get(key))
    said = (_TIMETABLE_CHANGED if present else _TIMETABLE_NEW).format(
        day=day, periods=len(slots), classes=classes, differing=differing
    )

    def enter(apply: Applying) -> None:
        mine = apply.asker.school_id
        apply.session.exec(
            delete(TimetableEntry).where(
                col(TimetableEntry.school_id) == mine, col(TimetableEntry.valid_from) == valid_from
            )
        )
        if apply.session.get(Timetable, (mine, valid_from)) is None:
            apply.session.add(Timetable(school_id=mine, valid_from=valid_from, created_at=apply.now))
            apply.session.flush()
        ids = {name: apply.account(name).id for name in {who for _, who in slots.values()}}
        classes = {name: apply.school_class(year, name).id for name in {key[0] for key in slots}}
        apply.session.add_all(
            TimetableEntry(
                school_id=mine,
                valid_from=valid_from,
                class_id=classes[name],
                weekday=weekday,
                session=part,
                period=period,
                subject=subject,
                account_id=ids[who],
            )
            for (name, weekday, part, period), (subject, who) in slots.items()
        )

    return Entry(TIMETABLE, "B1", "changed" if present else "new", said, enter)


def _slots_of(session: Session, school: Known, year: str, valid_from: date) -> Slots:
    """The timetable of a day, for the classes of a year."""
    rows = session.exec(
        select(TimetableEntry).where(
            col(TimetableEntry.school_id) == school.school_id, col(TimetableEntry.valid_from) == valid_from
        )
    ).all()
    names = {person.id: name for name, person in school.people.items()}
    classes = {class_id: name for (y, name), class_id in school.class_ids.items() if y == year}
    return {
        (classes[r.class_id], r.weekday, r.session, r.period): (r.subject, names[r.account_id])
        for r in rows
        if r.class_id in classes
    }


def class_key(name: str) -> tuple[object, ...]:
    """Sort key of class names: 3A before 10A."""
    return tuple(int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name))


_TWICE = Text("Dòng này đã có ở ô {cell}.", "This row says the same as {cell}.")
_NO_WEEKS = Text(
    "Năm học {year} chưa có tuần học. Xem lại năm, hoặc lập các tuần ở trang Năm học.",
    "The school year {year} has no weeks yet. Check it, or make the weeks on the page School year.",
)
_YEAR_OVER = Text(
    "Năm học {year} đã kết thúc nên dòng này được bỏ qua.", "The year {year} is over: this row is left alone."
)
_NEW_CLASS = Text("Thêm lớp {name}, năm học {year}", "New class {name} of {year}")
_TWO_HOMEROOMS = Text(
    "Lớp này đã có giáo viên chủ nhiệm ở ô {cell}.", "{cell} names another homeroom teacher of this class."
)
_NO_YEAR = Text(
    "Chưa có tuần học nào cho ngày này. Tạo năm học ở trang Năm học trước.",
    "There are no teaching weeks for this day. Make the school year first.",
)
_NO_CLASS = Text(
    "Chưa có lớp {name} trong năm học {year}. Thêm lớp, hoặc ghi lớp vào trang Phân công.",
    "There is no class {name} in {year}. Add it, or name it among the assignments.",
)
_NO_TEACHER = Text(
    "Chưa phân công ai dạy {subject} ở lớp {name}. Thêm vào trang Phân công, hoặc ghi người dạy trong ngoặc: "
    "“{subject} (gv.lan)”.",
    "Nobody is assigned to teach {subject} in {name}. Add it to the assignments, or name the teacher in "
    "brackets: “{subject} (gv.lan)”.",
)
_MANY_TEACHERS = Text(
    "Nhiều người cùng dạy {subject} ở lớp {name}. Ghi người dạy trong ngoặc: “{subject} (gv.lan)”.",
    "Several people teach {subject} in {name}. Name the teacher in brackets: “{subject} (gv.lan)”.",
)
_DOUBLE = Text(
    "{who} cùng lúc dạy lớp {name} (ô {cell}). Nếu không phải ghép lớp thì sửa lại.",
    "{who} teaches {name} at the same time ({cell}). Mend it unless the classes are taught together.",
)
_TIMETABLE_NEW = Text(
    "Thời khóa biểu từ {day}: {periods} tiết của {classes} lớp",
    "Timetable from {day}: {periods} periods of {classes} classes",
)
_TIMETABLE_CHANGED = Text(
    "Thời khóa biểu từ {day}: {periods} tiết của {classes} lớp, khác hiện nay {differing} tiết",
    "Timetable from {day}: {periods} periods of {classes} classes, {differing} of them changed",
)
_TIMETABLE_SAME = Text("Thời khóa biểu từ {day}: giống hệt hiện nay", "Timetable from {day}: the same as now")
