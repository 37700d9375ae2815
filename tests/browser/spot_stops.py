"""Where the tour halts for spot checks in the corridor."""

from __future__ import annotations

from flows import spot_records
from flows.spot_marks import Marks, Sending
from flows.spot_visit import Visit
from tests.browser.stops import Stop, stop
from tests.cast import Cast
from tests.spot_checks import planned

NO_PAGE = {
    "/spot/worker.js": "a script",
    "/spot/device": "JSON",
    "/spot/{check_id}/print": "a piece of a page",
}


def stops(cast: Cast, code: str) -> list[Stop]:
    """A check to be made and one that was sent; `code` is of some print."""
    check, made = planned(cast), planned(cast, period=4)
    marks = Marks(
        "present", "absent", words="Em để ở nhà ạ.", visit=Visit("09:15", "09:25", "Lớp 3A", read_back=True)
    )
    sending = Sending("2a2c7ab0-6f43-4c4a-9a3a-7a64c5a0a0aa", marks, cast.office.now())
    spot_records.record(cast.office, cast.actor("binh"), made, sending)
    return [
        stop("binh", f"/spot/{check}"),
        stop("binh", f"/spot/{check}?code={code}", shows="[data-verdict] .note"),
        stop(
            "binh",
            f"/spot/{check}",
            "label:has(#f-lesson_plan-printed)",
            ".acts-bar .btn",
            shows="[data-missing] a",
        ),
        stop("binh", f"/spot/{made}/sent"),
        stop("binh", "/spot/no-network"),
        stop("binh", f"/p/{code}"),
        stop("minh", f"/spot/{check}"),
    ]
