"""Every mail the system sends, with invented contents: rendered as a real one is, sent to nobody.

One sample for each kind of notice alone, one with all of them, and one for each letter outside the digest. A
kind or a template without a sample fails a test (`tests/service/test_mail_samples.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import Session

from flows import (
    absences,
    aftermath,
    delegations,
    flag_words,
    holds,
    nobody,
    probable,
    probable_notices,
    reminders,
    reports,
    spot_notices,
    telling,
    waiving,
    weekly,
)
from flows.calendar import TeachingWeek
from flows.documents.lesson_plan import LESSON_PLAN
from flows.flag_words import of_week
from flows.obligations import owed_types
from flows.people import ROLES
from flows.probable import Lack
from models.flag import Flag
from models.notice import Notice, notice
from models.settings import VIETNAM, Settings
from models.text import Language, Text
from service import auditing, calendar_notices, reminder_form
from service.calendar_difference import Limit
from service.change_words import SENTENCES, STATES, edited
from tasks.kinds import KINDS
from tasks.letters import TEMPLATES, render
from tasks.noticing import Lines, line, waiting_words

PERSON = "Nguyễn Văn Mẫu"
AUTHOR, LEADER = "Trần Thị Ví Dụ", "Lê Thị Thử"
LIMIT = datetime(2026, 11, 25, tzinfo=VIETNAM)
DAY = date(2026, 11, 25)
RECORD = "/documents/mau"
"""Leads nowhere: no record has such an id."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A mail as the page lists it: the template it is made of, the kinds of notice it tells of."""

    key: str
    name: Text
    template: str
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """An invented notice: what it is about, what it says, where it leads."""

    subject: Text
    sentence: Text | None = None
    path: str = RECORD
    name: str = ""


_PLAN = of_week(LESSON_PLAN.name, 13)
_TITLE = Text("Kế hoạch bài dạy tuần 13, lớp 3A", "Kế hoạch bài dạy tuần 13, lớp 3A")
"""A record's title is the author's, in Vietnamese whatever the reader's language."""
_SLOT = spot_notices.slot_words("3A", DAY, "morning", 3)
_CHECK = Text(*["Phiếu kiểm tra đột xuất lớp 3A, tiết 2 sáng 25/11/2026"] * 2)
_WAIVED = Flag(
    school_id="",
    key="",
    rule="missing",
    type=LESSON_PLAN.slug,
    account_id="",
    due_at=LIMIT,
    opened_at=LIMIT,
    week_id="mau",
)
_SCOPE = absences.SCOPE.format(posts=ROLES["vice_principal"], types=LESSON_PLAN.short, paper="")
_DAYS = "25/11/2026 – 27/11/2026"


def _decided(kind: str, vi: str, en: str) -> Said:
    """A waiver given or taken back."""
    said = waiving.TOLD[kind].format(who=LEADER, reason=Text(vi, en))
    return Said(waiving.subject_of(_WAIVED, 13) or _PLAN, said, "/flags")


NOTICES: dict[str, Said] = {
    "spot-check": Said(
        probable_notices.lessons_on(DAY),
        probable.sentence(DAY, 12, [Lack(LESSON_PLAN.slug, "not-kept", "mau")]),
    ),
    "spot-planned": Said(_SLOT, spot_notices.PLANNED_WORDS, "/spot/mau"),
    "spot-sent": Said(_SLOT, spot_notices.SENT_WORDS, "/spot/mau/sent"),
    "finding": Said(_CHECK, aftermath.FOUND),
    "waiting": Said(_TITLE, waiting_words(AUTHOR, LIMIT + timedelta(days=2, hours=12))),
    "returned": Said(_TITLE, telling.returned_words(LEADER, LIMIT + timedelta(hours=9))),
    "reminder": Said(_PLAN, reminders.coming_words(LIMIT)),
    "overdue": Said(_PLAN, reminders.overdue_words(LIMIT)),
    "flag": Said(
        _PLAN,
        flag_words.sentence(
            "late",
            {"due_at": flag_words.stamp(LIMIT), "signed_at": flag_words.stamp(LIMIT + timedelta(hours=8))},
        ),
        "/flags",
    ),
    "waiver": _decided("waived", "nằm viện từ 20/11.", "in hospital since 20/11."),
    "unwaived": _decided("unwaived", "ghi nhầm người.", "it was another person."),
    "escalation": Said(_PLAN, reminders.lacking_words(LIMIT), "/flags", AUTHOR),
    "weekly": Said(KINDS["weekly"].name, path="/flags"),
    "approved": Said(_TITLE),
    "archived": Said(_TITLE),
    "withdrawn": Said(_TITLE),
    "informed": Said(_TITLE),
    "retention": Said(
        holds.SUBJECT, holds.PLACED.format(reference=Text("theo 15/QĐ", "under 15/QĐ")), "/retention/holds"
    ),
    "incident": Said(_TITLE, nobody.EMPTY.format(step=LESSON_PLAN.step("group_review").label), "/runs"),
    "audit": Said(KINDS["audit"].name, auditing.ALARM.format(n=1), auditing.PAGE),
    "delegation": Said(
        delegations.TITLE.format(delegate=PERSON, absent=LEADER),
        delegations.GIVEN[False, False].format(scope=_SCOPE, days=_DAYS),
        "/absence",
    ),
    "change": Said(
        SENTENCES["reset-password"].format(who=f"{AUTHOR} (gv.mau)", what=""),
        STATES["waiting"].format(asker=LEADER, settler=""),
        "/confirmations",
    ),
    "mail-server": Said(
        SENTENCES["mail-server"].format(
            what=edited({"host": "smtp.example.org"}, {"host": "smtp.example.edu.vn"})
        ),
        STATES["waiting"].format(asker=LEADER, settler=""),
        "/confirmations",
    ),
    "limit": Said(
        calendar_notices.SUBJECT,
        calendar_notices.said(
            [Limit(LESSON_PLAN.name, 13, LIMIT, LIMIT - timedelta(days=1))],
            Text("nghỉ học 24/11/2026, nghỉ tránh bão", "no school 24/11/2026, nghỉ tránh bão"),
        ),
        "/flags",
    ),
    "rule": Said(LESSON_PLAN.name, reminder_form.TOLD.format(who=LEADER), "/reminders"),
    "report": Said(KINDS["report"].name, reports.NEW.format(who=AUTHOR, due="26/11"), "/reports"),
    "password": Said(
        flag_words.NAMES["password-old"],
        flag_words.sentence(
            "password-old", {"since": flag_words.stamp(LIMIT - timedelta(days=200)), "days": 180}
        ),
        "/password",
    ),
}
"""By kind. The words are made by the functions and templates that make those of real notices."""

