"""The second factor of an account: enrolling, checking a code, taking it away.

A code is good once: its time step is remembered by compare-and-set. Wrong codes are counted like wrong
passwords. The administrator may ask for a removal; for who approves, it waits (law 7, `service/changes.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import segno
from sqlmodel import Session, col, delete, select, update

from flows.office import Office
from flows.people import GUARDED_ROLES, Actor
from flows.rules import rules_of
from models.account import Account, Pass, RecoveryCode, SecondFactor
from models.errors import Invalid, Locked, RecordsError
from models.settings import Settings
from models.text import Text
from service import changes
from service.changes import refusal
from service.passes import end_passes
from service.tries import PAUSE, TRIES, count_try, forget_tries, paused_row, said_clock
from tasks import second_factor
from tasks.keys import Secret


class BadCode(RecordsError):
    """The one-time code is not right, too old, or used already."""

    code = "bad-code"


class MustEnrol(RecordsError):
    """The school asks for a second factor, and this account has none yet."""

    code = "must-enrol"

    def __init__(self) -> None:
        super().__init__(_ENROL_FIRST)


def factor_of(session: Session, account_id: str) -> SecondFactor | None:
    """The second factor in force; one that was begun and not confirmed is none."""
    found = session.get(SecondFactor, account_id)
    return found if found is not None and found.confirmed_at is not None else None


def is_wanted(rules: Mapping[str, Any], actor: Actor) -> bool:
    """Does the school's rule ask this person for a second factor: administrators and who approves?"""
    if not rules["second_factor"]["required"]:
        return False
    return bool(actor.roles & (GUARDED_ROLES | {"admin"}) or actor.heads or actor.deputises or actor.covers)


def begin(office: Office, account: Account, now: datetime) -> bytes:
    """The secret to scan, made once and shown again until the first right code confirms it."""
    with office.db.read() as session:
        held = session.get(SecondFactor, account.id)
    if held is not None and held.confirmed_at is not None:
        raise Invalid(_THERE)
    if held is not None:
        return second_factor.unlock(held.protected, office.settings.master_key, account.id)
    secret = second_factor.new_secret()
    protected = second_factor.protect(secret, office.settings.master_key, account.id)
    with office.db.write() as session:
        session.merge(SecondFactor(account_id=account.id, protected=protected, created_at=now))
    return secret


def enrol(office: Office, account: Account, code: Secret, now: datetime, here: str) -> list[str]:
    """Confirm the app with its first code; the recovery codes, shown once. `here`: the hash of this session,
    which goes on; every other ends."""
    with office.db.read() as session:
        held = session.get(SecondFactor, account.id)
    if held is None or held.confirmed_at is not None:
        raise Invalid(_THERE)
    secret = second_factor.unlock(held.protected, office.settings.master_key, account.id)
    step = second_factor.matching_step(secret, tidy(code), now, 0)
    if step is None:
        raise refusal("code", _WRONG_FIRST)
    codes = second_factor.recovery_codes()
    with office.db.write() as session:
        session.exec(
            update(SecondFactor)
            .where(col(SecondFactor.account_id) == account.id, col(SecondFactor.confirmed_at).is_(None))
            .values(confirmed_at=now, last_step=step)
        )
        _renew_codes(session, office.settings, account.id, codes)
        end_passes(session, account.id, but=here)
        session.exec(update(Pass).where(col(Pass.token_hash) == here).values(strong=True))
        changes.record(session, None, account, "second-factor-on", {}, now, by=account.id)
    return codes


def new_codes(office: Office, account: Account, code: Secret, now: datetime) -> list[str]:
    """Fresh recovery codes for one of the app's codes; the old ones end."""
    verify(office, account, code, now)
    codes = second_factor.recovery_codes()
    with office.db.write() as session:
        _renew_codes(session, office.settings, account.id, codes)
    return codes


def turn_off(office: Office, account: Account, actor: Actor, code: Secret, now: datetime) -> None:
    """Take one's own second factor away, with a code of it; Invalid while the school asks for one."""
    with office.db.read() as session:
        if is_wanted(rules_of(session, account.school_id), actor):
            raise Invalid(_REQUIRED)
    verify(office, account, code, now)
    with office.db.write() as session:
        remove(session, account.id)
        changes.record(session, None, account, "second-factor-off", {}, now, by=account.id)


def remove(session: Session, account_id: str) -> None:
    """Forget the secret and the recovery codes."""
    session.exec(delete(SecondFactor).where(col(SecondFactor.account_id) == account_id))
    session.exec(delete(RecoveryCode).where(col(RecoveryCode.account_id) == account_id))


