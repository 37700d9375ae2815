"""A draw that anyone can recompute: what is drawn from, the seal on it, the order that follows. Pure.

A slot is one period of one class on one day, written `2026-11-25/morning/3/3A`. The pool is a text: all slots
and how many are wanted, always written the same way. With the draw the system makes a secret of 32 bytes, the
*seed*, and publishes the pool, its SHA-256 and the *commitment*: the SHA-256 of seed and pool together. So
the pool is known and the seed fixed before anybody can see what they give. When the draw is over the seed is
published. Whoever has it sorts the slots by HMAC-SHA256(seed, slot) and takes the first, then each next one
that does not lie in a period already taken (one inspector is in one classroom at a time), until enough.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from models.text import Text

METHOD = "hososo-spot-1"
SEED_BYTES = 32


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """One period of one class; `session` as in `flows.timetable.SESSIONS`."""

    day: date
    session: str
    period: int
    class_name: str

    @property
    def key(self) -> str:
        """As it stands in the pool."""
        return f"{self.day.isoformat()}/{self.session}/{self.period}/{self.class_name}"


@dataclass(frozen=True, slots=True)
class Pool:
    """What is drawn from. `draw_id` makes every pool another text, so that no seed fits two."""

    draw_id: str
    wanted: int
    slots: tuple[str, ...]

    def text(self) -> str:
        """The pool as it is published, word for word."""
        return json.dumps(
            {"draw": self.draw_id, "method": METHOD, "slots": sorted(self.slots), "wanted": self.wanted},
            ensure_ascii=False,
            separators=(",", ":"),
            sort_keys=True,
        )


def pool_of(text: str) -> Pool:
    """The pool of a published text; ValueError when it is none of this method."""
    try:
        found: dict[str, Any] = json.loads(text)
        if found["method"] != METHOD:
            raise ValueError(f"This is no draw by {METHOD}.")
        slots = tuple(found["slots"])
        if not all(isinstance(slot, str) and slot.count("/") >= 3 for slot in slots):
            raise ValueError("A slot is not written as day/session/period/class.")
        return Pool(str(found["draw"]), int(found["wanted"]), slots)
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError("This is not the pool of a draw.") from error


def pool_digest(text: str) -> str:
    """SHA-256 of the published pool, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def commitment(seed: bytes, text: str) -> str:
    """SHA-256 of the seed and the published pool, hexadecimal."""
    return hashlib.sha256(seed + text.encode()).hexdigest()


def ordered(seed: bytes, slots: Iterable[str]) -> list[str]:
    """All slots in the order the seed gives them."""
    return sorted(slots, key=lambda slot: (hmac.digest(seed, slot.encode(), "sha256"), slot))


def period_of(slot: str) -> str:
    """Day, session and period of a slot, without its class."""
    return "/".join(slot.split("/", 3)[:3])


def drawn(seed: bytes, pool: Pool) -> list[str]:
    """The slots that are drawn, in the order they come; fewer than wanted where the periods run out."""
    taken: set[str] = set()
    found: list[str] = []
    for slot in ordered(seed, pool.slots):
        if len(found) == pool.wanted:
            break
        if period_of(slot) not in taken:
            taken.add(period_of(slot))
            found.append(slot)
    return found


def periods(slots: Iterable[str]) -> int:
    """In how many different periods the slots lie: no more can be drawn."""
    return len({period_of(slot) for slot in slots})


@dataclass(frozen=True, slots=True)
class Recomputed:
    """What a recomputation shows: do the published numbers fit, and what the seed draws."""

    pool_fits: bool
    seed_fits: bool
    slots: tuple[str, ...]
    draws: tuple[str, ...]

    @property
    def fits(self) -> bool:
        return self.pool_fits and self.seed_fits


def recompute(text: str, digest: str, sealed: str, seed: bytes) -> Recomputed:
    """Check a revealed draw. `digest`, `sealed`: the published SHA-256 of the pool, and the commitment."""
    pool = pool_of(text)
    return Recomputed(
        pool_fits=hmac.compare_digest(pool_digest(text), digest),
        seed_fits=hmac.compare_digest(commitment(seed, text), sealed),
        slots=tuple(ordered(seed, pool.slots)),
        draws=tuple(drawn(seed, pool)),
    )


PYTHON = (
    "import hashlib,hmac,json;"
    "d=json.load(open('draw.json',encoding='utf-8'));"
    "s=bytes.fromhex(d['seed']);t=d['pool'].encode();p=json.loads(t);"
    "assert hashlib.sha256(t).hexdigest()==d['pool_sha256'];"
    "assert hashlib.sha256(s+t).hexdigest()==d['commitment'];"
    "o=sorted(p['slots'],key=lambda k:hmac.digest(s,k.encode(),'sha256'));"
    "c=lambda k:'/'.join(k.split('/',3)[:3]);"
    "print(*[k for i,k in enumerate(o) if c(k) not in map(c,o[:i])][:p['wanted']],sep='\\n')"
)
"""A program for plain Python that recomputes `draw.json`, the file of a published draw; nothing of ours."""

METHOD_WORDS: tuple[Text, ...] = (
    Text(
        "Trước ngày kiểm tra, hệ thống chốt danh sách tiết được rút, tạo một số bí mật 32 byte và công bố "
        "hai mã băm SHA-256: của danh sách, và của số bí mật ghép với danh sách. Từ lúc đó không ai đổi được "
        "số bí mật hay danh sách mà không lộ.",
        "Before the day the system fixes the list of periods, makes a secret number of 32 bytes and "
        "publishes two SHA-256 hashes: of the list, and of the secret followed by the list. From then on "
        "nobody can change either unseen.",
    ),
    Text(
        "Mỗi tiết được tính một mã bằng HMAC-SHA256 từ số bí mật. Xếp các mã từ nhỏ đến lớn: tiết đứng đầu "
        "được rút, rồi lần lượt các tiết sau, bỏ qua tiết trùng giờ với tiết đã rút, đến khi đủ số phiếu.",
        "Each period gets a code by HMAC-SHA256 with the secret. Sorted from small to large, the first is "
        "drawn, then each next one that is not at the same time as one already drawn, until there are "
        "enough.",
    ),
    Text(
        "Khi đợt rút kết thúc, số bí mật được công bố. Ai cũng tính lại được và thấy không ai bị chọn riêng.",
        "When the draw is over the secret is published. Anyone can recompute it and see that nobody was "
        "singled out.",
    ),
)
"""The method as the page tells it."""


def shown(slot: str) -> Text:
    """A slot for people: `3A, tiết 3 sáng 25/11/2026`."""
    day, session, period, class_name = slot.split("/", 3)
    on = date.fromisoformat(day)
    named = {"morning": Text("sáng", "morning"), "afternoon": Text("chiều", "afternoon")}[session]
    return Text("{c}, tiết {p} {s} {d}", "{c}, {s} period {p}, {d}").format(
        c=class_name, p=period, s=named, d=f"{on:%d/%m/%Y}"
    )


def by_day(slots: Sequence[str]) -> dict[str, list[str]]:
    """Slots under their days, both in order."""
    found: dict[str, list[str]] = {}
    for slot in sorted(slots):
        found.setdefault(slot.split("/", 1)[0], []).append(slot)
    return found
