"""What the data of each layout holds: the shapes of the JSON that `templates/documents/*.typ` are fed with.

Days are ISO dates; rich text is a list of nodes (`tasks/rich_text.py`); `code` is printed in the footer.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NotRequired, TypedDict

from tasks.rich_text import Node


class Issuer(TypedDict):
    """The school as it is called on the day of the paper (Decree 30, boxes 2 and 4)."""

    parent: str
    name: str
    place: str
    abbreviation: str


class SigningPlace(TypedDict):
    """A signature field on the page. `caption` is printed above it: it must not depend on who signs.

    `at` says where in the plan of a group: left, small, right, or seal (over the right one); the signing
    sheet of a lesson plan puts its places side by side in the order given.
    """

    field: str
    caption: str
    at: NotRequired[str]
    kind: NotRequired[Literal["signature", "text"]]
    """`text`: a place for words that come with a signature."""


class Week(TypedDict):
    number: int
    monday: str
    sunday: str


class Named(TypedDict):
    name: str


class Phase(TypedDict):
    name: str
    minutes: int | None
    teacher: list[Node]
    pupils: list[Node]


class Lesson(TypedDict):
    """`id` returns in `Rendered.parts`; `date` is ISO, as all dates here."""

    id: str
    subject: str
    class_name: str
    title: str
    periods: int
    date: str
    requirements: list[Node]
    equipment: list[Node]
    phases: list[Phase]


class LessonPlan(TypedDict):
    """Data of the layout `lesson_plan`."""

    title: str
    issuer: Issuer
    week: Week
    author: Named
    group: Named
    date: str
    code: NotRequired[str]
    based_on: NotRequired[list[str]]
    lessons: list[Lesson]
    boxes: list[SigningPlace]


class PlanRow(TypedDict):
    """Neighbouring rows of the same week share one cell."""

    week: int
    month: int
    theme: str
    lesson: str
    periods: int
    adjustment: str
    note: str


class Weeks(TypedDict):
    first: Week
    last: Week


class TeamTeachingPlan(TypedDict):
    """Data of the layout `team_teaching_plan`; its text fields are named `number` and `date`."""

    title: str
    issuer: Issuer
    group: Named
    year: str
    subject: str
    grade: int | str
    weeks: Weeks
    date: str
    code: NotRequired[str]
    based_on: NotRequired[list[str]]
    basis: list[Node]
    conditions: list[Node]
    rows: list[PlanRow]
    organisation: list[Node]
    boxes: list[SigningPlace]


class TaughtPeriod(TypedDict):
    """`date` may be empty in a draft's preview; neighbouring rows of a day or a session share its cell."""

    date: str
    session: str
    period: int | str | None
    class_name: str
    subject: str
    lesson: str
    equipment: str
    adjustment: str


class TaughtWeek(Week):
    rows: list[TaughtPeriod]


class TeacherTeachingPlan(TypedDict):
    """Data of the layout `teacher_teaching_plan`; the rows of a week in the order they are taught."""

    title: str
    issuer: Issuer
    author: Named
    group: Named
    year: str
    first: Week
    last: Week
    date: str
    code: NotRequired[str]
    weeks: list[TaughtWeek]
    undated: list[TaughtPeriod]
    boxes: list[SigningPlace]


class ApprovedFile(TypedDict):
    """The file of the record a paper is about; `archived_sha256` is empty before the archive."""

    title: str
    code: str
    revision: int
    approved_on: str
    approved_sha256: str
    archived_sha256: str


class NoteAfterTeaching(TypedDict):
    lesson: str
    text: list[Node]


class LessonPlanAddendum(TypedDict):
    """Data of the layout `lesson_plan_addendum`."""

    title: str
    issuer: Issuer
    author: Named
    group: Named
    date: str
    code: NotRequired[str]
    plan: ApprovedFile
    notes: list[NoteAfterTeaching]
    boxes: list[SigningPlace]


class Person(TypedDict):
    name: str
    post: str


class Moment(TypedDict):
    """`time` is HH:MM; both may be empty in a draft's preview."""

    date: str
    time: str


