"""A mail tried again after an outage: not in the school's quiet hours, unless it cannot wait."""

from __future__ import annotations

import asyncio
import pathlib
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlmodel import select

from flows.day_rows import working_days
from models.account import Account
from models.notice import Mail
from models.settings import Settings
from tasks.letters import letter
from tasks.mail_hours import STANDARD
from tasks.mailing import GATHER, fold, fold_now
from tasks.posting import Posted, post, try_again
from tests.clockwork import DAY, SmallSchool, at, small_school
from tests.mail_server import mail_server
from tests.tasks.test_mailing import Postman, audiences

EVENING, MORNING = at(11, 12, 19, 58), at(11, 13, 6)
NIGHT = at(11, 12, 23)


@pytest.fixture
def postman() -> Postman:
    return Postman()


@pytest.fixture
def settings(postman: Postman, tmp_path: pathlib.Path) -> Iterator[Settings]:
    with mail_server(postman) as server:
        yield Settings(data=tmp_path, smtp_host="127.0.0.1", smtp_port=server.port)


@pytest.fixture(params=["sqlite", "postgresql"])
def school(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[SmallSchool]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    school = small_school(tmp_path, url=url)
    yield school
    school.db.dispose()


def tell(school: SmallSchool, kind: str, now: datetime) -> None:
    document = school.document("lan", 11, at(11, 1), status="returned")
    school.waits(document, f"account:{school.accounts['hoa']}")
    school.notice("hoa", kind, now, document)


def goes(school: SmallSchool, settings: Settings, now: datetime) -> Posted:
    fold(school.db, settings, now, audiences, working_days)
    return asyncio.run(post(school.db, settings, now))


def mail_of(school: SmallSchool) -> Mail:
    with school.db.read() as session:
        return session.exec(select(Mail)).one()


def out_of_order(postman: Postman) -> None:
    postman.answer = lambda _server, _envelope: "451 Try again later"


def mended(postman: Postman) -> None:
    postman.answer = lambda _server, _envelope: "250 OK"


def test_a_later_try_waits_for_the_morning(school: SmallSchool, settings: Settings, postman: Postman) -> None:
    out_of_order(postman)
    tell(school, "returned", EVENING)
    assert goes(school, settings, EVENING + GATHER) == Posted(postponed=1)
    mended(postman)
    assert mail_of(school).next_try_at < NIGHT
    assert goes(school, settings, NIGHT) == Posted()
    assert (mail_of(school).next_try_at, mail_of(school).attempts) == (MORNING, 1)
    assert goes(school, settings, MORNING - timedelta(seconds=1)) == Posted()
    assert goes(school, settings, MORNING) == Posted(sent=1)


def test_a_mail_the_machine_did_not_come_to_send_waits_too(school: SmallSchool, settings: Settings) -> None:
    tell(school, "returned", EVENING)
    assert fold(school.db, settings, EVENING + GATHER, audiences, working_days) == 1
    assert goes(school, settings, NIGHT) == Posted()
    assert goes(school, settings, MORNING) == Posted(sent=1)


def test_news_of_an_account_is_tried_again_at_night(
    school: SmallSchool, settings: Settings, postman: Postman
) -> None:
    out_of_order(postman)
    for kind in ("returned", "change"):  # one mail of both: the one that cannot wait takes the other along
        tell(school, kind, EVENING)
    assert goes(school, settings, EVENING + GATHER) == Posted(postponed=1)
    mended(postman)
    assert goes(school, settings, NIGHT) == Posted(sent=1)


def test_a_mail_that_tells_no_notice_is_tried_again_at_night(
    school: SmallSchool, settings: Settings, postman: Postman
) -> None:
    """A link to a new password: somebody waits for it."""
    with school.db.write() as session:
        account = session.get_one(Account, school.accounts["hoa"])
        session.add(letter(settings, account, "test", EVENING))
    out_of_order(postman)
    assert goes(school, settings, EVENING) == Posted(postponed=1)
    mended(postman)
    assert goes(school, settings, NIGHT) == Posted(sent=1)


def test_what_somebody_asks_for_at_night_goes_at_night(school: SmallSchool, settings: Settings) -> None:
    tell(school, "waiting", NIGHT - timedelta(minutes=5))
    assert fold_now(school.db, settings, school.id, NIGHT, audiences) == 1
    assert goes(school, settings, NIGHT) == Posted(sent=1)


def test_a_failed_mail_sent_again_by_hand_goes_at_night(
    school: SmallSchool, settings: Settings, postman: Postman
) -> None:
    postman.to = "550 No such mailbox"
    tell(school, "returned", EVENING)
    assert goes(school, settings, EVENING + GATHER) == Posted(failed=1)
    postman.to = "250 OK"
    assert try_again(school.db, mail_of(school).id, NIGHT)
    assert goes(school, settings, NIGHT) == Posted(sent=1)


def test_a_school_without_quiet_hours_is_sent_to_at_night(
    school: SmallSchool, settings: Settings, postman: Postman
) -> None:
    school.hours(quiet_from=0, quiet_to=0)
    out_of_order(postman)
    tell(school, "returned", EVENING)
    assert goes(school, settings, EVENING + GATHER) == Posted(postponed=1)
    mended(postman)
    assert goes(school, settings, NIGHT) == Posted(sent=1)


@pytest.mark.parametrize(
    ("moment", "since"),
    [
        (NIGHT, at(11, 12, 20)),
        (at(11, 12, 20), at(11, 12, 20)),
        (MORNING - timedelta(seconds=1), at(11, 12, 20)),
        (at(11, 13, 0), at(11, 12, 20)),
    ],
)
def test_when_the_night_began(moment: datetime, since: datetime) -> None:
    assert STANDARD.quiet_since(moment) == since
    assert STANDARD.quiet_since(moment + DAY) == since + DAY
