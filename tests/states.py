"""One document in every state a school's database holds, made by the cast.

Also run by `tests/releases/remake.py` under the code of an older release: it uses only what that has.
"""

from __future__ import annotations

from flows import archiving
from tests.cast import Cast

STATES = (
    "draft",
    "waits for the head",
    "waits for the principal",
    "returned",
    "sent again",
    "waits for the archive",
    "archived",
    "waits for the seal",
)


def records(cast: Cast, *states: str) -> dict[str, str]:
    """One document in each state (or in those named), by the state's name."""
    return {
        state: _record(cast, state, 14 + number)
        for number, state in enumerate(STATES)
        if state in (states or STATES)
    }


def _record(cast: Cast, state: str, week: int) -> str:
    if state == "draft":
        return cast.lesson_plan("lan", week).id
    if state == "waits for the seal":
        plan = cast.team_plan().id
        for name, action in (("hoa", "submit"), ("hoa", "sign"), ("ngoc", "approve"), ("minh", "approve")):
            cast.act(name, plan, action)
        return plan
    document = cast.sent("lan", week).id
    if state in ("returned", "sent again"):
        cast.act("hoa", document, "return", note="Ghi rõ hơn thời lượng.")
    if state == "sent again":
        cast.act("lan", document, "submit")
        cast.act("lan", document, "sign")
    if state in ("waits for the principal", "waits for the archive", "archived"):
        cast.act("hoa", document, "approve")
    if state in ("waits for the archive", "archived"):
        cast.act("minh", document, "approve")
    if state == "archived":
        archive(cast, document)
    return document


def archive(cast: Cast, document_id: str) -> None:
    """The machine's steps of an approved document, without Prefect."""
    seq = cast.fresh(document_id).version
    validated = archiving.validate_signatures(cast.office, document_id, seq)
    stamped = archiving.archive_timestamp(cast.office, document_id, seq, validated)
    archiving.archive(cast.office, document_id, seq, stamped)
