"""Reports of problems from staff to the administrators, and the day by which they are answered.

The plan asks staff to report trouble to the board of administrators (II.2), and the board to help (II.1). A
report is answered within so many working days (rule `report_answer`); one that is not is told to the
administrators once more.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta

from sqlmodel import Session, col, func, select

from flows.office import Office
from flows.people import Actor
from flows.posts import holders
from flows.rules import rules_of
from models.account import Account
from models.db import Database
from models.errors import Fault, Invalid, NotFound, TooLarge
from models.notice import Notice, notice
from models.report import ProblemReport
from models.settings import VIETNAM
from models.text import Text

MOST_A_DAY = 20
LONGEST = 4000


def answer_due(reported: datetime, working_days: int) -> datetime:
    """The end of the last working day for an answer: Monday to Friday, counted from the next day on."""
    day = reported.astimezone(VIETNAM).date()
    left = working_days
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    return datetime.combine(day + timedelta(days=1), time(), VIETNAM)


def report(office: Office, actor: Actor, page: str, what: str, picture: bytes | None, now: datetime) -> str:
    """Take a report down and tell every administrator; its id. `picture` was cleaned (`tasks/pictures.py`).

    Invalid (field `what`) when nothing is said; TooLarge after twenty in a day.
    """
    what = what.strip()
    if not 5 <= len(what) <= LONGEST:
        sentence = _NOTHING if len(what) < 5 else _LONG
        raise Invalid(sentence, (Fault("what", sentence),))
    stored = office.blobs.put(picture) if picture else None
    with office.db.write() as session:
        recent = session.exec(
            select(func.count()).where(
                col(ProblemReport.account_id) == actor.id,
                col(ProblemReport.created_at) > now - timedelta(days=1),
            )
        ).one()
        if recent >= MOST_A_DAY:
            raise TooLarge(_TOO_MANY)
        days = int(rules_of(session, actor.school_id)["report_answer"]["working_days"])
        made = ProblemReport(
            school_id=actor.school_id,
            account_id=actor.id,
            page=page.strip()[:300],
            what=what,
            picture=stored,
            picture_type="image/png" if picture and picture.startswith(b"\x89PNG") else "image/jpeg",
            created_at=now,
            due_at=answer_due(now, days),
        )
        session.add(made)
        session.flush()
        who = session.get_one(Account, actor.id).full_name
        said = NEW.format(who=who, due=f"{made.due_at.astimezone(VIETNAM) - timedelta(days=1):%d/%m}")
        _tell(session, made, _administrators(session, actor.school_id), "new", said, now)
    return made.id


def answer(office: Office, actor: Actor, report_id: str, words: str, now: datetime) -> None:
    """Answer a report, or mend the answer; who reported it is told. NotFound for who is no administrator."""
    words = words.strip()
    with office.db.write() as session:
        found = find(session, actor, report_id)
        if "admin" not in actor.roles:
            raise NotFound
        if not 2 <= len(words) <= LONGEST:
            sentence = _NO_ANSWER if len(words) < 2 else _LONG
            raise Invalid(sentence, (Fault("answer", sentence),))
        found.answer, found.answered_by, found.answered_at = words, actor.id, now
        session.add(found)
        person = session.get_one(Account, found.account_id)
        _tell(session, found, [person], f"answered:{now:%Y%m%d%H%M%S}", _ANSWERED, now)


def find(session: Session, actor: Actor, report_id: str) -> ProblemReport:
    """One's own report, or for an administrator any of the school's; NotFound otherwise."""
    found = session.get(ProblemReport, report_id)
    if found is None or found.school_id != actor.school_id:
        raise NotFound
    if found.account_id != actor.id and "admin" not in actor.roles:
        raise NotFound
    return found


def listed(session: Session, actor: Actor, limit: int = 200) -> list[ProblemReport]:
    """The reports this person may see: what waits for an answer first, the soonest due first."""
    query = select(ProblemReport).where(col(ProblemReport.school_id) == actor.school_id)
    if "admin" not in actor.roles:
        query = query.where(col(ProblemReport.account_id) == actor.id)
    rows = session.exec(query.order_by(col(ProblemReport.created_at).desc()).limit(limit)).all()
    waiting = sorted((r for r in rows if r.answered_at is None), key=lambda r: r.due_at)
    return waiting + [r for r in rows if r.answered_at is not None]


def is_overdue(found: ProblemReport, now: datetime) -> bool:
    """Still without an answer after its day, or answered too late."""
    return (found.answered_at or now) >= found.due_at


def count_open(session: Session, school_id: str, now: datetime) -> tuple[int, int]:
    """Reports without an answer, and how many of them are overdue."""
    due = session.exec(
        select(ProblemReport.due_at).where(
            col(ProblemReport.school_id) == school_id, col(ProblemReport.answered_at).is_(None)
        )
    ).all()
    return len(due), sum(1 for day in due if day <= now)


def remind_overdue(db: Database, now: datetime) -> int:
    """Tell the administrators once of each report that is past its day."""
    with db.write() as session:
        late = session.exec(
            select(ProblemReport).where(
                col(ProblemReport.answered_at).is_(None), col(ProblemReport.due_at) <= now
            )
        ).all()
        return sum(
            _tell(session, one, _administrators(session, one.school_id), "overdue", _OVERDUE, now)
            for one in late
        )


def _administrators(session: Session, school_id: str) -> list[Account]:
    return holders(session, school_id, "role:admin")


def _tell(
    session: Session,
    about: ProblemReport,
    people: Iterable[Account],
    what: str,
    sentence: Text,
    now: datetime,
) -> int:
    """A notice to each who has not had it: the words stay on the page, the mail says that there are some."""
    key = f"report:{about.id}:{what}"
    told = 0
    for person in people:
        there = select(Notice.id).where(col(Notice.account_id) == person.id, col(Notice.key) == key)
        if not person.active or session.exec(there).first() is not None:
            continue
        path = f"/reports/{about.id}"
        session.add(notice(about.school_id, person.id, "report", key, now, sentence, path=path))
        told += 1
    return told


_NOTHING = Text(
    "Ghi vài lời về sự cố: đang làm gì, thấy gì, mong muốn gì.",
    "Say a few words: what was done, what was seen, what was expected.",
)
_LONG = Text("Nội dung dài quá 4.000 ký tự. Rút ngắn lại.", "More than 4,000 characters. Make it shorter.")
_TOO_MANY = Text(
    f"Đã gửi {MOST_A_DAY} báo cáo trong 24 giờ. Gọi trực tiếp cho quản trị của trường.",
    f"{MOST_A_DAY} reports were sent within 24 hours. Call the school's administrator.",
)
_NO_ANSWER = Text("Ghi câu trả lời rồi gửi.", "Write the answer, then send it.")
NEW = Text(
    "{who} báo sự cố, cần trả lời hết ngày {due}", "{who} reports a problem; answer by the end of {due}"
)
_ANSWERED = Text("Báo sự cố đã có trả lời", "The reported problem has an answer")
_OVERDUE = Text("Báo sự cố đã quá hạn trả lời", "A reported problem is past its day for an answer")
