"""`hososo verify`: files checked without a server, with or without an installation on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flows.office import utc_now
from models.document import Document
from models.settings import Settings
from service.verify_command import NOT_VALID, NOTHING_TO_SAY, VALID, verify
from tasks import certificates, ocsp
from tasks.certificates import Authority, Purpose, Subject
from tasks.signing import Signatory
from tasks.timestamping import LocalTimeStamper, TimeStampAuthority
from tests import signatures
from tests.authorities import real
from tests.cast import Cast
from tests.signatures import FOUNDED, NOW, Person, addendum
from tests.stamp_server import server


@pytest.fixture
def approved(cast: Cast) -> Document:
    document = cast.sent("lan", 13)
    cast.act("hoa", document.id, "approve")
    cast.act("minh", document.id, "approve")
    return cast.fresh(document.id)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Settings:
    """A machine without an installation."""
    return Settings(data=tmp_path / "elsewhere")


class Said:
    """What the command printed, and its exit code."""

    def __init__(self, settings: Settings, *files: Path, trust: Path | None = None, **how: bool) -> None:
        self.lines: list[str] = []
        self.warnings: list[str] = []
        asked = {"as_json": False, "details": False} | how
        self.code = verify(settings, files, trust, self.lines.append, self.warnings.append, **asked)

    @property
    def words(self) -> str:
        return "\n".join(self.lines)

    @property
    def answers(self) -> list[dict[str, Any]]:
        return list(json.loads(self.words))


def test_a_file_of_ours_where_the_installation_is(cast: Cast, approved: Document) -> None:
    path = cast.office.blobs.path(approved.blob or "")
    said = Said(cast.office.settings, path, details=True)
    assert said.code == VALID
    assert said.warnings == []
    for words in (
        "Chữ ký đúng, nội dung còn nguyên",
        "Valid, unchanged",
        "không có giá trị pháp lý",
        "no legal force",
        "1. Đúng: Nguyễn Thị Lan, Trường Tiểu học Đồng Mai",
        "3. Valid: Đỗ Quang Minh, Trường Tiểu học Đồng Mai",
        "Kế hoạch bài dạy (giáo án), bản 1",
        "Thu hồi hiện nay: không bị thu hồi",
    ):
        assert words in said.words, words
    (answer,) = Said(cast.office.settings, path, as_json=True).answers
    assert (answer["standing"], answer["known"]["standing"]) == ("valid", "in-force")


def test_without_an_installation_its_issuer_is_unknown_and_nothing_is_made(
    cast: Cast, approved: Document, elsewhere: Settings
) -> None:
    said = Said(elsewhere, cast.office.blobs.path(approved.blob or ""), as_json=True)
    assert said.code == NOT_VALID
    (answer,) = said.answers
    assert (answer["standing"], answer["known"]) == ("unknown", None)
    assert answer["legal_force"] is None
    assert answer["explanation"]["en"].startswith("Signature of Nguyễn Thị Lan: the issuer")
    assert not elsewhere.data.exists()
    said = Said(elsewhere, cast.office.blobs.path(approved.blob or ""))
    assert "time-stamped, by an unknown authority" in said.words
    assert "no time-stamp" not in said.words and "Differs from what was signed" not in said.words


def test_the_worst_file_decides_the_exit_code(cast: Cast, approved: Document, tmp_path: Path) -> None:
    good = cast.office.blobs.path(approved.blob or "")
    pdf = good.read_bytes()
    at = pdf.index(b"/MediaBox") + 1
    changed, none = tmp_path / "changed.pdf", tmp_path / "none.pdf"
    changed.write_bytes(pdf[:at] + b"n" + pdf[at + 1 :])
    none.write_bytes(b"GIF89a")
    settings = cast.office.settings
    assert Said(settings, good, none).code == NOTHING_TO_SAY
    assert Said(settings, tmp_path / "not there.pdf").code == NOTHING_TO_SAY
    said = Said(settings, good, none, changed, as_json=True)
    assert said.code == NOT_VALID
    assert [answer["standing"] for answer in said.answers][:2] == ["valid", "unreadable"]


@pytest.mark.real_clock  # as the program has it: certificates end one day
def test_the_program_says_it_and_ends_with_it(cast: Cast, approved: Document) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "service.cli", "verify", str(cast.office.blobs.path(approved.blob or ""))],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"HOSOSO_DATA": str(cast.office.settings.data)},
    )
    assert run.returncode == VALID, run.stderr
    assert "Chữ ký đúng, nội dung còn nguyên" in run.stdout


# --- the folder of trust anchors --------------------------------------------------------------------------


def signed_by_theirs(authority: Authority) -> bytes:
    """A paper signed and time-stamped under that authority."""
    trust = certificates.trust(authority, certificates.crl(authority, (), FOUNDED, 1))
    key, stamp_key = certificates.new_key(), certificates.new_key()
    subject = Subject("Phạm Văn Ngoài", "Công ty Ngoài", "lan")
    who = Person(
        "lan", key, certificates.issue(authority, subject, Purpose.PERSONAL, key.public_key(), FOUNDED)
    )
    stamp = certificates.issue(
        authority, Subject("Dấu", "Công ty Dấu", "9"), Purpose.TIMESTAMP, stamp_key.public_key(), FOUNDED
    )
    stamper = LocalTimeStamper(TimeStampAuthority(stamp_key, stamp, (authority.issuing,), clock=lambda: NOW))
    paper = addendum()
    asked = signatures.request(
        paper.pdf, "author", who, paper.boxes["author"], trust=trust, owner=who.id, certify=True
    )
    return Signatory(who.certificate, who.key, trust, stamper).sign(asked).pdf


def test_a_root_dropped_into_the_folder_is_believed_with_its_class(
    elsewhere: Settings, tmp_path: Path
) -> None:
    nation = real("Nơi cấp công cộng")
    path, trust = tmp_path / "theirs.pdf", tmp_path / "trust"
    path.write_bytes(signed_by_theirs(nation))
    (trust / "public").mkdir(parents=True)
    (trust / "public" / "rubbish.crt").write_bytes(b"rubbish")
    (unknown,) = Said(elsewhere, path, trust=trust, as_json=True).answers
    assert (unknown["standing"], unknown["signatures"][0]["issuer_class"]) == ("unknown", "unknown")
    (trust / "public" / "root.crt").write_bytes(nation.root)
    said = Said(elsewhere, path, trust=trust, as_json=True)
    (answer,) = said.answers
    assert said.code == VALID, answer
    (signature,) = answer["signatures"]
    assert (signature["signer"], signature["issuer_class"]) == ("Phạm Văn Ngoài", "public")
    assert answer["legal_force"] is True
    assert len(said.warnings) == 1 and "public/rubbish.crt" in said.warnings[0]
    assert "chữ ký số công cộng" in Said(elsewhere, path, trust=trust, details=True).words
    missing = Said(elsewhere, path, trust=tmp_path / "nowhere")
    assert missing.code == NOT_VALID and "nowhere" in missing.warnings[0]


def test_the_authority_of_a_certificate_is_asked_whether_it_is_revoked_now(
    elsewhere: Settings, tmp_path: Path
) -> None:
    def answer(body: bytes, _: Any) -> tuple[int, str, bytes]:
        key, subject, now = certificates.new_key(), Subject("OCSP", "Nơi cấp", "9"), utc_now()
        signer = certificates.issue(nation, subject, Purpose.RESPONDER, key.public_key(), now)
        asked = ocsp.read(body)
        known = {asked.serials[0]: None}
        return 200, ocsp.RESPONSE, ocsp.answer(asked, ocsp.Responder(signer, key), known, now)

    path, trust = tmp_path / "theirs.pdf", tmp_path / "trust"
    (trust / "public").mkdir(parents=True)
    settings = elsewhere.model_copy(update={"ocsp": "any"})
    with server(answer) as (url, _):
        nation = real("Nơi cấp công cộng", url.rstrip("/"))
        path.write_bytes(signed_by_theirs(nation))
        (trust / "public" / "root.crt").write_bytes(nation.root)
        said = Said(settings, path, trust=trust, details=True)
        assert said.code == VALID
        assert "Thu hồi hiện nay: không bị thu hồi, nơi cấp vừa trả lời" in said.words
        assert "Revocation now: not revoked, as the authority just answered" in said.words
        (inside,) = Said(elsewhere, path, trust=trust, as_json=True).answers
    assert inside["signatures"][0]["authority_answered"] == "unreachable", "an address of this machine"
    (gone,) = Said(settings, path, trust=trust, as_json=True).answers
    assert (gone["standing"], gone["signatures"][0]["authority_answered"]) == ("valid", "unreachable")
