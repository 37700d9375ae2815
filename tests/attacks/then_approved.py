"""Something is changed after the author signed, and then an honest approver signs what lies before them.

The approver's signature is true and covers everything; the author's must say that the paper was another one.
What was filled into an empty field is not here: the approver has seen and signed it.
"""

from __future__ import annotations

from functools import partial

from tests import signatures
from tests.attacks import combined, form_content, raw, shadow, unseen_updates
from tests.attacks.letters import APPROVAL, certified, signed
from tests.attacks.samples import ALTERED, BROKEN, UNKNOWN, Attacks, Make
from tests.attacks.shadow import SHADOW, covered_by_widget, filled_field
from tests.signatures import person

ATTACKS = Attacks("then approved")


def approved(make: Make) -> bytes:
    return signatures.sign(make(), "approval", person("minh"), APPROVAL)


_BASES = (signed, certified, filled_field, form_content.ticked, covered_by_widget, combined.two_windows)
_NOT_THESE = (
    "empty field filled by nobody",
    "then signed",
    "then stamped",
    "an empty signature field drawn",
    "time-stamp",
    "approved",
    "together with a lawful signature",
    "window of a signature",
    "words more: nothing",
)
"""Lawful once somebody signed them, or with no empty field left for the approver."""
for _class in (shadow.ATTACKS, form_content.ATTACKS, combined.ATTACKS, unseen_updates.ATTACKS):
    for _name, _sample in _class.items():
        if _sample.before in _BASES and not any(word in _name for word in _NOT_THESE):
            ATTACKS.add(_name, partial(approved, _sample.make), _sample.before, ALTERED, UNKNOWN, BROKEN)


def with_field(change: bytes, by: bytes) -> bytes:
    pdf = filled_field()
    return raw.update(pdf, {SHADOW: raw.replaced(raw.value_of(pdf, SHADOW), change, by)})


for _name, _change, _by in (
    ("the filled field not printed", b"/F 4", b"/F 0"),
    ("the filled field printed only", b"/F 4", b"/F 36"),
    ("the filled field hidden", b"/F 4", b"/F 6"),
    ("the filled field of another name", b"/T (sum)", b"/T (sun)"),
    ("the filled field of another type", b"/FT /Tx", b"/FT /Ch"),
    ("the filled field's size grown", b"[60 600 260 630]", b"[60 600 260 631]"),
):
    ATTACKS.add(_name, partial(approved, partial(with_field, _change, _by)), filled_field, ALTERED, UNKNOWN)
