"""Where the accessibility tour looks at retention, lists of destruction and holds."""

from __future__ import annotations

from flows import destroying, holds
from tests import destructions
from tests.browser.stops import Stop, stop
from tests.cast import Cast


def stops(cast: Cast) -> list[Stop]:
    """Records due, one held, a list returned, one to be carried out and one that was."""
    ids = destructions.due(cast, 25, 26, 27, 28, 29)
    returned = destructions.listed(cast, ids[:1])
    cast.act("thu", returned, "sign")
    cast.act("ngoc", returned, "return", note="Để lại hồ sơ làm minh chứng.")
    waiting, done = (destructions.approved(cast, [key]) for key in ids[1:3])
    destructions.over(cast)
    destroying.carry_out(cast.office, cast.actor("thu"), done)
    held = holds.Asked(document_id=ids[3], reason="Phục vụ thanh tra", reference="12/QĐ-PGD")
    holds.place(cast.office, cast.actor("minh"), held)
    terms = "/retention/terms/lesson-plan"
    return [
        stop("thu", "/retention", shows="[name=group]"),
        stop("thu", "/retention/new?group=lesson-plan:2025", shows="table"),
        stop("thu", f"/retention/lists/{returned}/edit", shows="[name=reason]"),
        stop("thu", f"/retention/lists/{waiting}", shows="[name=password]"),
        stop("thu", f"/retention/lists/{done}"),
        stop("lan", f"/documents/{ids[2]}", shows="#destroyed"),
        stop("lan", f"/documents/{ids[3]}"),
        stop("minh", "/retention/holds", shows="[name=reason]"),
        stop("thu", "/retention/terms"),
        stop("admin", terms),
        stop("admin", terms, ("[name=years]", "7"), "main .btn--go", shows="form:has([name=seen])"),
    ]
