"""Does the master key of this data folder open what the database holds? Asked before anything is started.

A folder that lost `secrets/master.key` must not be given a new one: keys people make from then on would be
sealed under a key that opens nothing older, and the right file, once back, would open none of theirs.
"""

from __future__ import annotations

from sqlmodel import Session, col, select

from models.db import Database
from models.errors import RecordsError
from models.key import AuthorityPart
from models.migrate import is_current
from models.settings import Settings
from models.text import Text
from tasks.keys import unlock_service


class LostMasterKey(RecordsError):
    """The master key is gone or another one's; nothing was made."""

    code = "lost-master-key"


def refuse_lost(settings: Settings) -> None:
    """`check` for a process without a session; a database of another shape is left alone.

    Where the key is lost for good and the settings say so, people may at least read.
    """
    if settings.master_key_lost:
        return
    db = Database(settings.database)
    try:
        if is_current(db):
            with db.read() as session:
                check(session, settings)
    finally:
        db.dispose()


def check(session: Session, settings: Settings) -> None:
    """Raise LostMasterKey when a key in the database does not open; no key is made where there is none."""
    looking = settings.only_looking()
    parts = session.exec(select(AuthorityPart).where(col(AuthorityPart.protected) != b"")).all()
    try:
        for part in parts:
            unlock_service(part.protected, looking.master_key, part.part)
    except FileNotFoundError as error:
        raise LostMasterKey(_LOST) from error
    except (OSError, ValueError) as error:
        raise LostMasterKey(_ANOTHER) from error


_LOST = Text(
    "secrets/master.key không còn. Lấy lại tệp đó từ bản sao lưu hoặc từ nơi đã cất riêng rồi chạy lại; chưa "
    "khóa mới nào được tạo. Nếu mất hẳn: HOSOSO_MASTER_KEY_LOST=true cho chạy để đọc, không ai ký được.",
    "secrets/master.key is lost. Restore that file from the backup or from where it was kept apart, then run "
    "this again; no new one was made. If it is gone for good, HOSOSO_MASTER_KEY_LOST=true starts everything "
    "for reading, and nobody signs.",
)
_ANOTHER = Text(
    "secrets/master.key không mở được khóa trong cơ sở dữ liệu. Lấy lại tệp đó từ bản sao lưu. "
    "Nếu mất hẳn: HOSOSO_MASTER_KEY_LOST=true cho chạy để đọc, không ai ký được.",
    "secrets/master.key does not open the database's keys. Restore that file from the backup. If it is gone "
    "for good, HOSOSO_MASTER_KEY_LOST=true starts everything for reading, and nobody signs.",
)
