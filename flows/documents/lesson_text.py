"""Lessons found in the text of a teacher's Word file, by the headings of Công văn 2345, Phụ lục 3. Pure.

As well as can be: teachers write these headings in many ways. What is not understood is never dropped: it
stands in the lesson it came after, for the teacher to move. Item 4 is written after teaching; its dotted
lines are left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from flows.fields import Known
from tasks.blocks import Block
from tasks.rich_text import clean_line, plain

Section = Literal["head", "requirements", "equipment", "phases", "after"]

_NUMBERED = re.compile(r"^\s*(?:[IVX]+|\d+|[a-hđ])\s*[.):/-]\s*", re.IGNORECASE)
_SECTIONS: tuple[tuple[Section, re.Pattern[str]], ...] = (
    ("requirements", re.compile(r"(yeu cau can dat|muc tieu)")),
    ("equipment", re.compile(r"(do dung|thiet bi|chuan bi|phuong tien)")),
    ("phases", re.compile(r"(cac )?(hoat dong day|tien trinh|ke hoach day hoc)")),
    ("after", re.compile(r"(dieu chinh|rut kinh nghiem|bo sung sau)")),
)
_HEAD = re.compile(
    r"(ke hoach bai day|giao an|thu (hai|ba|tu|nam|sau|bay)\b|mon\b|tuan \d|ngay day|bai day\b)"  # thứ Hai …
)
_FURNITURE = re.compile(
    r"^(ke hoach bai day|giao an|tuan|thu |ngay|thoi gian|lop|so tiet|mon|truong|giao vien)\b"
)
_SUBJECT = re.compile(
    r"\bmôn(?:\s+học)?\s*:?\s*([^\W\d][^:;,(–\-\d\n]*?)(?=\s+lớp\b|\s+tiết\b|[:;,(–\-\d\n]|$)", re.IGNORECASE
)
_CLASS = re.compile(r"lớp\s*:?\s*(\d+\s*[A-ZĐ]?\d*)", re.IGNORECASE)
_PERIODS = re.compile(r"(?:số tiết|thời lượng)\s*:?\s*(\d{1,2})", re.IGNORECASE)
_DAY = re.compile(r"(\d{1,2})\s*[/.-]\s*(\d{1,2})\s*[/.-]\s*(20\d\d)")
_DAY_WORDS = re.compile(r"ngày\s+(\d{1,2})\s+tháng\s+(\d{1,2})\s+năm\s+(20\d\d)", re.IGNORECASE)
_MINUTES = re.compile(r"[(\[]?\s*(?:khoảng\s*)?(\d{1,3})\s*(?:phút|ph\b|p\b|[’'′])\s*[)\]]?", re.IGNORECASE)
_DOTS = re.compile(r"[.…_\s]*")
_SHORT = 90
"""Characters: a longer paragraph is no heading."""


@dataclass(slots=True)
class _Lesson:
    head: list[Block] = field(default_factory=list)
    requirements: list[str] = field(default_factory=list)
    equipment: list[str] = field(default_factory=list)
    phases: list[dict[str, Any]] = field(default_factory=list)


def lessons_of(blocks: Sequence[Block], known: Known) -> list[dict[str, Any]]:
    """Rows of the form's lessons; one row with everything where no lesson's headings are found."""
    lessons, here = [_Lesson()], "head"
    for block in blocks:
        lesson, section = lessons[-1], _section(block)
        if section == "requirements" and here != "head":
            lessons.append(_Lesson(head=_head_before(lesson)))
        elif here == "after" and section is None and _begins(block):
            lessons.append(_Lesson(head=[block]))
            here = "head"
            continue
        if section:
            here = section
            rest = _after_colon(block)
            if rest:
                _put(lessons[-1], section, Block(f"<p>{rest}</p>", rest))
            continue
        _put(lessons[-1], here, block)
    return [_row(lesson, known) for lesson in lessons if _holds(lesson)]


def _bare(text: str) -> str:
    """Lower case, without marks, numbering and end signs: what headings are compared by."""
    folded = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    letters = "".join(c for c in folded if not unicodedata.combining(c))
    return _NUMBERED.sub("", letters).strip(" :.-–*")


def _section(block: Block) -> Section | None:
    if block.rows or (len(block.text) > _SHORT and ":" not in block.text[:40]):
        return None
    bare = _bare(block.text)
    for name, pattern in _SECTIONS:
        if pattern.match(bare) and (len(block.text) <= 60 or block.text.find(":") in range(40)):
            return name
    return None


def _after_colon(block: Block) -> str:
    """What stands behind the heading in the same line: `2. Đồ dùng dạy học: bảng phụ`."""
    _, _, rest = block.text.partition(":")
    escaped = rest.strip().replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped if len(escaped) > 1 else ""


def _begins(block: Block) -> bool:
    return not block.rows and len(block.text) <= _SHORT and bool(_HEAD.match(_bare(block.text)))


def _head_before(lesson: _Lesson) -> list[Block]:
    """The lines above a new lesson's first heading that were read as the end of the lesson before."""
    if not lesson.phases:
        return []
    phase = lesson.phases[-1]
    taken: list[Block] = []
    while phase["after"] and len(taken) < 8 and len(phase["after"][-1].text) <= _SHORT:
        taken.insert(0, phase["after"].pop())
    start = next((n for n, block in enumerate(taken) if _begins(block)), None)
    if start is None:
        phase["after"] += taken
        return []
    phase["after"] += taken[:start]
    return taken[start:]


