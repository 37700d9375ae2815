"""Why a record must stay though its time is over, in words; and a stored reason told in both languages.

A list keeps the reason as it was said in Vietnamese (`ListedRecord.reason`); its English is found again here.
"""

from __future__ import annotations

import re

from models.text import Text

UNDER_WAY = Text("chưa lưu trữ xong", "it is not archived yet")
PERMANENT = Text("giữ vĩnh viễn", "it is kept permanently")
KEPT = Text("phải giữ đến hết ngày {day}", "it is to be kept to the end of {day}")
HELD = Text("đang tạm dừng hủy {reference}", "destruction is on hold {reference}")
LISTED = Text("đang có trong một danh mục hủy khác", "it stands on another list")
WITH = Text(
    "đi cùng “{title}”, hồ sơ này chưa hủy được: {why}",
    "it belongs to “{title}”, which must stay: {why}",
)
TOGETHER = Text(
    "phải hủy cùng “{title}”, hồ sơ này chưa chọn",
    "it goes only together with “{title}”, which is not chosen",
)
UNDER = Text("theo {number}", "under {number}")
SINCE = Text("từ ngày {day}", "since {day}")

_SAID = (UNDER_WAY, PERMANENT, KEPT, HELD, LISTED, WITH, TOGETHER, UNDER, SINCE)
_NESTED = {"why", "reference"}


def told_again(reason: str) -> Text:
    """A reason stored in Vietnamese in both languages; as it stands where it is none of these sentences."""
    for said in _SAID:
        found = _pattern(said.vi).fullmatch(reason)
        if found:
            values = found.groupdict()
            return said.format(**{k: told_again(v) if k in _NESTED else v for k, v in values.items()})
    return Text(reason or "–", reason or "–")


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(template)), re.DOTALL)
