"""Time-stamps from elsewhere: the folder of trust anchors decides; doctor and health name each authority."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from sqlmodel import col, update

from flows import certification
from flows.renewing import Renewal
from models.document import Document
from models.proof import ArchiveProof
from models.settings import VIETNAM, Settings
from service import admin_overview, health
from service.doctor_reach import _stamps
from service.findings import Finding
from tasks import certificates
from tasks.timestamping import REPLY
from tests import signatures
from tests.cast import Cast
from tests.long_archive import archived
from tests.stamp_server import server


@contextmanager
def elsewhere() -> Iterator[str]:
    """An authority of another company, with a root of its own."""

    def answer(body: bytes, headers: object) -> tuple[int, str, bytes]:
        return 200, REPLY, signatures.stamping(datetime.now(UTC)).respond(body)

    with server(answer) as (url, _):
        yield url


def trusting(settings: Settings) -> None:
    folder = settings.trust_folder / "other"
    folder.mkdir(parents=True)
    made = signatures.authority()
    lists = (made.root_crl, certificates.crl(made, (), signatures.FOUNDED, 1))
    names = ("a.cer", "b.cer", "a.crl", "b.crl")
    for name, der in zip(names, (made.root, made.issuing, *lists), strict=True):
        (folder / name).write_bytes(der)


def found(settings: Settings) -> list[Finding]:
    return list(_stamps(settings))


def test_an_authority_counts_once_its_root_lies_in_the_folder(cast: Cast) -> None:
    settings = cast.office.settings
    with elsewhere() as url:
        settings.tsa_url = url
        [before] = found(settings)
        assert before.mark == "✗"
        assert "is not trusted" in before.says.en
        trusting(settings)
        assert [finding.mark for finding in found(settings)] == ["✓"]


def test_of_several_each_is_named(cast: Cast) -> None:
    settings = cast.office.settings
    with elsewhere() as url:
        first, second = url.removeprefix("http://").strip("/"), "127.0.0.1:9"
        settings.tsa_url = f"{url} http://127.0.0.1:9/"
        trusting(settings)
        assert [(one.mark, one.part.en) for one in found(settings)] == [
            ("✓", f"Time-stamps of {first}"),
            ("–", f"Time-stamps of {second}"),
        ]
        assert health.timestamps(settings) == {
            "timestamps": "ok",
            f"timestamps of {first}": "ok",
            f"timestamps of {second}": "does not answer (ConnectionRefusedError)",
        }
    assert health.timestamps(settings)["timestamps"] == "does not answer (ConnectionRefusedError)"


def test_a_password_over_an_open_line_is_said(cast: Cast) -> None:
    settings = cast.office.settings
    settings.tsa_url = "http://truong:mat-khau@tsa.invalid/"
    first, *_ = found(settings)
    assert (first.mark, "https://" in first.says.en) == ("✗", True)
    assert "mat-khau" not in str(found(settings))


def test_the_folder_is_for_time_stamps_alone(cast: Cast) -> None:
    """With our own time-stamps nothing of the folder is trusted for what we sign."""
    settings = cast.office.settings
    trusting(settings)
    with cast.office.db.read() as session:
        assert signatures.authority().root in certification.trust_with_stamps(session, settings).roots
        settings.tsa_url = ""
        assert certification.trust_with_stamps(session, settings) == certification.trust_of(session)


def test_renewals_that_are_late_are_told(cast: Cast) -> None:
    office, now = cast.office, cast.office.now()
    document_id = archived(cast)

    def told(school: str) -> list[str]:
        with office.db.read() as session:
            matters = admin_overview.overview_of(session, office.settings, school, now)
        return [matter.sentence.en for matter in matters if "Archive timestamps" in matter.sentence.en]

    Renewal(office.db, office.settings, office.now).run()
    assert (told(cast.school_id), health.archive(office, now)) == ([], "ok")
    soon = now + timedelta(days=40)
    with office.db.write() as session:
        session.exec(update(ArchiveProof).values(until=soon, renew_at=now - timedelta(days=1)))
    assert told(cast.school_id) == [
        f"Archive timestamps not renewed: 1 records; the first proves only until "
        f"{soon.astimezone(VIETNAM):%d/%m/%Y}. Run hososo doctor to see the time-stamp authorities."
    ]
    assert told(cast.other_school_id) == []
    assert health.archive(office, now) == f"1 files prove only until {soon:%Y-%m-%d}"
    with office.db.write() as session:
        session.exec(update(Document).where(col(Document.id) == document_id).values(status="destroyed"))
    assert health.archive(office, now) == "ok"
