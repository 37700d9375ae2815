"""Back-up and restore: the same documents, chains and valid signatures, or a refusal that wrote nothing."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from flows import destroying
from flows.auditing import BrokenChain
from flows.office import Office
from models.account import Pass
from models.document import Document
from models.errors import BadPin, Invalid, RecordsError
from models.event import Event
from models.migrate import NewerData, is_empty
from models.settings import Settings
from models.text import Text
from service import keeping
from service.keeping import Keys, back_up
from service.passes import issue_pass
from tasks import backing_up
from tasks.backing_up import CannotBackUp
from tasks.checking_backups import BadBackup, KeyNeeded
from tasks.restoring import NotEmpty
from tests import destructions
from tests.audited import sound
from tests.cast import Cast
from tests.conftest import MASTER_KEY
from tests.every_state import elsewhere, hold, stamp, written
from tests.states import archive, records

PASSPHRASE = "câu mật khẩu dài"


@pytest.fixture
def kept(cast: Cast, tmp_path: Path) -> Cast:
    """A school on SQLite, as the migrations leave it, whose master key was also put apart."""
    stamp(cast.office)
    (tmp_path / "apart.key").write_bytes(MASTER_KEY)
    (tmp_path / "passphrase").write_text(f"{PASSPHRASE}\n")
    return cast


def quiet(_: Text) -> None:
    """Nobody listens."""


def backed_up(office: Office, path: Path, passphrase: Path | None = None) -> Path:
    assert back_up(office.settings, path, None, passphrase, quiet) == 0
    return path


@contextmanager
def restored(office: Office, file: Path, data: Path, keys: Keys, url: str = "") -> Iterator[Office]:
    """The office over what was restored from a file."""
    there = elsewhere(office, data, url)
    try:
        keeping.restore(there.settings, file, keys, quiet)
        yield there
    finally:
        there.db.dispose()


@pytest.mark.parametrize(
    ("each_cast", "into"),
    [("sqlite", "sqlite"), ("sqlite", "postgresql"), ("postgresql", "sqlite")],
    indirect=["each_cast"],
)
def test_a_restore_gives_the_same_school_on_either_database(
    each_cast: Cast, into: str, tmp_path: Path, new_postgres_url: str
) -> None:
    office = each_cast.office
    stamp(office)
    made = records(each_cast)
    before = written(office.db)
    file = backed_up(office, tmp_path / "school.zip")
    (tmp_path / "apart.key").write_bytes(MASTER_KEY)

    url = new_postgres_url if into == "postgresql" else ""
    keys = Keys(master_key=tmp_path / "apart.key")
    with restored(office, file, tmp_path / "there", keys, url) as there:
        assert written(there.db) == before
        assert hold(there) > 12
        # And the school goes on: with the same PINs, from where each record stood.
        goes_on = Cast(there, each_cast.school_id, each_cast.other_school_id, each_cast.ids)
        goes_on.act("hoa", made["waits for the head"], "approve")
        archive(goes_on, made["waits for the archive"])
        assert goes_on.fresh(made["waits for the archive"]).status == "archived"


def test_a_backup_made_while_people_decide_is_of_one_moment(kept: Cast, tmp_path: Path) -> None:
    drafts = [kept.lesson_plan(name, week).id for name in ("lan", "mai") for week in (14, 15, 16)]
    done, begun = threading.Event(), threading.Semaphore(0)

    def people() -> None:
        try:
            for document_id in drafts:
                begun.acquire(timeout=60)  # with each record a backup begins, whoever is the quicker
                name = "lan" if drafts.index(document_id) < 3 else "mai"
                for who, action in ((name, "submit"), (name, "sign"), ("hoa", "approve")):
                    kept.act(who, document_id, action)
        finally:
            done.set()

    thread = threading.Thread(target=people)
    thread.start()
    files = []
    while not done.is_set():
        begun.release()
        files.append(backed_up(kept.office, tmp_path / f"{len(files)}.zip"))
    thread.join()
    assert len(files) > 2
    keys = Keys(master_key=tmp_path / "apart.key")
    counts = []
    for number in (0, len(files) // 2, len(files) - 1):
        with restored(kept.office, files[number], tmp_path / f"there{number}", keys) as there:
            hold(there)
            counts.append(len(written(there.db)["event"]))
    assert counts[0] < counts[-1] <= len(drafts) * 4


def test_nobody_is_signed_in_after_a_restore(kept: Cast, tmp_path: Path) -> None:
    with kept.office.db.write() as session:
        issue_pass(session, kept.office.settings, kept.ids["lan"], "session", datetime.now(UTC))
    file = backed_up(kept.office, tmp_path / "school.zip")
    with zipfile.ZipFile(file) as archive:
        assert not [n for n in archive.namelist() if Path(n).stem in ("pass", "lease", "heartbeat")]
    with (
        restored(kept.office, file, tmp_path / "there", Keys(master_key=tmp_path / "apart.key")) as there,
        there.db.read() as session,
    ):
        assert session.exec(select(Pass)).all() == []


# the master key


def test_the_master_key_comes_along_only_under_a_passphrase(kept: Cast, tmp_path: Path) -> None:
    said: list[str] = []
    plain, sealed = tmp_path / "plain.zip", tmp_path / "sealed.zip"
    assert back_up(kept.office.settings, plain, None, None, lambda t: said.append(t.en)) == 0
    assert "does not hold the master key" in said[-1]
    backed_up(kept.office, sealed, tmp_path / "passphrase")
    for file in (plain, sealed):
        with zipfile.ZipFile(file) as archive:
            for name in archive.namelist():
                assert MASTER_KEY not in archive.read(name), name

    there = elsewhere(kept.office, tmp_path / "there")
    with pytest.raises(KeyNeeded):
        keeping.restore(there.settings, plain, Keys(), quiet)
    with pytest.raises(KeyNeeded):
        keeping.restore(there.settings, sealed, Keys(), quiet)
    (tmp_path / "wrong").write_text("một câu hoàn toàn khác")
    with pytest.raises(BadPin):
        keeping.restore(there.settings, sealed, Keys(tmp_path / "wrong"), quiet)
    assert not (tmp_path / "there" / "secrets").exists()
    with restored(kept.office, sealed, tmp_path / "other", Keys(tmp_path / "passphrase")) as other:
        assert other.settings.master_key == MASTER_KEY
        assert (tmp_path / "other" / "secrets" / "master.key").stat().st_mode & 0o077 == 0


def test_a_short_passphrase_and_a_lost_master_key_are_refused(kept: Cast, tmp_path: Path) -> None:
    (tmp_path / "short").write_text("ngắn")
    with pytest.raises(Invalid):
        back_up(kept.office.settings, tmp_path / "a.zip", None, tmp_path / "short", quiet)
    (kept.office.settings.data / "secrets" / "master.key").unlink()
    with pytest.raises(CannotBackUp):
        back_up(kept.office.settings, tmp_path / "a.zip", None, None, quiet)
    assert not list(tmp_path.glob("*.zip"))
    assert not (kept.office.settings.data / "secrets" / "master.key").exists()


# what is refused


def test_a_backup_of_nothing_makes_nothing(tmp_path: Path) -> None:
    nothing = Settings(data=tmp_path / "none")
    with pytest.raises(CannotBackUp) as refused:
        back_up(nothing, tmp_path / "school.zip", None, None, quiet)
    assert "còn trống" in refused.value.sentence.vi
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("before", "after"), [(0o755, 0o700), (0o750, 0o750), (None, 0o700)])
def test_a_restored_school_is_closed_to_the_other_accounts_of_the_machine(
    kept: Cast, tmp_path: Path, before: int | None, after: int
) -> None:
    file, data = backed_up(kept.office, tmp_path / "school.zip"), tmp_path / "there"
    if before is not None:
        data.mkdir()
        data.chmod(before)
    with restored(kept.office, file, data, Keys(master_key=tmp_path / "apart.key")):
        assert data.stat().st_mode & 0o777 == after


def test_a_restore_overwrites_nothing(kept: Cast, tmp_path: Path) -> None:
    file = backed_up(kept.office, tmp_path / "school.zip")
    before = written(kept.office.db)
    with pytest.raises(NotEmpty):
        keeping.restore(kept.office.settings, file, Keys(), quiet)
    assert written(kept.office.db) == before

    other_key = elsewhere(kept.office, tmp_path / "other")
    assert other_key.settings.master_key  # makes one
    keys = Keys(master_key=tmp_path / "apart.key")
    with pytest.raises(NotEmpty):
        keeping.restore(other_key.settings, file, keys, quiet)
    other_files = elsewhere(kept.office, tmp_path / "files")
    other_files.blobs.put(b"somebody's")
    with pytest.raises(NotEmpty):
        keeping.restore(other_files.settings, file, keys, quiet)
    assert is_empty(other_files.db)


Change = Callable[[dict[str, bytes]], None]


def rewritten(file: Path, change: Change) -> Path:
    """The same backup with its members changed by somebody without the master key."""
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    forged = file.with_name("forged.zip")
    with zipfile.ZipFile(forged, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return forged


def _one_word(members: dict[str, bytes]) -> None:
    members["database/account.jsonl"] = members["database/account.jsonl"].replace(b"hoa", b"hoe", 1)


def _one_byte(members: dict[str, bytes]) -> None:
    name = next(n for n in members if n.startswith("blobs/"))
    members[name] = members[name][:-1] + bytes([members[name][-1] ^ 1])


def _one_row_less(members: dict[str, bytes]) -> None:
    members["database/event.jsonl"] = members["database/event.jsonl"].partition(b"\n")[2]


def _no_file(members: dict[str, bytes]) -> None:
    del members[next(n for n in members if n.startswith("blobs/"))]


def _another_manifest(members: dict[str, bytes]) -> None:
    manifest = json.loads(members["manifest.json"])
    manifest["missing"] = manifest["blobs"]
    manifest["blobs"] = []
    members["manifest.json"] = json.dumps(manifest).encode()


def _no_manifest(members: dict[str, bytes]) -> None:
    del members["manifest.json"]


CHANGES = (_one_word, _one_byte, _one_row_less, _no_file, _another_manifest, _no_manifest)


def test_a_changed_backup_is_refused_and_nothing_is_written(kept: Cast, tmp_path: Path) -> None:
    kept.sent("lan", 14)
    file = backed_up(kept.office, tmp_path / "school.zip")
    for change in CHANGES:
        forged = rewritten(file, change)
        there = elsewhere(kept.office, tmp_path / change.__name__)
        with pytest.raises(BadBackup):
            keeping.restore(there.settings, forged, Keys(master_key=tmp_path / "apart.key"), quiet)
        assert list((tmp_path / change.__name__).iterdir()) == []


def test_a_file_cut_off_or_of_another_kind_is_refused(kept: Cast, tmp_path: Path) -> None:
    file = backed_up(kept.office, tmp_path / "school.zip")
    cut = tmp_path / "cut.zip"
    cut.write_bytes(file.read_bytes()[:-2000])
    there = elsewhere(kept.office, tmp_path / "there")
    keys = Keys(master_key=tmp_path / "apart.key")
    for other in (cut, tmp_path / "passphrase", tmp_path / "nothing.zip"):
        with pytest.raises(BadBackup):
            keeping.restore(there.settings, other, keys, quiet)
    with pytest.raises(RecordsError):  # another installation's key
        (tmp_path / "other.key").write_bytes(b"x" * 32)
        keeping.restore(there.settings, file, Keys(master_key=tmp_path / "other.key"), quiet)


def test_a_backup_of_a_newer_version_is_refused(
    kept: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backing_up, "head", lambda: "9999")
    monkeypatch.setattr("tasks.checking_backups.knows", lambda _: True)
    file = backed_up(kept.office, tmp_path / "school.zip")
    monkeypatch.undo()
    there = elsewhere(kept.office, tmp_path / "there")
    with pytest.raises(NewerData) as refused:
        keeping.restore(there.settings, file, Keys(master_key=tmp_path / "apart.key"), quiet)
    assert "newer version" in refused.value.sentence.en


def test_a_forged_history_is_not_committed(kept: Cast, tmp_path: Path) -> None:
    """Even where whoever changed the database could make a genuine backup of it."""
    document = kept.sent("lan", 14)
    with kept.office.db.write() as session:
        session.connection().exec_driver_sql("DROP TRIGGER event_never_changes")
        event = session.get_one(Event, (document.id, 2))
        event.actor_id = kept.ids["mai"]
    file = backed_up(kept.office, tmp_path / "school.zip")
    there = elsewhere(kept.office, tmp_path / "there")
    with pytest.raises(BrokenChain) as refused:
        keeping.restore(there.settings, file, Keys(master_key=tmp_path / "apart.key"), quiet)
    assert document.id in refused.value.sentence.vi
    assert is_empty(there.db)


# the folder of trust anchors


@pytest.fixture
def trusting(kept: Cast, tmp_path: Path) -> tuple[Cast, Path, dict[str, bytes]]:
    """A school that put national roots into a folder of its own, and notes beside them; its backup."""
    settings = kept.office.settings.model_copy(update={"trust": str(tmp_path / "trust")})
    there = {"public/Gốc quốc gia.crt": b"a root", "public/list.crl": b"a list", "other/tsa.pem": b"a root"}
    for place, data in (there | {"README.txt": b"notes", "public/.hidden.crt": b"a draft"}).items():
        path = settings.trust_folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    said: list[str] = []
    assert back_up(settings, tmp_path / "school.zip", None, None, lambda t: said.append(t.en)) == 0
    assert "3 certificates" in said[1]
    return kept, tmp_path / "school.zip", there


def test_the_roots_a_school_trusts_come_back_to_where_they_are_read(
    trusting: tuple[Cast, Path, dict[str, bytes]], tmp_path: Path
) -> None:
    kept, file, expected = trusting
    with restored(kept.office, file, tmp_path / "there", Keys(master_key=tmp_path / "apart.key")) as there:
        folder = there.settings.trust_folder
        found = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.*")}
        assert found == expected
        assert folder == there.settings.data / "trust", "another machine reads it somewhere else"


def test_another_root_of_the_same_name_is_not_overwritten(
    trusting: tuple[Cast, Path, dict[str, bytes]], tmp_path: Path
) -> None:
    kept, file, _ = trusting
    there = elsewhere(kept.office, tmp_path / "there")
    mine = there.settings.trust_folder / "other" / "tsa.pem"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"another root")
    with pytest.raises(NotEmpty) as refused:
        keeping.restore(there.settings, file, Keys(master_key=tmp_path / "apart.key"), quiet)
    assert "tsa.pem" in refused.value.sentence.vi
    assert mine.read_bytes() == b"another root"
    assert is_empty(there.db)


# what is written


def test_a_missing_file_is_told_and_older_backups_stay(kept: Cast, tmp_path: Path) -> None:
    document = kept.sent("lan", 14)
    folder = tmp_path / "backups"
    folder.mkdir()
    older = [folder / f"hososo-2026010{n}-000000.zip" for n in (1, 2)]
    for path in older:
        path.write_bytes(b"")
    assert document.blob is not None
    kept.office.blobs.path(document.blob).write_bytes(b"damaged")
    said: list[str] = []
    assert back_up(kept.office.settings, folder, 1, None, lambda t: said.append(t.en)) == 3
    assert document.blob in said[-1]
    assert all(path.exists() for path in older)
    [made] = set(folder.iterdir()) - set(older)
    keys = Keys(master_key=tmp_path / "apart.key")
    there = elsewhere(kept.office, tmp_path / "there")
    with pytest.raises(BadBackup):
        keeping.restore(there.settings, made, keys, quiet)
    keeping.restore(there.settings, made, keys, quiet, accept_missing=True)
    with there.db.read() as session:
        assert session.exec(select(Document.id).where(col(Document.id) == document.id)).one()


def test_files_of_destroyed_records_are_not_missing_from_a_backup(kept: Cast, tmp_path: Path) -> None:
    [key] = destructions.due(kept, 12)
    made = destructions.approved(kept, [key])
    destructions.over(kept)
    assert destroying.carry_out(kept.office, kept.actor("thu"), made).destroyed == 1
    file = backed_up(kept.office, tmp_path / "school.zip")
    keys = Keys(master_key=tmp_path / "apart.key")
    with restored(kept.office, file, tmp_path / "there", keys) as there, there.db.read() as session:
        assert session.get_one(Document, key).status == "destroyed"
        assert sound(session, key)


def test_a_folder_keeps_the_newest_backups_and_what_is_not_ours(
    kept: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / "letter.zip").write_bytes(b"not ours")
    names = []
    for day in range(4):
        now = datetime(2026, 11, 24, tzinfo=UTC) + timedelta(days=day)
        monkeypatch.setattr(keeping, "utc_now", lambda now=now: now)
        assert back_up(kept.office.settings, folder, 2, None, quiet) == 0
        names.append(f"hososo-{now:%Y%m%d}-070000.zip")  # Vietnam's clock
    assert sorted(p.name for p in folder.iterdir()) == [*names[-2:], "letter.zip"]
    assert (folder / names[-1]).stat().st_mode & 0o077 == 0
    with pytest.raises(CannotBackUp):  # the same second again
        back_up(kept.office.settings, folder, 2, None, quiet)
    with pytest.raises(CannotBackUp):
        back_up(kept.office.settings, folder / "one.zip", 2, None, quiet)
    with pytest.raises(CannotBackUp):
        back_up(kept.office.settings, tmp_path / "nowhere" / "one.zip", None, None, quiet)
    with pytest.raises(CannotBackUp) as refused:  # such as a disk that is not mounted
        back_up(kept.office.settings, tmp_path / "usb", None, None, quiet)
    assert f"mkdir -p {tmp_path / 'usb'}" in refused.value.sentence.vi
    assert not (tmp_path / "usb").exists()
    with pytest.raises(CannotBackUp):  # neither written nor taken away, as on a read-only disk
        back_up(kept.office.settings, folder / "letter.zip" / "one.zip", None, None, quiet)


READ_ONLY = """
set -e
mount --bind "$1" "$1"
mount -o remount,ro,bind "$1"
shift
exec "$@"
"""
_MOUNTS = (
    shutil.which("unshare") is not None
    and subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode == 0
)


@pytest.mark.skipif(not _MOUNTS, reason="this account may mount nothing read-only")
def test_a_backup_is_made_from_a_read_only_disk_onto_another(kept: Cast, tmp_path: Path) -> None:
    """With what SQLite still has in its log alone."""
    data, out = kept.office.settings.data, tmp_path / "usb"
    out.mkdir()
    cast_sent = kept.sent("lan", 14)
    before = written(kept.office.db)
    assert (data / "hososo.db-wal").stat().st_size
    here = ["unshare", "-m", "sh", "-c", READ_ONLY, "sh", str(data)]
    backup = [sys.executable, "-m", "service.cli", "backup", str(out / "school.zip")]
    environment = os.environ | {"HOSOSO_DATA": str(data)}
    done = subprocess.run([*here, *backup], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in out.iterdir()] == ["school.zip"]  # no copy is left
    keys = Keys(master_key=tmp_path / "apart.key")
    with restored(kept.office, out / "school.zip", tmp_path / "new", keys) as there:
        assert written(there.db) == before
        with there.db.read() as session:
            assert session.get_one(Document, cast_sent.id).first_signed_at


def test_checking_writes_nothing_and_restoring_makes_a_sound_database(kept: Cast, tmp_path: Path) -> None:
    file = backed_up(kept.office, tmp_path / "school.zip")
    there = elsewhere(kept.office, tmp_path / "there")
    keys = Keys(master_key=tmp_path / "apart.key")
    said: list[str] = []
    keeping.restore(there.settings, file, keys, lambda t: said.append(t.en), check_only=True)
    assert said[0].startswith("The backup is whole")
    assert list((tmp_path / "there").iterdir()) == []

    keeping.restore(there.settings, file, keys, quiet)
    with closing(sqlite3.connect(tmp_path / "there" / "hososo.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
