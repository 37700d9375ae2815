"""Documents and their runs, through a real Prefect server and real worker processes."""

from __future__ import annotations

from tests.cast import Cast
from tests.prefect_fixture import PrefectServer, prefect_server, wait_for, working  # noqa: F401 - a fixture


def test_a_run_is_parked_under_the_name_of_who_is_awaited_and_ends_in_the_archive(
    cast: Cast,
    prefect_server: PrefectServer,  # noqa: F811 - the fixture's name
) -> None:
    with working(cast.office, prefect_server):
        document = cast.sent("lan", 14)
        wait_for(lambda: prefect_server.state_of(document.id) == "Awaiting group head", "not parked")
        cast.act("hoa", document.id, "approve")
        wait_for(
            lambda: prefect_server.state_of(document.id) == "Awaiting principal or vice principal",
            "not renamed",
        )
        cast.act("minh", document.id, "approve")
        wait_for(lambda: cast.fresh(document.id).status == "archived", "not archived")
        wait_for(lambda: prefect_server.state_of(document.id) == "Completed", "not completed")
