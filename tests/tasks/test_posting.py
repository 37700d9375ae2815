"""A mail as it goes over the wire."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

from hypothesis import given
from hypothesis import strategies as st

from models.notice import Mail
from models.settings import Settings
from tasks.posting import compose

TEXT = "Nhắc: Kế hoạch bài dạy (giáo án), tuần 13, lớp 1A của tổ chuyên môn Trả lại Chờ ký duyệt 3 hồ sơ Toán"


@given(st.lists(st.sampled_from(TEXT.split()), min_size=1, max_size=24))
def test_a_long_vietnamese_subject_keeps_its_spaces_and_its_lines_short(words: list[str]) -> None:
    subject = " ".join(words)[:200].strip()
    mail = Mail(
        school_id="s",
        account_id="a",
        message_id="<1@example.test>",
        recipient="lan@example.test",
        subject=subject,
        text="x",
        html="<p>x</p>",
        next_try_at=datetime.now(UTC),
        created_at=datetime.now(UTC),
    )
    sent = compose(mail, Settings()).as_bytes()
    assert message_from_bytes(sent, policy=default)["Subject"] == subject
    head = sent.split(b"\r\n\r\n")[0]
    assert all(len(line) <= 78 for line in head.split(b"\r\n"))
