"""What can be refused, and in which words. HTTP codes stand only in `service/errors.py`."""

from __future__ import annotations

from dataclasses import dataclass

from models.text import Text


class RecordsError(Exception):
    """A refusal a person can understand.

    `code` is stable (part of the API contract); `sentence` says what happened and what to do next;
    it never holds a secret or a document's text.
    """

    code = "refused"

    def __init__(self, sentence: Text) -> None:
        super().__init__(sentence.en)
        self.sentence = sentence


NOT_FOUND = Text(
    "Không có trang hoặc hồ sơ này, hoặc tài khoản không được xem. Kiểm tra lại đường dẫn.",
    "There is no such page or record, or this account may not see it. Check the address.",
)


class NotFound(RecordsError):
    """It does not exist, or this person may not know that it does."""

    code = "not-found"

    def __init__(self, sentence: Text | None = None) -> None:
        super().__init__(sentence or NOT_FOUND)


GONE = Text(
    "Hồ sơ này đã được hủy khi hết thời hạn lưu trữ, theo danh mục đã ký duyệt: tệp và nội dung không còn. "
    "Trang của hồ sơ cho biết danh mục và ngày hủy.",
    "This record was destroyed at the end of its retention, by an approved list: its files and words are "
    "gone. The record's page names the list and the day.",
)


class Gone(RecordsError):
    """It was destroyed: that it existed is still known, its files and words are not."""

    code = "gone"

    def __init__(self) -> None:
        super().__init__(GONE)


class NotYours(RecordsError):
    """The record may be seen, but this act belongs to someone else."""

    code = "not-yours"


class WrongStep(RecordsError):
    """The act does not fit the step the document is in."""

    code = "wrong-step"


class Stale(RecordsError):
    """Someone decided first; the version named is no longer the present one."""

    code = "stale"


class BadPin(RecordsError):
    """The PIN does not open the key; the sentence says how many tries are left."""

    code = "bad-pin"


class Locked(RecordsError):
    """Too many wrong tries, or someone else is signing; the sentence says until when."""

    code = "locked"


class Unavailable(RecordsError):
    """A part that is needed does not answer now; nothing was changed."""

    code = "unavailable"


NO_ROOM = Text(
    "Máy chủ hết chỗ trống hoặc ổ đĩa không ghi được, nên lần này chưa lưu gì; những gì đã lưu vẫn nguyên. "
    "Báo quản trị; bấm Quay lại để giữ nội dung vừa nhập, rồi thử lại sau.",
    "The server's disk is full or cannot be written, so nothing was saved this time; what was saved before "
    "is whole. Tell the administrator; go Back to keep what you typed, and try again later.",
)


class NoRoom(RecordsError):
    """The disk, or the database's, takes nothing more; nothing was changed."""

    code = "no-room"

    def __init__(self) -> None:
        super().__init__(NO_ROOM)


class TooLarge(RecordsError):
    """More bytes, rows or characters than the limit the sentence names."""

    code = "too-large"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with one field.

    `path` addresses it as in JSON: `lessons.3.title`; the empty path is the form as a whole.
    """

    path: str
    sentence: Text
    missing: bool = False
    """Nothing was filled in: no fault in a draft, one at the submit."""


class Invalid(RecordsError):
    """Fields are missing or wrong; `faults` names each. What was typed is kept by the caller."""

    code = "invalid"

    def __init__(self, sentence: Text, faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(sentence)
        self.faults = faults


class BadType(ValueError):
    """A document type's declaration contradicts itself; raised on import, for its programmer."""
