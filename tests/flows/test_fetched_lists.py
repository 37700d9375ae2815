"""Revocation lists of a time-stamp authority elsewhere: fetched in time, and only if they are its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from flows import certification
from models.errors import Unavailable
from tasks import certificates
from tasks.certificates import Authority, Purpose, Trust
from tasks.stamp_servers import probe, servers_of
from tasks.timestamping import REPLY, TimeStampAuthority
from tests.cast import Cast
from tests.conftest import TUESDAY
from tests.signatures import SCHOOL
from tests.stamp_server import server

DAY = timedelta(days=1)
LISTS = ("/pki/root-1.crl", "/pki/issuing-1.crl")


class Company:
    """Another company's authority: it stamps, and gives out lists that are good for two days."""

    def __init__(self, base: str) -> None:
        self.authority = certificates.make_authority(TUESDAY - 100 * DAY, SCHOOL, 1, base)
        self.served: dict[str, bytes] = {}
        self.asked: list[str] = []
        key = certificates.new_key()
        subject = certificates.Subject("TSA", SCHOOL, "tsa")
        made = certificates.issue(
            self.authority, subject, Purpose.TIMESTAMP, key.public_key(), TUESDAY - 90 * DAY
        )
        self.stamping = TimeStampAuthority(key, made, (self.authority.issuing,))
        self.publish(self.authority, TUESDAY)

    def publish(self, by: Authority, at: datetime) -> None:
        keys = ((by.root, by.root_key), (by.issuing, by.issuing_key))
        for path, (certificate, key) in zip(LISTS, keys, strict=True):
            self.served[path] = certificates.revocation_list(certificate, key, (), at, 7, 2 * DAY)


@pytest.fixture
def company(cast: Cast) -> Iterator[Company]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            found = made.served.get(self.path)
            self.send_response(200 if found else 404)
            self.end_headers()
            self.wfile.write(found or b"")

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Company(f"http://127.0.0.1:{httpd.server_port}")
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    folder = cast.office.settings.trust_folder / "other"
    folder.mkdir(parents=True)
    (folder / "root.cer").write_bytes(made.authority.root)
    (folder / "issuing.cer").write_bytes(made.authority.issuing)
    try:
        with server(lambda body, _: (200, REPLY, made.stamping.respond(body))) as (url, _):
            cast.office.settings.tsa_url = url
            yield made
    finally:
        httpd.shutdown()
        httpd.server_close()


def fetch(cast: Cast, at: datetime = TUESDAY) -> tuple[int, int]:
    fetched, failed = certification.fetch_lists(cast.office.db, cast.office.settings, at)
    return fetched, len(failed)


def trusted(cast: Cast) -> Trust:
    with cast.office.db.read() as session:
        return certification.trust_with_stamps(session, cast.office.settings)


def test_with_fetched_lists_its_time_stamps_can_be_proved(cast: Cast, company: Company) -> None:
    """Without one there is no saying whether its certificate is revoked, and nothing is stamped."""
    [authority] = servers_of(cast.office.settings.tsa_url)
    with pytest.raises(Unavailable):
        probe(authority, trusted(cast), datetime.now(UTC))
    assert fetch(cast) == (2, 0)
    assert sorted(company.asked) == sorted(LISTS)
    probe(authority, trusted(cast), datetime.now(UTC))


def test_lists_are_fetched_anew_when_half_of_their_life_is_gone(cast: Cast, company: Company) -> None:
    assert fetch(cast) == (2, 0)
    assert fetch(cast, TUESDAY + 0.9 * DAY) == (0, 0)
    company.publish(company.authority, TUESDAY + 1.1 * DAY)
    assert fetch(cast, TUESDAY + 1.1 * DAY) == (2, 0)


@pytest.mark.parametrize("served", ["nothing", "rubbish", "another's"])
def test_what_is_no_list_of_its_authority_leaves_the_earlier_one(
    served: str, cast: Cast, company: Company
) -> None:
    assert fetch(cast) == (2, 0)
    kept = set(company.served.values())
    if served == "another's":
        company.publish(certificates.make_authority(TUESDAY, SCHOOL), TUESDAY + DAY)
    else:
        company.served = dict.fromkeys(LISTS, b"rubbish") if served == "rubbish" else {}
    assert fetch(cast, TUESDAY + 1.5 * DAY) == (0, 2)
    assert kept <= set(trusted(cast).crls)


def test_nothing_is_fetched_for_an_authority_without_a_trusted_root(cast: Cast, company: Company) -> None:
    (cast.office.settings.trust_folder / "other" / "root.cer").unlink()
    assert fetch(cast) == (0, 0)
    assert company.asked == []


def test_with_our_own_time_stamps_nothing_is_asked(cast: Cast, company: Company) -> None:
    cast.office.settings.tsa_url = ""
    assert fetch(cast) == (0, 0)
    assert company.asked == []