def verify(office: Office, account: Account, typed: Secret, now: datetime) -> None:
    """Take a code of the app or a recovery code, once. BadCode with the tries left, Locked after five."""
    row = f"code:{account.id}"
    with office.db.read() as session:
        held = factor_of(session, account.id)
        until = paused_row(session, row, now)
    if until is not None:
        raise Locked(_LOCKED.format(tries=TRIES, at=said_clock(until)))
    if held is not None and _take(office, held, tidy(typed), now):
        with office.db.write() as session:
            forget_tries(session, row)
        return
    with office.db.write() as session:
        wrong = count_try(session, row, now)
    if wrong >= TRIES:
        raise Locked(_LOCKED.format(tries=TRIES, at=said_clock(now + PAUSE)))
    left = TRIES - wrong
    raise BadCode(_WRONG.format(left=Text(f"{left} lần", f"{left} {'try' if left == 1 else 'tries'}")))


def _take(office: Office, held: SecondFactor, typed: str, now: datetime) -> bool:
    """Use a code up: the app's by its time step, a recovery code by its row."""
    master = office.settings.master_key
    if typed.isdigit():
        secret = second_factor.unlock(held.protected, master, held.account_id)
        step = second_factor.matching_step(secret, typed, now, held.last_step)
        if step is None:
            return False
        with office.db.write() as session:
            done = session.exec(
                update(SecondFactor)
                .where(col(SecondFactor.account_id) == held.account_id, col(SecondFactor.last_step) < step)
                .values(last_step=step)
            )
            return done.rowcount == 1
    hashed = second_factor.recovery_hash(typed, master, held.account_id)
    with office.db.write() as session:
        done = session.exec(
            update(RecoveryCode)
            .where(
                col(RecoveryCode.account_id) == held.account_id,
                col(RecoveryCode.code_hash) == hashed,
                col(RecoveryCode.used_at).is_(None),
            )
            .values(used_at=now)
        )
        return done.rowcount == 1


def _renew_codes(session: Session, settings: Settings, account_id: str, codes: list[str]) -> None:
    session.exec(delete(RecoveryCode).where(col(RecoveryCode.account_id) == account_id))
    session.add_all(
        RecoveryCode(
            account_id=account_id,
            code_hash=second_factor.recovery_hash(code, settings.master_key, account_id),
        )
        for code in codes
    )


def codes_left(session: Session, account_id: str) -> int:
    """Recovery codes not used yet."""
    return len(
        session.exec(
            select(RecoveryCode).where(
                col(RecoveryCode.account_id) == account_id, col(RecoveryCode.used_at).is_(None)
            )
        ).all()
    )


def qr(address: str) -> str:
    """The QR code as inline SVG, made here: the secret goes to no other site."""
    return segno.make_qr(address, error="m").svg_inline(
        omitsize=True, border=2, svgclass="qr", lineclass="qr__l"
    )


def tidy(typed: Secret) -> str:
    """As typed, without the spaces apps show."""
    return "".join(c for c in typed.reveal().lower() if c.isalnum())[:40]


_ENROL_FIRST = Text(
    "Trường yêu cầu xác thực hai lớp cho tài khoản này. Bật ở trang Tài khoản trước khi tiếp tục.",
    "The school asks this account for a second factor. Turn it on before going on.",
)
_THERE = Text(
    "Xác thực hai lớp đã bật. Muốn đổi điện thoại thì tắt rồi bật lại.",
    "The second factor is on already. For another phone, turn it off and on again.",
)
_REQUIRED = Text(
    "Trường yêu cầu xác thực hai lớp cho tài khoản này nên không tắt được.",
    "The school asks this account for a second factor, so it stays on.",
)
_WRONG_FIRST = Text(
    "Mã chưa đúng. Kiểm tra giờ của điện thoại, đợi mã mới rồi nhập lại.",
    "The code is not right. Check the phone's clock, wait for the next code, and type that.",
)
_WRONG = Text(
    "Mã không đúng hoặc đã dùng. Đợi mã mới trong ứng dụng rồi nhập. Còn {left}.",
    "The code is wrong or was used. Wait for the next one in the app. {left} left.",
)
_LOCKED = Text(
    "Sai mã {tries} lần nên tạm dừng đến {at}. Đợi rồi thử lại, hoặc dùng mã dự phòng sau đó.",
    "Wrong {tries} times, so it pauses until {at}. Wait and try again, or use a recovery code then.",
)
