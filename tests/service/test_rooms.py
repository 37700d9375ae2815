"""The applications of one process share their addresses."""

from __future__ import annotations

from service.app import create_app
from service.routes import rooms
from tests.cast import Cast


def test_addresses_are_worked_out_once_for_all_applications(cast: Cast) -> None:
    first, second = (create_app(cast.office.settings, cast.office) for _ in range(2))
    shared = {id(route) for route in first.routes} & {id(route) for route in second.routes}
    assert shared == {id(room) for room in rooms()}
    assert first.state.verifier is not second.state.verifier
