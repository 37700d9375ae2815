"""Time-stamps from elsewhere: the folder of trust anchors decides; doctor and health name each authority."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from flows import certification
from models.settings import Settings
from service import health
from service.doctor_reach import _stamps
from service.findings import Finding
from tasks import certificates
from tasks.timestamping import REPLY
from tests import signatures
from tests.cast import Cast
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