_WEEKS = tuple(
    TeachingWeek(f"mau{n}", "2026-2027", 1, n, monday, monday + timedelta(days=6))
    for n, monday in ((12, date(2026, 11, 23)), (13, date(2026, 11, 30)))
)
_COUNTS = {key: dict(zip(weekly.COUNTED, (7, 1, 2, 3, 5), strict=True)) for key in ("Tổ Mẫu 1", "Tổ Mẫu 2")}
FIGURES: dict[str, Any] = weekly.laid_out(
    _WEEKS,
    [[weekly.in_week(owed, week, _COUNTS) for week in _WEEKS] for owed in owed_types()],
    [2, 3, 1, 4, 1],
)
LETTERS: dict[str, tuple[Text, dict[str, Any]]] = {
    "reset": (
        Text("Đặt lại mật khẩu", "A new password"),
        {"link": "{url}/reset/lien-ket-mau", "sign_in_name": "gv.mau", "minutes": 30},
    ),
    "test": (Text("Thư thử", "A test mail"), {}),
}
"""By template: letters that are no notices, with what they are filled with."""

_DIGEST = Text("Thư tổng hợp trong ngày", "The day’s digest")
SAMPLES: tuple[Sample, ...] = (
    Sample("digest", _DIGEST, "notices", tuple(k for k in KINDS if k != "weekly")),
    Sample("weekly", KINDS["weekly"].name, "weekly", ("weekly", "waiting")),
    *(Sample(f"kind-{k}", kind.name, "notices", (k,)) for k, kind in KINDS.items() if k != "weekly"),
    *(Sample(template, name, template) for template, (name, _) in LETTERS.items()),
)


def templates() -> list[str]:
    """Every template of a mail there is."""
    return sorted(path.parent.name for path in TEMPLATES.glob("*/subject.txt"))


def rendered(session: Session, settings: Settings, sample: Sample, language: Language) -> dict[str, str]:
    """The three parts of a sample in a language."""
    if sample.template in LETTERS:
        _, filled = LETTERS[sample.template]
        values = {k: v.format(url=settings.url) if isinstance(v, str) else v for k, v in filled.items()}
        return _render(settings, sample.template, language, values)
    lines = Lines()
    for one in _notices(sample.kinds):
        lines.add(one, None, line(session, settings, one, None, language))
    template, values = lines.filled(language)
    return _render(settings, template, language, values)


def _render(settings: Settings, template: str, language: Language, values: dict[str, Any]) -> dict[str, str]:
    return render(template, language, name=PERSON, url=settings.url, **values)


def _notices(kinds: Sequence[str]) -> list[Notice]:
    """Notices as they would be written, of nobody."""
    found = []
    for kind in kinds:
        said = NOTICES[kind]
        more: dict[str, Any] = {"name": said.name} if said.name else {}
        if kind == "weekly":
            more["figures"] = FIGURES | {"root": {"number": 84, "day": "23/11/2026", "hash": 32 * "5e"}}
        key = f"sample:{kind}"
        found.append(
            notice("", "", kind, key, LIMIT, said.sentence, subject=said.subject, path=said.path, **more)
        )
    return found
