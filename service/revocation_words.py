"""What is known of a certificate's revocation, in words: when it signed, and now."""

from __future__ import annotations

from models.text import Text
from service import words
from tasks.verdicts import Said, SignatureVerdict

UNTOLD = Text("không biết được", "cannot be told")


def short(one: SignatureVerdict) -> Text:
    """In a few words, beside the issuer."""
    if one.revoked_then:
        return _REVOKED_THEN
    if one.revoked_then is None:
        return _REVOCATION_UNKNOWN
    return _REVOKED_SINCE if one.revoked_now else _NOT_REVOKED


def then(one: SignatureVerdict) -> Text:
    """At the proven time of the signature."""
    return _revoked(one.revoked_then)


def _revoked(told: bool | None) -> Text:
    return UNTOLD if told is None else _IS_REVOKED if told else _NOT_REVOKED


def now(one: SignatureVerdict) -> Text:
    """By the authority's own answer where it was asked, else by the lists at hand."""
    if one.answer is None:
        return _revoked(one.revoked_now)
    if one.answer.said is Said.REVOKED and one.answer.revoked_at:
        return _ANSWERED_REVOKED.format(day=words.day(one.answer.revoked_at))
    if one.answer.said is Said.GOOD:
        return _REVOKED_BY_LIST if one.revoked_now else _ANSWERED_GOOD
    said = _ANSWERED_UNKNOWN if one.answer.said is Said.UNKNOWN else _NOT_ANSWERED
    return said.format(lists=UNTOLD if one.revoked_now is None else _revoked(one.revoked_now))


_NOT_REVOKED = Text("không bị thu hồi", "not revoked")
_IS_REVOKED = Text("đã bị thu hồi", "revoked")
_REVOKED_THEN = Text("đã bị thu hồi trước khi ký", "revoked before the signing")
_REVOKED_SINCE = Text("bị thu hồi sau khi ký", "revoked after the signing")
_REVOCATION_UNKNOWN = Text("chưa biết có bị thu hồi không", "revocation unknown")
_ANSWERED_GOOD = Text("không bị thu hồi, nơi cấp vừa trả lời", "not revoked, as the authority just answered")
_ANSWERED_REVOKED = Text(
    "đã bị thu hồi ngày {day}, nơi cấp vừa trả lời", "revoked on {day}, as the authority just answered"
)
_REVOKED_BY_LIST = Text(
    "đã bị thu hồi theo danh sách thu hồi, dù nơi cấp trả lời là còn dùng được",
    "revoked by a revocation list, though the authority answered that it is good",
)
_ANSWERED_UNKNOWN = Text(
    "nơi cấp trả lời là không biết chứng thư này; theo danh sách thu hồi: {lists}",
    "the authority answered that it does not know this certificate; by revocation lists: {lists}",
)
_NOT_ANSWERED = Text(
    "đã hỏi nơi cấp nhưng không có câu trả lời dùng được; theo danh sách thu hồi: {lists}",
    "the authority was asked and gave no answer that counts; by revocation lists: {lists}",
)
