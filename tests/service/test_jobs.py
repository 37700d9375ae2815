"""The scheduler process: one leads, it makes up for what was missed, mails go out, it ends in good order."""

from __future__ import annotations

import asyncio
import os
import pathlib
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from aiosmtpd.handlers import Mailbox
from apscheduler.triggers.cron import CronTrigger
from sqlmodel import col, select

from flows.leases import alive
from models.account import Pass, Throttle
from models.notice import Mail
from models.run import Lease
from models.settings import VIETNAM, Settings
from models.text import Text
from service.jobs import LEASE_TIME, Clockwork, schedule
from tasks.blobs import BlobStore
from tasks.check_results import KEPT, CheckResult, CheckResults
from tasks.mailing import GATHER
from tasks.verdicts import Standing, Verdict
from tests.clockwork import DAY, HOUR, SmallSchool, at, small_school
from tests.mail_server import mail_server
from tests.waiting import until

LIMIT = at(11, 13)


class Watch:
    """A clock the test sets."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def school(tmp_path: pathlib.Path) -> SmallSchool:
    return small_school(tmp_path)


@pytest.fixture
def watch() -> Watch:
    return Watch(LIMIT + HOUR)


def works(school: SmallSchool, watch: Watch) -> Clockwork:
    return Clockwork(school.db, Settings(), watch)


def missing(school: SmallSchool, week: int = 11) -> list[str]:
    return [
        who for rule, slug, who, w, _ in school.flags() if (rule, slug, w) == ("missing", "lesson-plan", week)
    ]


def test_who_becomes_the_leader_makes_up_for_what_was_missed(school: SmallSchool, watch: Watch) -> None:
    works(school, watch).take_the_lead()
    assert missing(school) == ["anh", "hoa", "huong", "lan", "son"]


def test_one_leads_and_the_other_takes_over_when_it_ends_or_dies(school: SmallSchool, watch: Watch) -> None:
    first, second, third = (works(school, watch) for _ in range(3))
    first.take_the_lead()
    second.take_the_lead()
    assert (first.leading, second.leading) == (True, False)
    watch.now += 7 * DAY
    second.look()
    second.remind()
    assert missing(school, 12) == []
    watch.now = LIMIT + HOUR + LEASE_TIME  # the first one is killed
    second.take_the_lead()
    assert second.leading
    first.take_the_lead()
    assert not first.leading
    second.leave()
    third.take_the_lead()
    assert third.leading


def test_a_day_late_or_twice_comes_to_the_same(school: SmallSchool, watch: Watch) -> None:
    clock = works(school, watch)
    clock.take_the_lead()
    watch.now += 7 * DAY
    clock.take_the_lead()
    clock.look()
    flags = school.flags()
    assert len(missing(school, 12)) == 5
    clock.look()
    clock.look_far_back()
    assert school.flags() == flags


def test_a_change_is_seen_without_waiting_for_the_night(school: SmallSchool, watch: Watch) -> None:
    clock = works(school, watch)
    clock.take_the_lead()
    watch.now += HOUR
    school.document("lan", 11, watch.now)
    watch.now += timedelta(seconds=30)
    clock.look_at_changes()
    assert ("late", "lesson-plan", "lan", 11, True) in school.flags()


def test_what_ran_out_is_swept_and_what_lives_stays(school: SmallSchool, watch: Watch) -> None:
    clock = works(school, watch)
    clock.take_the_lead()
    with school.db.write() as session:
        for name, hours in (("old", 0), ("new", 1)):
            session.add(
                Pass(
                    token_hash=name,
                    kind="session",
                    account_id=school.accounts["lan"],
                    csrf="",
                    created_at=LIMIT,
                    seen_at=LIMIT,
                    expires_at=watch.now + hours * HOUR,
                )
            )
            session.add(Throttle(source=name, since=watch.now - DAY + hours * HOUR))
    clock.clean()
    with school.db.read() as session:
        assert session.exec(select(Pass.token_hash)).all() == ["new"]
        assert session.exec(select(Throttle.source)).all() == ["new"]


def test_the_result_of_a_check_that_nobody_can_open_any_more_leaves_the_disk(
    school: SmallSchool, watch: Watch, tmp_path: pathlib.Path
) -> None:
    clock = Clockwork(school.db, Settings(data=tmp_path), watch)
    clock.take_the_lead()
    kept = CheckResults(clock.settings.verified)
    verdict = Verdict(Standing.UNSIGNED, Text("Chưa ký", "Not signed"), Text("Chưa ký", "Not signed"))
    word = kept.put(CheckResult("a.pdf", 1, "0" * 64, watch.now, 0.1, verdict))
    clock.clean()
    assert kept.get(word, watch.now) is not None
    watch.now += KEPT + HOUR
    clock.clean()
    assert list(clock.settings.verified.iterdir()) == []


def test_what_a_kill_left_half_written_in_the_store_goes_after_some_hours(
    school: SmallSchool, watch: Watch, tmp_path: pathlib.Path
) -> None:
    clock = Clockwork(school.db, Settings(data=tmp_path), watch)
    clock.take_the_lead()
    folder = clock.settings.blobs
    killed = (
        "import os, pathlib, signal, sys; from tasks.blobs import BlobStore; "
        "os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL); "
        "BlobStore(pathlib.Path(sys.argv[1])).put(b'a signed file')"
    )
    ended = subprocess.run([sys.executable, "-c", killed, str(folder)], check=False)
    assert ended.returncode == -signal.SIGKILL
    (part,) = folder.glob("*/.part-*")
    whole = BlobStore(folder).put(b"a signed file")
    left = datetime.fromtimestamp(part.stat().st_ctime, UTC)
    with time_machine.travel(left + timedelta(hours=1)):
        clock.clean()
    assert part.exists()  # it could still be written
    with time_machine.travel(left + timedelta(hours=7)):
        clock.clean()
    assert list(folder.glob("*/.part-*")) == []
    assert BlobStore(folder).get(whole) == b"a signed file"


def test_the_night_look_is_at_five_past_midnight_in_vietnam(school: SmallSchool, watch: Watch) -> None:
    table = {job.id: job for job in schedule(works(school, watch)).get_jobs()}
    assert set(table) == {
        "sign_of_life",
        "take_the_lead",
        "mail",
        "look_at_changes",
        "look_at_facts",
        "look_at_checks",
        "remind",
        "turn",
        "look",
        "look_far_back",
        "tend",
        "fetch_lists",
        "renew",
        "root",
        "audit",
        "publish_lists",
        "clean",
    }
    trigger = table["look"].trigger
    assert isinstance(trigger, CronTrigger)
    assert trigger.get_next_fire_time(None, at(11, 12, 23)) == datetime(2024, 11, 13, 0, 5, tzinfo=VIETNAM)


@pytest.mark.real_clock  # as the process has it
def test_the_process_sends_what_is_due_and_ends_in_good_order(
    school: SmallSchool, tmp_path: pathlib.Path
) -> None:
    box = tmp_path / "box"
    school.hours(digest=False, quiet_from=0, quiet_to=0)  # whatever the hour
    document = school.document("lan", 11, LIMIT)
    school.waits(document, f"account:{school.accounts['hoa']}")
    school.notice("hoa", "waiting", LIMIT, document)
    with mail_server(Mailbox(str(box))) as server:
        process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                "from models.settings import Settings; from service.jobs import serve; serve(Settings())",
            ],
            env=os.environ
            | {
                "HOSOSO_DATABASE_URL": str(school.db.engine.url),
                "HOSOSO_DATA": str(tmp_path),
                "HOSOSO_SMTP_HOST": "127.0.0.1",
                "HOSOSO_SMTP_PORT": str(server.port),
            },
            cwd=pathlib.Path(__file__).parents[2],
        )
        try:
            until(lambda: list((box / "new").glob("*")), "the mail")
            until(lambda: says(school) == ["leads"], "the scheduler's sign of life")
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=120) == 0
        finally:
            process.kill()
            process.wait()
    assert len(list((box / "new").glob("*"))) == 1
    with school.db.read() as session:
        assert session.exec(select(Lease)).all() == []
    assert says(school) == []


def says(school: SmallSchool) -> list[str]:
    """What every scheduler that is alive says of itself."""
    with school.db.read() as session:
        return [beat.detail for beat in alive(session, "scheduler", datetime.now(VIETNAM))]


def told(school: SmallSchool) -> dict[str, list[datetime | None]]:
    """By person: when their digests were made."""
    names = {account: name for name, account in school.accounts.items()}
    found: dict[str, list[datetime | None]] = {}
    with school.db.read() as session:
        for mail in session.exec(select(Mail).where(col(Mail.digest_day).is_not(None))):
            found.setdefault(names[mail.account_id], []).append(mail.created_at)
    return found


def test_the_hours_digest_has_what_is_to_be_told_from_that_hour_on(
    school: SmallSchool, watch: Watch, tmp_path: pathlib.Path
) -> None:
    clock = Clockwork(school.db, Settings(data=tmp_path), watch)
    watch.now = LIMIT - DAY + 6 * HOUR
    clock.take_the_lead()
    watch.now = LIMIT - DAY + 7 * HOUR  # the job of the reminders is still to come
    asyncio.run(clock.mail())
    watch.now += GATHER
    asyncio.run(clock.mail())
    with school.db.read() as session:
        lan = session.exec(select(Mail).where(col(Mail.account_id) == school.accounts["lan"])).one()
    assert "Hạn: hết thứ Ba 12/11" in lan.text


def test_two_clocks_a_bit_apart_and_a_week_asleep_make_one_digest_a_day(
    school: SmallSchool, tmp_path: pathlib.Path
) -> None:
    watches = Watch(LIMIT - DAY), Watch(LIMIT - DAY + timedelta(seconds=20))
    clocks = [Clockwork(school.db, Settings(data=tmp_path), w) for w in watches]

    def go_on(step: timedelta) -> None:
        for watch in watches:
            watch.now += step
        for clock in clocks:
            clock.leading = True  # both believe it: one was cut off while it led
            clock.look()
            clock.remind()
            asyncio.run(clock.mail())

    for _ in range(2 * 24):
        go_on(HOUR)
    before = told(school)
    assert all(len(at_) == len({a.astimezone(VIETNAM).date() for a in at_ if a}) for at_ in before.values())
    assert len(before["lan"]) == 2
    go_on(7 * DAY + 9 * HOUR)
    for _ in range(6):
        go_on(HOUR)
    after = told(school)
    assert {
        who: len(made) - len(before[who]) for who, made in after.items() if who in before
    } == dict.fromkeys(before, 1)