class CitedCheck(TypedDict):
    """The spot check minutes are drawn up on, as it was confirmed: the signed file by its SHA-256."""

    code: str
    revision: int
    decided_on: str
    sha256: str


class ViolationMinutes(TypedDict):
    """Data of the layout `violation_minutes`. `facts`: what was checked and found, name and words. Its
    text fields: `number`, `date`, `statement`, `refusal`."""

    title: str
    issuer: Issuer
    about: str
    author: Person
    concerned: Person
    present: list[Person]
    begin: Moment
    end: Moment
    place: str
    check: CitedCheck
    facts: list[list[str]]
    course: list[Node]
    conclusion: list[Node]
    remedy: str
    remedy_by: str
    date: str
    code: NotRequired[str]
    boxes: list[SigningPlace]


class Appeal(TypedDict):
    """Data of the layout `appeal`; its text field: `reasons`."""

    title: str
    issuer: Issuer
    about: str
    author: Person
    group: Named
    minutes: ApprovedFile
    asks: list[Node]
    grounds: list[Node]
    date: str
    code: NotRequired[str]
    boxes: list[SigningPlace]


class DueRecord(TypedDict):
    """A record whose retention is over; `kept_until` is the last day it was to be kept."""

    number: str
    type: str
    title: str
    owner: str
    approved_on: str
    kept_until: str
    pages: int
    sha256: str


class LeftOut(TypedDict):
    title: str
    owner: str
    reason: str


class DestructionList(TypedDict):
    """Data of the layout `destruction_list`; its text fields are named `number` and `date`."""

    title: str
    issuer: Issuer
    author: Person
    date: str
    code: NotRequired[str]
    reason: str
    records: list[DueRecord]
    pages: int
    left_out: list[LeftOut]
    boxes: list[SigningPlace]


class Visit(TypedDict):
    """The period that was checked; `started`, `ended`: HH:MM, empty where nobody wrote it."""

    day: str
    session: str
    period: int
    class_name: str
    subject: str
    lesson: str
    started: str
    ended: str
    place: str


class CheckedItem(TypedDict):
    name: str
    mark: str
    records: list[Node]


class SpotCheck(TypedDict):
    """Data of the layout `spot_check`. `asks`: the finding's place and its text field `reasons` are there."""

    title: str
    issuer: Issuer
    author: Person
    concerned: Person
    date: str
    code: NotRequired[str]
    how: str
    visit: Visit
    items: list[CheckedItem]
    words: list[Node]
    read_back: bool
    note: list[Node]
    summary: list[Node]
    asks: bool
    boxes: list[SigningPlace]


class UploadedFile(TypedDict):
    """The file between cover and signing sheet. `note` says in a line what cleaning left out."""

    name: str
    sha256: str
    pages: int
    note: str


class UploadedBody(TypedDict):
    """Data of the layout `uploaded_body` (`tasks/assembling.py`); `facts` and `parts` are words to print.

    `first` is the page of the record the file begins on; number and date are text fields when `numbered`.
    """

    title: str
    issuer: Issuer
    author: Named
    heading: str
    about: str
    facts: list[list[str]]
    parts: list[list[str]]
    parts_head: list[str]
    numbered: bool
    date: str
    code: NotRequired[str]
    first: int
    file: UploadedFile
    boxes: list[SigningPlace]


class Over(TypedDict):
    """Of the seal within its box: its right edge from the left, its middle from above, in points."""

    right: float
    middle: float


class Stamp(TypedDict):
    """What one signature shows. `width` and `height` are its box's, in points.

    `authority` is one line or several, as Decree 30 II.7 has them: KT. HIỆU TRƯỞNG, PHÓ HIỆU TRƯỞNG. A seal
    names the organisation there and has no name. `picture` is a PNG of the hand, or of the seal; the latter
    needs its `diameter` in tenths of a millimetre and where it stands, `over` the signature before it.
    """

    kind: Literal["person", "seal"]
    width: float
    height: float
    authority: list[str]
    signed_at: datetime
    development: bool
    name: NotRequired[str]
    picture: NotRequired[bytes | None]
    diameter: NotRequired[int]
    over: NotRequired[Over | None]
