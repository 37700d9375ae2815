"""A document type as a table a school can sign: Markdown, generated from its declaration. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from flows.grammar import DocumentType, Review, Step
from models.text import Text

HEADER = """# Document types

Generated from `flows/catalogue.py` by `hososo types`; a test holds this page to the declarations.
"""
_MACHINE = Text("Hệ thống", "The system")


def page(types: Iterable[DocumentType]) -> str:
    """All types, one table each."""
    return HEADER + "".join(f"\n{table(declared)}" for declared in types)


def table(declared: DocumentType) -> str:
    """One type: its steps with who takes each, what may be done, whether it signs, where a return leads."""
    deadline = declared.deadline.rule if declared.deadline else None
    lines = [
        f"## {declared.name.vi} · {declared.name.en} (`{declared.slug}`)",
        "",
        "| bước · step | ai · who | việc · actions | chữ ký · signature | trả về · returns to |",
        "|---|---|---|---|---|",
        *(_row(declared, step) for step in declared.steps),
        "",
    ]
    if deadline:
        lines.append(f"Hạn · due: {deadline.vi} · {deadline.en}.")
    lines.append(f"Lưu giữ · kept: {declared.archive.keep} năm · years.")
    return "\n".join(lines) + "\n"


def _row(declared: DocumentType, step: Step) -> str:
    who = step.by.name if step.by else _MACHINE
    signs = "có · yes" if step.signs else "–"
    if isinstance(step, Review) and step.numbers:
        signs += ", lấy số · gives the number"
    back = declared.step(step.returns_to).label if isinstance(step, Review) else None
    cells = (
        f"{step.label.vi} · {step.label.en}",
        f"{who.vi} · {who.en}",
        ", ".join(step.actions),
        signs,
        f"{back.vi} · {back.en}" if back else "–",
    )
    return "| " + " | ".join(cells) + " |"
