"""A change of an account or of the school in words: what it does, who asked, how it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlmodel import Session

from flows.lost_keys import LOST_ON
from flows.people import GUARDED_ROLES, ROLES
from models.account import Account, AccountRole, Change, Group
from models.text import Text
from service.key_words import PURPOSES, REASONS
from service.words import day

SERVER = "server"
"""Who asked, when it was the operator at the server's own command line."""

SENTENCES: dict[str, Text] = {
    "create": Text("Tạo tài khoản cho {who}", "Create the account of {who}"),
    "edit": Text("Sửa tài khoản của {who}{what}", "Edit the account of {who}{what}"),
    "grant": Text("Giao vai trò {what} cho {who}", "Give {who} the role {what}"),
    "withdraw": Text("Bỏ vai trò {what} của {who}", "Take the role {what} from {who}"),
    "appoint-head": Text("Cử {who} làm tổ trưởng {what}", "Appoint {who} head of {what}"),
    "appoint-deputy": Text("Cử {who} làm tổ phó {what}", "Appoint {who} deputy head of {what}"),
    "reset-password": Text("Đặt lại mật khẩu của {who}", "Reset the password of {who}"),
    "reset-pin": Text(
        "Đặt lại mã PIN của {who} (thu hồi chứng thư đang dùng)",
        "Reset the PIN of {who} (the present certificate is revoked)",
    ),
    "revoke": Text("Thu hồi chứng thư của {who}: {what}", "Revoke the certificate of {who}: {what}"),
    "new-key": Text("Cho {who} tạo khóa ký mới", "Allow {who} to make a new signing key"),
    "issue-key": Text(
        "{who} đặt mã PIN và nhận chứng thư: {what}", "{who} sets a PIN and is certified: {what}"
    ),
    "renew-key": Text("{who} gia hạn chứng thư: {what}", "{who} renews the certificate: {what}"),
    "change-pin": Text("{who} đổi mã PIN chữ ký", "{who} changes the signature PIN"),
    "reset-second-factor": Text("Gỡ xác thực hai lớp của {who}", "Take the second factor of {who} away"),
    "second-factor-on": Text("{who} bật xác thực hai lớp", "{who} turns the second factor on"),
    "second-factor-off": Text("{who} tắt xác thực hai lớp", "{who} turns the second factor off"),
    "reset-by-link": Text(
        "{who} đặt mật khẩu mới bằng liên kết gửi qua thư", "{who} sets a new password by a mailed link"
    ),
    "unlock": Text("Mở khóa đăng nhập của {who}", "Unlock the sign-in of {who}"),
    "activate": Text("Cho tài khoản của {who} hoạt động lại", "Switch the account of {who} on"),
    "deactivate": Text("Ngừng tài khoản của {who}", "Switch the account of {who} off"),
    "mail-server": Text("Đổi máy chủ thư của trường{what}", "Change the school's mail server{what}"),
    "mail-server-back": Text(
        "Trở về máy chủ thư của bản cài đặt{what}", "Go back to the installation's mail server{what}"
    ),
    "seal-picture": Text(
        "Đổi hình con dấu của trường, đường kính {what} mm",
        "Change the picture of the school's seal, {what} mm across",
    ),
    "seal-picture-off": Text(
        "Bỏ hình con dấu của trường, để con dấu hiện bằng chữ",
        "Take the picture of the school's seal away; the seal stands in words",
    ),
}
GRANTS = frozenset({"grant", "appoint-head", "appoint-deputy"})
_FIELDS = {
    "sign_in_name": Text("tên đăng nhập", "sign-in name"),
    "full_name": Text("họ và tên", "full name"),
    "post": Text("chức danh", "post"),
    "email": Text("thư điện tử", "e-mail"),
    "language": Text("ngôn ngữ", "language"),
    "host": Text("máy chủ", "server"),
    "port": Text("cổng", "port"),
    "encryption": Text("mã hóa", "encryption"),
    "login": Text("tài khoản thư", "user"),
    "sender": Text("địa chỉ gửi", "sender's address"),
    "sender_name": Text("tên người gửi", "sender's name"),
}
_MAIL_PASSWORD = {
    "new": Text("mật khẩu thư mới", "a new mail password"),
    "none": Text("không dùng mật khẩu thư", "no mail password"),
}


def describe(session: Session, change: Change) -> Text:
    """The change in a sentence, without full stop."""
    account = session.get(Account, change.account_id) if change.account_id else None
    what: Text | str = ""
    if "role" in change.data:
        what = ROLES[change.data["role"]]
    elif "group_id" in change.data:
        group = session.get(Group, change.data["group_id"])
        what = group.name if group else "–"
    elif "diameter" in change.data:
        what = millimetres(change.data["diameter"])
    elif "purpose" in change.data:
        what = _of_key(change.data)
    elif change.data.get("after"):
        what = edited(change.data["before"], change.data["after"])
    who = f"{account.full_name} ({account.sign_in_name})" if account else "–"
    sentence = SENTENCES[change.action].format(who=who, what=what)
    if "key" in change.data and change.action in GRANTS:
        sentence = _KEYS[change.data["key"]].format(sentence=sentence)
    if account and _reviews_and_administers(session, account, change):
        sentence = _BOTH.format(sentence=sentence)
    return sentence


