"""What of a school wants its administrator's look today: counts with the page that mends each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, func, select

from flows import auditing, renewing, reports, roots
from flows.board import advice
from models.account import Account, Change
from models.notice import Mail
from models.run import Incident
from models.school import SchoolWeek
from models.settings import VIETNAM, Settings
from models.text import Text
from service.sign_in import paused_until
from tasks import mail_servers


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing to look at: `urgent` ones carry a word in red."""

    sentence: Text
    path: str
    urgent: bool = False


def overview_of(session: Session, settings: Settings, school_id: str, now: datetime) -> list[Matter]:
    """Everything that wants a look, the urgent first; empty when all is well."""
    found: list[Matter] = []
    waiting, late = reports.count_open(session, school_id, now)
    if waiting:
        said = _REPORTS_LATE if late else _REPORTS
        found.append(Matter(said.format(n=waiting, late=late), "/reports", bool(late)))
    failed = session.exec(
        select(func.count()).where(col(Mail.school_id) == school_id, col(Mail.state) == "failed")
    ).one()
    if failed:
        found.append(Matter(_MAILS.format(n=failed), "/admin/mail", urgent=True))
    stuck = session.exec(
        select(func.count()).where(col(Incident.school_id) == school_id, col(Incident.resolved_at).is_(None))
    ).one()
    if stuck:
        found.append(Matter(_INCIDENTS.format(n=stuck), "/runs?state=incident", urgent=True))
    behind = renewing.behind(session, now, school_id)
    if behind:
        said = _RENEWALS.format(n=behind.files, day=behind.day)
        found.append(Matter(said, "/runs?state=incident", urgent=True))
    found += _mail_server(session, settings, school_id)
    found += _audit(session, now)
    people = session.exec(
        select(Account).where(col(Account.school_id) == school_id, col(Account.active).is_(True))
    ).all()
    locked = sum(1 for a in people if paused_until(session, settings, a.sign_in_name, now))
    if locked:
        found.append(Matter(_LOCKED.format(n=locked), "/admin/accounts"))
    given = [] if settings.demo else [a for a in people if a.must_change]
    old = advice(session, school_id, ("password-old",))
    if given:
        found.append(Matter(_GIVEN.format(n=len(given)), "/admin/accounts"))
    if old:
        found.append(Matter(_OLD.format(n=len(old)), "/admin/accounts"))
    mute = sum(1 for a in people if "@" not in a.email)
    if mute:
        found.append(Matter(_NO_MAIL.format(n=mute), "/admin/accounts"))
    asked = session.exec(
        select(func.count()).where(col(Change.school_id) == school_id, col(Change.state) == "waiting")
    ).one()
    if asked:
        found.append(Matter(_WAITING.format(n=asked), "/admin#h-changes"))
    last = session.exec(
        select(func.max(SchoolWeek.sunday)).where(col(SchoolWeek.school_id) == school_id)
    ).one()
    if last is None or (last - now.astimezone(VIETNAM).date()).days < 21:
        found.append(Matter(_NO_YEAR, "/admin/weeks"))
    return sorted(found, key=lambda matter: not matter.urgent)


def _audit(session: Session, now: datetime) -> list[Matter]:
    """An audit that found something, or none for long; roots that no authority has time-stamped."""
    last = auditing.last(session)
    found = []
    if last is not None and last.findings:
        found.append(Matter(_AUDIT_FOUND.format(n=last.findings), "/admin/audit", urgent=True))
    if last is not None and last.finished_at < now - AUDIT_OLD:
        found.append(Matter(_NO_AUDIT, "/admin/audit"))
    since = roots.unstamped_since(session)
    if since is not None and since < now - roots.UNSTAMPED_TOO_LONG:
        found.append(Matter(_UNSTAMPED, "/admin/audit"))
    return found


def _mail_server(session: Session, settings: Settings, school_id: str) -> list[Matter]:
    """Mails that wait for their server, and a school whose mails reach nobody."""
    own = mail_servers.own(session, school_id)
    stuck = session.exec(
        select(func.count()).where(
            col(Mail.school_id) == school_id, col(Mail.state) == "waiting", col(Mail.error) != ""
        )
    ).one()
    found = [Matter(_STUCK.format(n=stuck), "/admin/mail", urgent=True)] if stuck else []
    if own is None and not settings.smtp_host and not settings.demo:
        found.append(Matter(_NO_SERVER, "/admin/mail"))
    if own is not None and not mail_servers.opens(own, settings):
        found.append(Matter(_SHUT, "/admin/mail", urgent=True))
    return found


AUDIT_OLD = timedelta(days=15)
"""The clock makes one every week."""

_AUDIT_FOUND = Text("Đối chiếu hồ sơ: {n} chỗ không khớp", "Findings of the audit of all records: {n}")
_NO_AUDIT = Text("Hơn hai tuần chưa đối chiếu hồ sơ", "The records were not audited for two weeks")
_UNSTAMPED = Text(
    "Gốc chưa được đóng dấu thời gian từ hơn hai ngày",
    "Roots without a time-stamp for more than two days",
)
_REPORTS = Text("{n} báo sự cố chờ trả lời", "Reported problems without an answer: {n}")
_REPORTS_LATE = Text(
    "{n} báo sự cố chờ trả lời, {late} đã quá hạn",
    "Reported problems without an answer: {n}, overdue: {late}",
)
_RENEWALS = Text(
    "{n} hồ sơ lưu trữ chưa gia hạn được dấu thời gian; sớm nhất hết giá trị chứng minh ngày {day}. Chạy "
    "hososo doctor để xem máy chủ dấu thời gian.",
    "Archive timestamps not renewed: {n} records; the first proves only until {day}. Run hososo doctor to "
    "see the time-stamp authorities.",
)
_INCIDENTS = Text("Lượt chạy có sự cố: {n}", "Runs with an incident: {n}")
_MAILS = Text("{n} thư không gửi được", "Mails that could not be sent: {n}")
_STUCK = Text("{n} thư chờ vì máy chủ thư chưa nhận", "Mails the mail server has not taken yet: {n}")
_NO_SERVER = Text("Chưa đặt máy chủ thư: thư không đến tay ai", "No mail server is set: mails reach nobody")
_SHUT = Text(
    "Mật khẩu thư không mở được bằng khóa chủ", "The mail password does not open with the master key"
)
_LOCKED = Text("{n} tài khoản đang tạm khóa đăng nhập", "Accounts locked after wrong passwords: {n}")
_GIVEN = Text("{n} tài khoản chưa đổi mật khẩu được cấp", "Accounts with the password given out: {n}")
_OLD = Text("{n} tài khoản giữ mật khẩu quá lâu", "Accounts with an old password: {n}")
_NO_MAIL = Text("{n} tài khoản chưa có thư điện tử", "Accounts without an e-mail address: {n}")
_WAITING = Text("{n} thay đổi chờ xác nhận", "Changes that wait for confirmation: {n}")
_NO_YEAR = Text("Chưa tạo các tuần học sắp tới", "The coming weeks of teaching are not made yet")
