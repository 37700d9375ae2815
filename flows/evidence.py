"""When evidence meets an obligation. Pure; rows are read and written in `flows/duties.py`.

The system knows that a file was handed over and that a print was made; that paper lies on a desk, or that
a lesson is taught from a laptop, only the person can say (law 9). So *download* is met by the download,
*print* by the owner's word, *print-unless-laptop* by that or by "I use a laptop", while none is reported
broken (the plan, II.3: "không có máy tính xách tay hoặc bị hỏng thì phải in").
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from models.text import Text

DOWNLOAD, PRINT, PRINTED, LAPTOP = "download", "print", "printed", "laptop"
BROKEN, WORKS = "laptop-broken", "laptop-works"
ABOUT_LAPTOP = (BROKEN, WORKS)

MEETS: dict[str, tuple[str, ...]] = {
    "download": (DOWNLOAD,),
    "print": (PRINTED,),
    "print-unless-laptop": (PRINTED, LAPTOP),
}
"""By obligation: the kinds of evidence of which one is enough."""

NAMES: dict[str, Text] = {
    "download": Text("Tải về máy để sử dụng", "Download it for use"),
    "print": Text("In ra giấy", "Print it on paper"),
    "print-unless-laptop": Text(
        "In ra giấy, nếu không dùng máy tính xách tay", "Print it, unless on a laptop"
    ),
}
"""What is still to be done, by obligation."""

FLAGGED = {"download": "not-downloaded", "print": "not-printed", "print-unless-laptop": "not-printed"}
"""The rule of the flag that stands while an obligation is not met in time."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A row of evidence about a file, as far as the rule needs it."""

    kind: str
    account_id: str
    blob: str | None
    at: datetime


def meeting(
    kind: str, owner_id: str, files: Collection[str], facts: Iterable[Fact], *, broken: bool
) -> Fact | None:
    """The first fact that meets the obligation, or None.

    `files`: the hashes that count; what was done with another file of the document does not. `broken`: the
    owner's laptop is reported broken now, so that "I use a laptop" no longer holds.
    """
    enough = [k for k in MEETS[kind] if not (broken and k == LAPTOP)]
    counting = (f for f in facts if f.kind in enough and f.account_id == owner_id and f.blob in files)
    return min(counting, key=lambda f: f.at, default=None)
