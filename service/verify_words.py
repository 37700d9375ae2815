"""A verdict as people read it: one row and a list of facts for each signature, on a page or a screen.

The judgement and its sentences are made in `tasks/judging.py`; here facts only get their words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flows.known_files import FileStanding, KnownFile
from models.text import Text
from service import revocation_words, words
from tasks.plain_names import plain
from tasks.verdicts import IssuerClass, PageFinding, SignatureVerdict, Standing, Verdict
from tasks.verifying import Changes, Level

Fact = tuple[Text, Text]

MARKS = {
    Standing.VALID: "ok",
    Standing.ALTERED: "ref",
    Standing.BROKEN: "ref",
    Standing.UNKNOWN: "late",
    Standing.UNSIGNED: "draft",
    Standing.UNREADABLE: "miss",
}
"""Told apart by their outline (sprite)."""
TONES = {
    Standing.VALID: "ok",
    Standing.ALTERED: "bad",
    Standing.BROKEN: "bad",
    Standing.UNKNOWN: "warn",
    Standing.UNSIGNED: "plain",
    Standing.UNREADABLE: "plain",
}
RESULTS = {
    Standing.VALID: Text("Đúng", "Valid"),
    Standing.ALTERED: Text("Không dùng được", "Do not use"),
    Standing.BROKEN: Text("Không dùng được", "Do not use"),
    Standing.UNKNOWN: Text("Chưa xác định", "Not determined"),
}
CLASSES = {
    IssuerClass.DEVELOPMENT: Text("thử nghiệm, không có giá trị pháp lý", "test, no legal force"),
    IssuerClass.PUBLIC: Text("chữ ký số công cộng", "public digital signature"),
    IssuerClass.OFFICIAL: Text("chữ ký số chuyên dùng công vụ", "digital signature for official duty"),
    IssuerClass.SPECIALISED: Text("chữ ký điện tử chuyên dùng", "specialised electronic signature"),
    IssuerClass.OTHER: Text("nơi cấp khác, hệ thống này tin cậy", "another issuer, trusted by this system"),
    IssuerClass.UNKNOWN: Text("không rõ loại", "class unknown"),
}
"""Classes of the Law on Electronic Transactions, and what stands outside them."""
PAGES = {
    PageFinding.UNCHANGED: Text("giống hệt lúc ký", "just as when it was signed"),
    PageFinding.FILLED: Text("chỉ khác ở ô được phép điền", "changed within allowed fields only"),
    PageFinding.ADDED: Text(
        "có chữ ký đặt thêm ở chỗ trống, không đè lên gì",
        "signatures were added on blank paper, over nothing",
    ),
    PageFinding.FILLED_UNCONFIRMED: Text(
        "chỉ khác ở ô dành sẵn; phần điền chưa xác nhận được",
        "changed within prepared fields only; what fills them is not confirmed",
    ),
    PageFinding.CHANGED: Text("khác lúc ký ở chỗ không được phép", "changed elsewhere"),
    PageFinding.NOT_COMPARED: Text("chưa so được", "not compared"),
}
CHANGES = {
    Changes.NONE: Text("không có gì được thêm", "nothing was added"),
    Changes.ARCHIVE: Text(
        "chỉ thêm dấu thời gian và dữ liệu kiểm chứng, được phép",
        "only time-stamps and validation data were added, which is allowed",
    ),
    Changes.FORM: Text(
        "thêm chữ ký khác và điền ô dành sẵn, được phép",
        "further signatures and prepared fields were added, which is allowed",
    ),
    Changes.FORBIDDEN: Text("có phần thêm không được phép", "something was added that is not allowed"),
}
YES, NO = Text("có", "yes"), Text("không", "no")


@dataclass(frozen=True, slots=True)
class Row:
    """One signature as the table shows it."""

    standing: Standing
    mark: str
    result: Text
    who: Text
    organization: str
    when: Text
    proof: Text
    """Who vouches for the time."""
    content: Text
    sentence: Text
    issuer: Text
    certificate: Text
    """Class, revocation and level, in a few words."""
    facts: tuple[Fact, ...]


def rows(verdict: Verdict) -> list[Row]:
    """Every signature and document timestamp, oldest first."""
    return [row(one) for one in verdict.signatures]


def row(one: SignatureVerdict) -> Row:
    report = one.report
    when, proof = _time(one)
    said = Text(*(f"{named[:1].upper()}{named[1:]}" for named in _two(CLASSES[one.issuer_class])))
    return Row(
        standing=one.standing,
        mark=MARKS[one.standing],
        result=RESULTS.get(one.standing, RESULTS[Standing.UNKNOWN]),
        who=_who(one),
        organization=report.organization if report.organization != report.signer else "",
        when=when,
        proof=proof,
        content=_content(one),
        sentence=one.sentence,
        issuer=words.same(report.issuer) if report.issuer else _NO_ISSUER,
        certificate=Text(
            *(
                f"{kind}, {revoked} · {report.level}"
                for kind, revoked in zip(_two(said), _two(revocation_words.short(one)), strict=True)
            )
        ),
        facts=tuple(facts(one)),
    )


def facts(one: SignatureVerdict) -> Sequence[Fact]:
    """All that is known of a signature, for who wants to look closely."""
    report = one.report
    return [
        (_REASON, one.sentence),
        (_FIELD, words.same(plain(report.field) or "–")),
        (
            _SIGNER,
            words.same(", ".join(dict.fromkeys(filter(None, (report.signer, report.organization)))) or "–"),
        ),
        (_ISSUER, words.same(report.issuer) if report.issuer else _NO_ISSUER),
        (_CLASS, CLASSES[one.issuer_class]),
        (_LIFE, _life(one.valid_from, one.valid_to)),
        (_FINGERPRINT, words.same(words.grouped_hash(report.certificate_fingerprint, 16)))
        if report.certificate_fingerprint
        else (_FINGERPRINT, revocation_words.UNTOLD),
        (_CLAIMED, words.when_exactly(report.claimed_at) if report.claimed_at else _NOT_SAID),
        (_PROVEN, _proven(one)),
        (_INTACT, YES if report.intact else NO),
        (_AFTER, CHANGES[report.changes]),
        (_LOOKS, _looks(one)),
        (_TRUSTED, YES if report.trusted else NO),
        (_THEN, revocation_words.then(one)),
        (_NOW, revocation_words.now(one)),
        (_LEVEL, words.same(f"PAdES {report.level}")),
        (_EXTENT, Text(f"{report.revision_end} byte đầu của tệp", f"the first {report.revision_end} bytes")),
    ]


def _looks(one: SignatureVerdict) -> Text:
    """What is only doubted is not called forbidden."""
    doubted = one.pages is PageFinding.CHANGED and one.standing is Standing.UNKNOWN
    return _CHANGED_PERHAPS if doubted else PAGES[one.pages]


def known_words(known: KnownFile) -> Text:
    """What became of a file of ours: nothing about any person."""
    if known.standing == "destroyed" and known.since and known.by_list:
        return _DESTROYED_BY.format(day=words.day(known.since), list=known.by_list)
    said = _KNOWN if known.since else _KNOWN_UNDATED
    since = words.day(known.since) if known.since else ""
    return said[known.standing].format(day=since, revision=known.by_revision or 0)


KNOWN_TONES: dict[FileStanding, str] = {
    "in-force": "ok",
    "under-way": "warn",
    "unfinished": "warn",
    "older": "bad",
    "replaced": "bad",
    "withdrawn": "bad",
    "destroyed": "bad",
}
_KNOWN: dict[FileStanding, Text] = {
    "in-force": Text(
        "Tệp đang có hiệu lực, ký duyệt xong ngày {day}.", "The file is in force; it was approved on {day}."
    ),
    "unfinished": Text(
        "Đây là bản chưa đủ chữ ký; hồ sơ đã ký duyệt xong ngày {day}. Hãy lấy bản đầy đủ.",
        "This copy lacks signatures made later; the record was approved on {day}. Fetch the complete one.",
    ),
    "older": Text(
        "Đây là bản cũ, đã được thay bằng bản {revision}, ký duyệt ngày {day}. Không dùng bản này.",
        "This is an older revision, superseded by revision {revision}, approved on {day}. Do not use it.",
    ),
    "replaced": Text(
        "Hồ sơ này đã được thay bằng hồ sơ khác ngày {day}. Không dùng bản này.",
        "This record was replaced by another on {day}. Do not use it.",
    ),
    "withdrawn": Text(
        "Hồ sơ này đã được rút ngày {day}. Không dùng bản này.",
        "This record was withdrawn on {day}. Do not use it.",
    ),
    "destroyed": Text(
        "Hồ sơ này từng có hiệu lực, đã hết thời hạn lưu trữ và được hủy ngày {day}; hệ thống không còn bản "
        "gốc để đối chiếu.",
        "This record was in force; it was destroyed on {day} at the end of its retention. No original is "
        "left to compare.",
    ),
}
_KNOWN_UNDATED: dict[FileStanding, Text] = {
    "in-force": Text("Tệp đang có hiệu lực.", "The file is in force."),
    "under-way": Text(
        "Chưa có hiệu lực: hồ sơ chưa qua hết các bước ký duyệt, đóng dấu.",
        "Not in force yet: the record has not passed every step of approval and seal.",
    ),
    "unfinished": Text(
        "Đây là bản chưa đủ chữ ký. Hãy lấy bản đầy đủ.",
        "This copy lacks signatures made later. Fetch the complete one.",
    ),
    "older": Text(
        "Đây là bản cũ, đã được thay bằng bản {revision}. Không dùng bản này.",
        "This is an older revision, superseded by revision {revision}. Do not use it.",
    ),
    "replaced": Text(
        "Bản này đã được thay bằng bản khác. Không dùng bản này.",
        "This file was replaced by another. Do not use it.",
    ),
    "withdrawn": Text(
        "Hồ sơ này đã được rút. Không dùng bản này.", "This record was withdrawn. Do not use it."
    ),
    "destroyed": Text(
        "Hồ sơ này từng có hiệu lực, đã hết thời hạn lưu trữ và được hủy; hệ thống không còn bản gốc để đối "
        "chiếu.",
        "This record was in force; it was destroyed at the end of its retention. No original is left to "
        "compare.",
    ),
}
_DESTROYED_BY = Text(
    "Hồ sơ này từng có hiệu lực, đã hết thời hạn lưu trữ và được hủy ngày {day} theo danh mục số {list}; hệ "
    "thống không còn bản gốc để đối chiếu.",
    "This record was in force; it was destroyed on {day} at the end of its retention, by list no. {list}. No "
    "original is left to compare.",
)


def _two(text: Text) -> tuple[str, str]:
    return text.vi, text.en


def _who(one: SignatureVerdict) -> Text:
    name = one.report.signer or one.report.organization
    if one.report.is_timestamp:
        return _STAMP_OF.format(name=name) if name else _STAMP
    return words.same(name) if name else _NAMELESS


def _time(one: SignatureVerdict) -> tuple[Text, Text]:
    report = one.report
    if report.timestamped_at:
        return words.when(report.timestamped_at), _STAMPED
    if report.stamped_by_unknown:
        return words.when(report.stamped_by_unknown), _STAMPED_BY_UNKNOWN
    if report.claimed_at:
        # From B-T on there is a time-stamp; here one that proves nothing.
        unproven = _BY_SIGNER if report.level is Level.B else _UNKNOWN_STAMP
        return words.when(report.claimed_at), unproven
    return words.same("–"), _NO_TIME


def _content(one: SignatureVerdict) -> Text:
    report = one.report
    if not report.intact:
        return _TOUCHED
    if report.changes is Changes.FORBIDDEN:
        return _FORBIDDEN
    if one.standing is Standing.ALTERED and one.pages is not PageFinding.CHANGED:
        return _CHANGED_UNSEEN
    if one.pages is PageFinding.CHANGED:
        return _LOOKS_UNTOLD if one.standing is Standing.UNKNOWN else _LOOKS_OTHER
    if one.pages is PageFinding.ADDED:
        return _WHOLE_MORE
    if one.pages is PageFinding.FILLED_UNCONFIRMED:
        return _WHOLE_UNCONFIRMED
    if one.pages is PageFinding.FILLED or report.changes is Changes.FORM:
        return _WHOLE_FILLED
    if one.pages is PageFinding.NOT_COMPARED and not report.is_timestamp:
        return _WHOLE_UNSEEN
    return _WHOLE


def _proven(one: SignatureVerdict) -> Text:
    report = one.report
    if report.timestamped_at:
        return words.when_exactly(report.timestamped_at)
    if report.stamped_by_unknown:
        return _CLAIMED_BY_STAMP.format(when=words.when_exactly(report.stamped_by_unknown))
    return _NOT_PROVEN


def _life(first: datetime | None, last: datetime | None) -> Text:
    if first is None or last is None:
        return revocation_words.UNTOLD
    return words.same(f"{words.day(first).vi} – {words.day(last).vi}")


_NO_ISSUER = Text("không đọc được nơi cấp", "issuer cannot be read")
_NAMELESS = Text("không đọc được tên người ký", "the signer's name cannot be read")
_STAMP = Text("Dấu thời gian", "Time-stamp")
_STAMP_OF = Text("Dấu thời gian, {name}", "Time-stamp, {name}")
_STAMPED = Text("có dấu thời gian", "time-stamped")
_STAMPED_BY_UNKNOWN = Text("có dấu thời gian, chưa rõ nơi cấp", "time-stamped, by an unknown authority")
_BY_SIGNER = Text("theo máy người ký, không có dấu thời gian", "by the signer's machine, no time-stamp")
_UNKNOWN_STAMP = Text(
    "theo máy người ký; có dấu thời gian nhưng không rõ nơi cấp hoặc không kiểm tra được",
    "by the signer's machine; there is a time-stamp, but its issuer is unknown or it cannot be checked",
)
_CHANGED_PERHAPS = Text(
    "khác lúc ký ở chỗ chưa rõ có được phép hay không",
    "changed where it is not clear whether that is allowed",
)
_NO_TIME = Text("không ghi thời điểm", "no time is given")
_TOUCHED = Text("Bị sửa sau khi ký hoặc chữ ký hỏng", "Changed after signing, or the signature is damaged")
_FORBIDDEN = Text(
    "Bị sửa sau khi ký, việc sửa không được phép", "Changed after signing, in a way that is not allowed"
)
_LOOKS_OTHER = Text("Trang nhìn khác với lúc ký", "The pages look different from what was signed")
_CHANGED_UNSEEN = Text(
    "Có phần bị sửa hoặc thêm sau đó mà không được phép",
    "Something was changed or added later that is not allowed",
)
_LOOKS_UNTOLD = Text(
    "Byte đã ký còn nguyên; sau đó có phần thêm hiện trên trang, chưa rõ có được phép hay không",
    "The signed bytes are unchanged; something was added that shows on the pages, and whether that was "
    "allowed is not determined",
)
_WHOLE = Text("Còn nguyên vẹn", "Unchanged")
_WHOLE_FILLED = Text(
    "Còn nguyên; sau đó chỉ ký tiếp và điền ô dành sẵn",
    "Unchanged; later only further signatures and prepared fields",
)
_WHOLE_MORE = Text(
    "Còn nguyên; sau đó có người ký thêm ở chỗ trống", "Unchanged; later signed on blank paper"
)
_WHOLE_UNCONFIRMED = Text(
    "Còn nguyên; ô dành sẵn được điền sau đó, phần điền chưa xác nhận được",
    "Unchanged; prepared fields were filled later, by what is not confirmed",
)
_WHOLE_UNSEEN = Text("Byte còn nguyên; chưa so được các trang", "The bytes are unchanged; pages not compared")
_NOT_SAID = Text("không ghi", "not given")
_CLAIMED_BY_STAMP = Text(
    "chưa: có dấu thời gian {when}, nhưng chưa rõ nơi cấp",
    "none: there is a time-stamp of {when}, by an unknown authority",
)
_NOT_PROVEN = Text("không có dấu thời gian tin được", "no time-stamp that can be trusted")

_REASON = Text("Kết luận", "Finding")
_FIELD = Text("Ô ký", "Signature field")
_SIGNER = Text("Người ký", "Signer")
_ISSUER = Text("Nơi cấp chứng thư", "Issuer of the certificate")
_CLASS = Text("Loại chứng thư", "Class")
_LIFE = Text("Hiệu lực chứng thư", "Certificate valid")
_FINGERPRINT = Text("SHA-256 của chứng thư", "SHA-256 of the certificate")
_CLAIMED = Text("Giờ ký theo máy người ký", "Time by the signer's machine")
_PROVEN = Text("Giờ do dấu thời gian chứng minh", "Time proven by a time-stamp")
_INTACT = Text("Byte đã ký còn nguyên", "Signed bytes intact")
_AFTER = Text("Phần thêm sau chữ ký", "Added after it")
_LOOKS = Text("Các trang bây giờ", "Its pages now")
_TRUSTED = Text("Chứng thư được tin lúc ký", "Certificate trusted then")
_THEN = Text("Thu hồi lúc ký", "Revocation then")
_NOW = Text("Thu hồi hiện nay", "Revocation now")
_LEVEL = Text("Mức chữ ký", "Level")
_EXTENT = Text("Phần tệp đã ký", "What it signed")