def _put(lesson: _Lesson, section: str, block: Block) -> None:
    if section == "head":
        lesson.head.append(block)
    elif section == "requirements":
        lesson.requirements.append(block.html)
    elif section == "equipment":
        lesson.equipment.append(block.html)
    elif section == "after" and _DOTS.fullmatch(block.text) and "<img" not in block.html:
        return
    elif block.rows:
        _phase_rows(lesson, block)
    else:
        if not lesson.phases:
            lesson.phases.append(_phase("Các hoạt động"))
        lesson.phases[-1]["after"].append(block)


def _phase(name: str) -> dict[str, Any]:
    found = _MINUTES.search(name)
    words = _NUMBERED.sub("", _MINUTES.sub(" ", name)).strip(" :.-–*()")
    return {
        "name": clean_line(words)[:80] or "Hoạt động",
        "minutes": int(found[1]) if found and 1 <= int(found[1]) <= 300 else None,
        "teacher": [],
        "pupils": [],
        "after": [],
    }


def _phase_rows(lesson: _Lesson, table: Block) -> None:
    """A table of two columns, teacher and pupils; a row of one cell, or of one filled cell, names a phase."""
    teacher, pupils = 0, 1
    for row in table.rows:
        said = [" ".join(plain(cell).split()) for cell in row]
        bare = [_bare(text) for text in said]
        titles = [n for n, text in enumerate(bare) if re.search(r"(giao vien|\bgv\b|hoc sinh|\bhs\b)$", text)]
        if len(titles) >= 2 and all(len(text) < 60 for text in said):
            teacher = next((n for n in titles if re.search(r"(giao vien|\bgv\b)$", bare[n])), 0)
            pupils = next((n for n in titles if n != teacher), 1)
            continue
        filled = [text for text in said if text]
        if len(filled) == 1 and len(filled[0]) <= _SHORT and said[0] == filled[0]:
            lesson.phases.append(_phase(filled[0]))
            continue
        if not lesson.phases:
            lesson.phases.append(_phase("Các hoạt động"))
        phase = lesson.phases[-1]
        for number, cell in enumerate(row):
            phase["pupils" if number == pupils and len(row) > 1 else "teacher"].append(cell)
    if not lesson.phases:
        lesson.phases.append(_phase("Các hoạt động"))


def _holds(lesson: _Lesson) -> bool:
    return bool(lesson.head or lesson.requirements or lesson.equipment or lesson.phases)


def _row(lesson: _Lesson, known: Known) -> dict[str, Any]:
    if not (lesson.requirements or lesson.equipment or lesson.phases):
        # No heading of a lesson plan: the whole text, under its first line.
        whole = "".join(block.html for block in lesson.head)
        return {"title": lesson.head[0].text[:200], "requirements": whole, "phases": []}
    lines = [block.text for block in lesson.head]
    joined = "\n".join(lines)
    title, named = _title(lines)
    kept = [
        b.html
        for b in lesson.head
        if b.rows or "<img" in b.html or (b.text != named and not _is_furniture(b.text))
    ]
    periods = _PERIODS.search(joined)
    return {
        "subject": _subject(joined, known),
        "class": _class(joined, known),
        "title": title[:200],
        "periods": periods[1] if periods else "",
        "date": _date(joined),
        "requirements": "".join([*kept, *lesson.requirements]),
        "equipment": "".join(lesson.equipment),
        "phases": [_phase_row(phase) for phase in lesson.phases],
    }


def _phase_row(phase: Mapping[str, Any]) -> dict[str, Any]:
    teacher = "".join([*phase["teacher"], *(block.html for block in phase["after"])])
    return {
        "name": phase["name"],
        "minutes": phase["minutes"],
        "teacher": teacher,
        "pupils": "".join(phase["pupils"]),
    }


def _is_furniture(text: str) -> bool:
    return (len(text) <= _SHORT and bool(_FURNITURE.match(_bare(text)))) or not text


def _title(lines: Sequence[str]) -> tuple[str, str]:
    """The lesson's name and the line it stands in: `Bài 28: …`, else the last line that is no furniture."""
    for line in lines:
        if re.match(
            r"\s*(tên bài( dạy| học)?|bài( dạy| học)?\s*\d*|chủ đề\s*\d*)\s*[:.–-]", line, re.IGNORECASE
        ):
            shown = re.sub(r"^\s*tên bài( dạy| học)?\s*:\s*", "", line, flags=re.IGNORECASE)
            return clean_line(shown), line
    last = next((line for line in reversed(lines) if line and not _is_furniture(line)), "")
    return clean_line(last), last


def _subject(text: str, known: Known) -> str:
    """As the school writes it, where it has such a subject."""
    found = _SUBJECT.search(text)
    typed = clean_line(found[1])[:80] if found else ""
    same = (name for name in known.subjects if name.casefold() == typed.casefold())
    return next(same, typed.capitalize() if typed.isupper() else typed)


def _class(text: str, known: Known) -> str:
    for found in _CLASS.finditer(text):
        wanted = found[1].replace(" ", "").upper()
        for key, name in known.classes.items():
            if name.upper() == wanted:
                return key
    return ""


def _date(text: str) -> str:
    found = _DAY.search(text) or _DAY_WORDS.search(text)
    if not found:
        return ""
    try:
        return date(int(found[3]), int(found[2]), int(found[1])).isoformat()
    except ValueError:
        return ""