def post_in(session: Session, change: Change) -> tuple[Text, str | None]:
    """The post an appointment gives, in a few words, and who would lose it: a group has one head."""
    if change.action == "grant":
        return ROLES[change.data["role"]], None
    group = session.get_one(Group, change.data["group_id"])
    held_by = group.head_id if change.action == "appoint-head" else group.deputy_id
    before = session.get(Account, held_by) if held_by and held_by != change.account_id else None
    return _POSTS[change.action].format(what=group.name), before.full_name if before else None


_POSTS = {
    "appoint-head": Text("Tổ trưởng {what}", "Head of {what}"),
    "appoint-deputy": Text("Tổ phó {what}", "Deputy head of {what}"),
}


def millimetres(tenths: int) -> Text:
    """36, or 32,5 as each language writes it."""
    whole, rest = divmod(tenths, 10)
    return Text(f"{whole},{rest}", f"{whole}.{rest}") if rest else Text(str(whole), str(whole))


def _of_key(data: Mapping[str, str]) -> Text:
    """Which of a person's certificates, and why it is revoked."""
    purpose, reason = PURPOSES[data["purpose"]].within(), REASONS.get(data.get("reason", ""))
    if reason is None:
        return purpose
    why = Text(f"{purpose.vi}, lý do “{reason[0].vi}”", f"{purpose.en}, because “{reason[0].en}”")
    if LOST_ON not in data:
        return why
    since = day(data[LOST_ON])
    return Text(f"{why.vi}, có thể đã lộ từ {since.vi}", f"{why.en}, may have been known since {since.en}")


def edited(before: Mapping[str, str], after: Mapping[str, str]) -> Text:
    """What an edit changes, old and new."""
    parts = [(_FIELDS[n], before[n] or "–", after[n] or "–") for n in _FIELDS if n in after]
    vi = [f"{label.vi} “{old}” → “{new}”" for label, old, new in parts]
    en = [f"{label.en} “{old}” → “{new}”" for label, old, new in parts]
    if "password" in after:
        vi.append(_MAIL_PASSWORD[after["password"]].vi)
        en.append(_MAIL_PASSWORD[after["password"]].en)
    return Text(": " + "; ".join(vi), ": " + "; ".join(en))


def _reviews_and_administers(session: Session, account: Account, change: Change) -> bool:
    guarded = change.data.get("role", "principal") in GUARDED_ROLES
    is_admin = session.get(AccountRole, (account.school_id, account.id, "admin")) is not None
    return change.action in GRANTS and guarded and is_admin


def name_of(session: Session, account_id: str | None) -> Text | str:
    """Who asked or settled: a person, or the operator."""
    if account_id == SERVER:
        return Text("người vận hành máy chủ", "the server's operator")
    account = session.get(Account, account_id) if account_id else None
    return account.full_name if account else "–"


def names_of(session: Session, ids: Iterable[str | None]) -> dict[str, Text | str]:
    """Names of those who asked and settled, for a list of changes."""
    return {account_id: name_of(session, account_id) for account_id in ids if account_id}


STATES = {
    "waiting": Text(
        "Do {asker} đề nghị, đang chờ xác nhận ở trang “Xác nhận”. Không phải do thầy/cô yêu cầu thì từ chối "
        "ở trang đó hoặc báo Hiệu trưởng.",
        "Asked for by {asker}, waits for confirmation on the page “Confirmations”. If you did not want "
        "it, refuse it there or tell the principal.",
    ),
    "done": Text(
        "Đã thực hiện, do {asker} đề nghị. Nếu có gì không đúng, báo ngay Hiệu trưởng.",
        "Done, asked for by {asker}. If anything about it is wrong, tell the principal at once.",
    ),
    "confirmed": Text(
        "Đã thực hiện: {asker} đề nghị, {settler} xác nhận. Nếu có gì không đúng, báo ngay Hiệu trưởng.",
        "Done: asked for by {asker}, confirmed by {settler}. If anything about it is wrong, tell the "
        "principal at once.",
    ),
    "refused": Text(
        "{settler} không đồng ý, không có gì thay đổi. Người đề nghị: {asker}.",
        "Refused by {settler}, nothing was changed. Asked for by {asker}.",
    ),
    "recalled": Text(
        "{asker} đã rút đề nghị này, không có gì thay đổi.",
        "{asker} took this request back, nothing was changed.",
    ),
}
_KEYS = {
    "kept": Text(
        "{sentence}; khóa ký đang có vẫn dùng", "{sentence}; the signing key that was there stays in use"
    ),
    "ended": Text(
        "{sentence}; khóa ký đang có bị thu hồi, đặt mã PIN mới ở trang Tài khoản",
        "{sentence}; the signing key that was there is revoked, a new PIN is set on the account page",
    ),
}
"""What became of the key of whoever was appointed."""
_BOTH = Text(
    "{sentence} (người này đang là quản trị hệ thống)",
    "{sentence} (this person is an administrator)",
)
