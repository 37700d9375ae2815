"""One holder among many, for as long as it lives; signs of life; pokes. On both databases."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from flows.leases import acquire, alive, beat, lead, release, renew, stop_beating
from flows.wake import Bell, poker, socket_folder
from models.run import Lease
from models.settings import Settings
from tests.cast import Cast

TIME = timedelta(seconds=15)


def test_of_twenty_who_want_a_lease_at_once_one_gets_it(each_cast: Cast) -> None:
    db, now = each_cast.office.db, each_cast.office.now()
    start = threading.Barrier(20)

    def take(number: int) -> bool:
        start.wait()
        return acquire(db, "document:x", f"holder {number}", now, TIME)

    with ThreadPoolExecutor(20) as pool:
        assert sorted(pool.map(take, range(20))) == [False] * 19 + [True]


def test_a_lease_that_ran_out_passes_on_and_its_old_holder_cannot_touch_it(each_cast: Cast) -> None:
    db, now = each_cast.office.db, each_cast.office.now()
    assert acquire(db, "job", "first", now, TIME)
    assert not acquire(db, "job", "first", now, TIME), "held is held, also for its own holder"
    assert not acquire(db, "job", "second", now + TIME - timedelta(seconds=1), TIME)

    later = now + TIME
    assert acquire(db, "job", "second", later, TIME)
    assert renew(db, "first", later, TIME) == frozenset()
    release(db, "job", "first")
    with db.read() as session:
        assert session.get_one(Lease, "job").holder == "second"


def test_renewing_prolongs_every_lease_of_a_holder_and_no_other(each_cast: Cast) -> None:
    db, now = each_cast.office.db, each_cast.office.now()
    for name, holder in (("a", "me"), ("b", "me"), ("c", "you")):
        assert acquire(db, name, holder, now, TIME)
    soon = now + timedelta(seconds=10)
    assert renew(db, "me", soon, TIME) == {"a", "b"}
    after = now + TIME
    assert not acquire(db, "a", "them", after, TIME)
    assert acquire(db, "c", "them", after, TIME)


def test_a_leader_stays_leader_until_it_is_gone(each_cast: Cast) -> None:
    db, now = each_cast.office.db, each_cast.office.now()
    assert lead(db, "repair", "first", now, TIME)
    assert lead(db, "repair", "first", now + timedelta(seconds=10), TIME)
    assert not lead(db, "repair", "second", now + timedelta(seconds=20), TIME)
    assert lead(db, "repair", "second", now + timedelta(seconds=25), TIME)
    assert not lead(db, "repair", "first", now + timedelta(seconds=26), TIME)


def test_a_process_is_alive_while_it_says_so(each_cast: Cast) -> None:
    db, now = each_cast.office.db, each_cast.office.now()
    beat(db, "worker:1", "worker", now - timedelta(seconds=60), "prefect=ok")
    beat(db, "worker:2", "worker", now)
    beat(db, "web:1", "web", now)
    with db.read() as session:
        assert [row.name for row in alive(session, "worker", now)] == ["worker:2"]
    beat(db, "worker:1", "worker", now, "prefect=down")
    stop_beating(db, "worker:2")
    with db.read() as session:
        assert [(row.name, row.detail) for row in alive(session, "worker", now)] == [
            ("worker:1", "prefect=down")
        ]


def test_a_poke_is_heard_and_one_nobody_hears_does_no_harm(each_cast: Cast) -> None:
    office = each_cast.office
    poke, rung = poker(office.settings, office.db), threading.Event()
    poke()
    bell = Bell(office.settings, office.db, rung.set)
    try:
        if not office.db.is_sqlite:
            assert rung.wait(60), "a bell on PostgreSQL rings once when it begins to listen"
            rung.clear()
        poke()
        assert rung.wait(60)
    finally:
        bell.close()
    poke()


def test_a_dead_workers_socket_is_cleared_away(cast: Cast) -> None:
    folder = socket_folder(cast.office.settings)
    bell = Bell(cast.office.settings, cast.office.db, lambda: None)
    left = folder / "4000000"
    (folder / next(folder.iterdir()).name).rename(left)  # the name stays, nobody listens to it
    bell.close()
    poker(cast.office.settings, cast.office.db)()
    assert not left.exists()


def test_a_deep_data_folder_gets_a_short_socket_path(cast: Cast) -> None:
    settings: Settings = cast.office.settings
    settings.data = settings.data / ("sâu" * 20) / ("sâu" * 20)
    rung = threading.Event()
    bell = Bell(settings, cast.office.db, rung.set)
    poker(settings, cast.office.db)()
    assert rung.wait(60)
    bell.close()
    socket_folder(settings).rmdir()
