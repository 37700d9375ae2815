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

from flows import deadlines, probable
from flows.catalogue import type_of
from flows.documents.lesson_plan import LESSON_PLAN
from flows.probable import Lack
from flows.probable_notices import lessons_on
from models.notice import Notice, notice
from models.settings import VIETNAM, Settings
from models.text import Language, Text
from tasks.kinds import KINDS
from tasks.letters import TEMPLATES, render
from tasks.noticing import Lines, line, waiting_words

PERSON = "Nguyễn Văn Mẫu"
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


_PLAN = Text("{what}, tuần 13", "{what}, week 13").format(what=LESSON_PLAN.name)
_RULE = type_of(LESSON_PLAN.slug).deadline
assert _RULE is not None

NOTICES: dict[str, Said] = {
    "spot-check": Said(
        lessons_on(DAY),
        probable.sentence(DAY, 12, [Lack(LESSON_PLAN.slug, "not-kept", "mau")]),
    ),
    "waiting": Said(_PLAN, waiting_words("Trần Thị Ví Dụ", LIMIT + timedelta(days=2, hours=12))),
    "returned": Said(_PLAN, Text("Người trả lại: Lê Thị Thử.", "Returned by: Lê Thị Thử.")),
    "reminder": Said(
        _PLAN,
        Text("Hạn: {day} ({limit})", "Due: {day} ({limit})").format(
            day=deadlines.last_day_words(LIMIT), limit=deadlines.limit_words(LIMIT)
        ),
    ),
    "overdue": Said(_PLAN, deadlines.missing_words(LIMIT)),
    "flag": Said(_PLAN, deadlines.late_words(LIMIT, LIMIT + timedelta(hours=8)), "/flags"),
    "waiver": Said(
        _PLAN, Text("Lê Thị Thử miễn ghi: nằm viện.", "Lê Thị Thử waived it: in hospital."), "/flags"
    ),
    "escalation": Said(_PLAN, Text("Chưa nộp: {names}", "Missing: {names}"), "/flags", "Trần Thị Ví Dụ"),
    "weekly": Said(KINDS["weekly"].name, path="/flags"),
    "approved": Said(_PLAN),
    "archived": Said(_PLAN, Text("Giữ đến năm 2031.", "Kept until 2031.")),
    "withdrawn": Said(_PLAN, Text("Trần Thị Ví Dụ đã rút hồ sơ.", "Trần Thị Ví Dụ withdrew it.")),
    "informed": Said(_PLAN, Text("Đã ký duyệt xong.", "It is approved.")),
    "incident": Said(_PLAN, Text("Không còn ai duyệt được bước này.", "Nobody can take this step."), "/runs"),
    "delegation": Said(
        Text("Thay Lê Thị Thử", "Standing in for Lê Thị Thử"),
        Text("Từ 25/11/2026 đến hết 27/11/2026.", "From 25/11/2026 to 27/11/2026."),
        "/absence",
    ),
    "change": Said(
        Text("Đặt lại mật khẩu của Trần Thị Ví Dụ", "A new password for Trần Thị Ví Dụ"),
        Text("Đang chờ xác nhận.", "It waits for a confirmation."),
        "/confirmations",
    ),
    "mail-server": Said(
        Text("Đổi máy chủ thư thành smtp.example.edu.vn", "The mail server becomes smtp.example.edu.vn"),
        Text("Đang chờ Hiệu trưởng xác nhận.", "It waits for the principal."),
        "/confirmations",
    ),
    "rule": Said(
        LESSON_PLAN.name,
        Text("Từ 14/12/2026: {rule}", "From 14/12/2026: {rule}").format(rule=_RULE.rule),
        "/deadlines",
    ),
    "report": Said(
        Text("Không mở được trang in", "The print page does not open"),
        Text("Trần Thị Ví Dụ báo lúc 08:10 25/11.", "Trần Thị Ví Dụ reported it at 08:10 on 25/11."),
        "/reports",
    ),
    "password": Said(
        Text("Mật khẩu", "Password"),
        Text("Mật khẩu đã dùng 200 ngày, nên đổi", "The password is 200 days old; change it"),
        "/password",
    ),
}
"""By kind. Words that a real mail makes of times and types are made here by the same functions."""

FIGURES: dict[str, Any] = {
    "weeks": [
        {"number": 12, "monday": "23/11", "sunday": "29/11"},
        {"number": 13, "monday": "30/11", "sunday": "06/12"},
    ],
    "types": [
        {
            "name": {"vi": LESSON_PLAN.name.vi, "en": LESSON_PLAN.name.en},
            "weeks": [
                {
                    "number": number,
                    "path": "/flags",
                    "rows": [
                        {"group": group, "on_time": 7, "late": 1, "missing": 2, "review": 3, "approved": 5}
                        for group in ("Tổ Mẫu 1", "Tổ Mẫu 2")
                    ],
                }
                for number in (12, 13)
            ],
        }
    ],
    "outstanding": [
        {"name": {"vi": "Hồ sơ duyệt quá hạn", "en": "Reviews past their time"}, "number": 2},
        {"name": {"vi": "Hồ sơ đã duyệt chưa tải về", "en": "Approved and not downloaded"}, "number": 3},
    ],
}
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
    values = {"sections": lines.sections(language), **(lines.weekly or {})}
    return _render(settings, sample.template, language, values)


def _render(settings: Settings, template: str, language: Language, values: dict[str, Any]) -> dict[str, str]:
    return render(template, language, name=PERSON, url=settings.url, **values)


def _notices(kinds: Sequence[str]) -> list[Notice]:
    """Notices as they would be written, of nobody."""
    found = []
    for kind in kinds:
        said = NOTICES[kind]
        more: dict[str, Any] = {"name": said.name} if said.name else {}
        if kind == "weekly":
            more["figures"] = FIGURES
        key = f"sample:{kind}"
        found.append(
            notice("", "", kind, key, LIMIT, said.sentence, subject=said.subject, path=said.path, **more)
        )
    return found
