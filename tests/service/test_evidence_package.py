"""The package of evidence: everything is checked by the README's own commands, with none of our code.

They run in a folder whose only programs are `sh`, `openssl`, `cat`, `printf` and `cmp`.
"""

from __future__ import annotations

import dataclasses
import io
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from fastapi.testclient import TestClient
from httpx import Response
from sqlmodel import col, select

from flows import certification, destroying, keyring, roots
from flows.proofs import gather
from models.account import Account
from models.event import Remark
from service import proof_package, proof_readme
from service.app import create_app
from service.passes import COOKIE
from tasks import certificates
from tasks.keys import Secret
from tasks.stamp_servers import StampServers, servers_of
from tests import destructions
from tests.cast import PIN, Cast, signed_in
from tests.states import archive

PROGRAMS = ("sh", "openssl", "cat", "printf", "cmp")
MANIFEST = "while read -r h f"
SEEN = {".pem", ".txt", ".json", ".pdf", ".bin", ".p7s", ".tst"}


class Asking:
    """The cast asking for files, by the pages or by the API."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.client = TestClient(create_app(cast.office.settings, cast.office))

    def api(self, who: str, document_id: str) -> Response:
        token = signed_in(self.cast.office, who, "token")
        headers = {"Authorization": f"Bearer {token}"}
        return self.client.get(f"/api/v1/documents/{document_id}/evidence.zip", headers=headers)

    def page(self, who: str, document_id: str) -> Response:
        cookies = f"{COOKIE}={signed_in(self.cast.office, who, 'session')}"
        return self.client.get(f"/documents/{document_id}/evidence.zip", headers={"Cookie": cookies})

    def unpacked(self, document_id: str, folder: Path) -> Path:
        """The package its author has, unpacked."""
        with zipfile.ZipFile(io.BytesIO(self.api("lan", document_id).content)) as archive:
            assert archive.testzip() is None
            archive.extractall(folder)
        return folder


def root(cast: Cast, days: int = 0) -> None:
    """A root, stamped."""
    office = cast.office
    roots.make(office.db, office.now() + timedelta(days=days))
    with office.db.read() as session:
        trust = certification.trust_of(session)
    with closing(StampServers(servers_of(office.settings.timestamp_url))) as source:
        assert roots.stamp(office.db, source, trust, office.now) == 1


def record(cast: Cast) -> str:
    """A lesson plan returned with a remark, sent again, approved, archived, under roots; others beside it."""
    document = cast.sent("lan", 14)
    lesson = document.fields["lessons"][0]["id"]
    cast.act("hoa", document.id, "return", note="Ghi rõ hơn “thời lượng”.", parts={lesson: "Quá 35 phút."})
    for who, action in (("lan", "submit"), ("lan", "sign"), ("hoa", "approve"), ("minh", "approve")):
        cast.act(who, document.id, action)
    archive(cast, document.id)
    for week in (15, 16, 17):
        cast.lesson_plan("lan", week)
    root(cast)
    cast.lesson_plan("lan", 18)
    root(cast, days=1)
    root(cast, days=2)
    return document.id


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nothing but the five programs."""
    folder = tmp_path_factory.mktemp("programs")
    for name in PROGRAMS:
        found = shutil.which(name)
        assert found, name
        (folder / name).symlink_to(found)
    return folder


def commands(folder: Path) -> list[str]:
    """What the README says to run."""
    return re.findall(r"^    \$ (.*)$", (folder / "README.txt").read_text(encoding="utf-8"), re.M)


def ran_all(
    folder: Path, programs: Path, part: str = ""
) -> Iterator[tuple[str, subprocess.CompletedProcess[bytes]]]:
    """Each command with this part and what came of it, one after the other as a person would."""
    for command in commands(folder):
        if part in command:
            yield (
                command,
                subprocess.run(
                    [str(programs / "sh"), "-c", command],
                    cwd=folder,
                    env={"PATH": str(programs), "LC_ALL": "C"},
                    capture_output=True,
                    check=False,
                ),
            )


def failing(folder: Path, programs: Path, part: str = "") -> list[str]:
    """The commands with this part that say no; the others warn of nothing."""
    said_no = []
    for command, ran in ran_all(folder, programs, part):
        if ran.returncode:
            said_no.append(command)
        else:
            assert b"arning" not in ran.stdout + ran.stderr, command
    return said_no


def of_one_byte(file: bytes) -> bytes:
    """Another byte near the end, whatever stood there."""
    return file[:-9] + (b"y" if file[-9:-8] == b"x" else b"x") + file[-8:]


def test_a_stranger_checks_everything_and_every_change_is_found(
    each_cast: Cast, programs: Path, tmp_path: Path
) -> None:
    whole = Asking(each_cast).unpacked(record(each_cast), tmp_path / "whole")
    assert len(commands(whole)) == 42
    assert failing(whole, programs) == []
    names = {str(path.relative_to(whole)) for path in whole.rglob("*") if path.is_file()}
    assert {"README.txt", "document.pdf", "events/009.json", "remarks/004.json"} <= names

    def seen(name: str, part: str, change: Callable[[bytes], bytes] = of_one_byte) -> bool:
        """Does a command with this part see the change, beside the manifest's? Only these are run."""
        path = whole / name
        before = path.read_bytes()
        path.write_bytes(change(before))
        assert path.read_bytes() != before, name
        try:
            assert failing(whole, programs, MANIFEST), f"{name}: the manifest sees every change"
            return any(not c.startswith(MANIFEST) for c in failing(whole, programs, part))
        finally:
            path.write_bytes(before)

    first, stamp = "signatures/1-author", "signatures/4-archive"
    found = {
        "events/005.json": "events/head.txt",
        "events/009.json": "events/head.txt",
        "events/head.txt": "events/head.txt",
        "remarks/004.json": "remarks/",
        "files/003.pdf": "files/*.pdf",
        "document.pdf": "cmp document.pdf",
        f"{first}/signed.bin": "openssl cms",
        f"{first}/signer.pem": "openssl cms",
        f"{first}/lists.pem": "openssl cms",
        f"{first}/value.bin": "openssl ts",
        f"{first}/timestamp.tst": "openssl ts",
        f"{stamp}/signed.bin": "openssl ts",
        f"{stamp}/timestamp.tst": "openssl ts",
        "merkle/leaf.txt": "merkle/leaf.txt",
        "merkle/path.txt": "merkle/path.txt",
        "merkle/roots.txt": "merkle/newest.txt",
        "merkle/newest.txt": "merkle/newest.txt",
        "merkle/root-1.txt": "merkle/root-1.tst",
        "merkle/root-1.tst": "merkle/root-1.tst",
        "merkle/root-3.tst": "merkle/root-3.tst",
    }
    for name, part in found.items():
        assert seen(name, part), name
    value = (whole / first / "value.bin").read_bytes()
    forged = value[:-1] + bytes([value[-1] ^ 1])
    assert seen(f"{first}/signature.p7s", "cms", lambda b: b.replace(value, forged))
    other = (whole / "signatures/3-principal_approval/signer.pem").read_bytes()
    assert seen(f"{first}/signer.pem", "openssl x509", lambda _: other)
    event = (whole / "events/006.json").read_bytes()
    assert seen("events/005.json", "previous", lambda _: event), "exchanged"
    assert failing(whole, programs) == [], "whole again"


def test_a_file_that_an_event_names_must_be_there(cast: Cast, programs: Path, tmp_path: Path) -> None:
    folder = Asking(cast).unpacked(record(cast), tmp_path)
    (folder / "files/002.pdf").unlink()
    manifest = folder / "manifest.sha256"
    lines = [x for x in manifest.read_text().splitlines(keepends=True) if "files/002.pdf" not in x]
    manifest.write_text("".join(lines))
    assert [command for command in failing(folder, programs) if "output_blob" in command] == [
        proof_readme.NAMED_FILES
    ]


def test_the_list_for_reading_says_that_nothing_proves_it(cast: Cast, tmp_path: Path) -> None:
    folder = Asking(cast).unpacked(record(cast), tmp_path)
    said = (folder / "events.txt").read_text(encoding="utf-8")
    assert "No command proves this file" in said
    assert "Không lệnh nào chứng minh tệp này" in said


def test_an_ocsp_answer_is_checked_by_a_command_of_its_own(
    cast: Cast, programs: Path, tmp_path: Path
) -> None:
    key, office = record(cast), cast.office
    with office.db.read() as session:
        (part,) = certification.issuing_parts(session)
    proof = gather(office, cast.actor("lan"), key)
    signer = x509.load_der_x509_certificate(proof.parts.signatures[0].signer)
    issuer = x509.load_der_x509_certificate(part.certificate)
    asked = ocsp.OCSPRequestBuilder().add_certificate(signer, issuer, hashes.SHA1()).build()
    answer = Asking(cast).client.post("/pki/ocsp", content=asked.public_bytes(Encoding.DER)).content
    value = ocsp.load_der_ocsp_response(answer).signature
    forged = answer.replace(value, value[:-1] + bytes([value[-1] ^ 1]))
    for name, der, wrong in (("good", answer, 0), ("forged", forged, 1)):
        with_answer = dataclasses.replace(proof, parts=dataclasses.replace(proof.parts, ocsps=(der,)))
        files = proof_package.files_of(with_answer)
        with proof_package.pack(files, proof.at) as packed, zipfile.ZipFile(packed) as archive:
            archive.extractall(tmp_path / name)
        assert sum("openssl ocsp" in c for c in commands(tmp_path / name)) == 1
        assert sum("openssl ocsp" in c for c in failing(tmp_path / name, programs)) == wrong


def test_an_event_left_out_is_found(cast: Cast, programs: Path, tmp_path: Path) -> None:
    folder = Asking(cast).unpacked(record(cast), tmp_path)
    (folder / "events/006.json").unlink()
    assert any("previous" in command for command in failing(folder, programs))


def test_without_revocation_lists_no_signature_passes(cast: Cast, programs: Path, tmp_path: Path) -> None:
    folder = Asking(cast).unpacked(record(cast), tmp_path)
    for lists in folder.glob("signatures/*/lists.pem"):
        lists.write_bytes(b"")
    said = failing(folder, programs)
    assert sum("openssl cms" in command for command in said) == 3, "no list, no proof that it was good"
    root_of = x509.load_pem_x509_certificate((folder / "certificates/roots.pem").read_bytes())
    assert "DEVELOPMENT" in root_of.subject.rfc4514_string()


def test_a_certificate_revoked_after_the_signature_changes_nothing(
    cast: Cast, programs: Path, tmp_path: Path
) -> None:
    key, office = record(cast), cast.office
    with office.db.write() as session:
        keyring.revoke_keys(session, office.settings, cast.ids["hoa"], office.now())
    assert failing(Asking(cast).unpacked(key, tmp_path), programs) == []


def test_a_certificate_renewed_between_signature_and_archive_changes_nothing(
    cast: Cast, programs: Path, tmp_path: Path
) -> None:
    """The archive embeds a list that names it as over and claims to be five minutes older than it is."""
    document, office = cast.sent("lan", 14), cast.office
    lan = cast.ids["lan"]
    keyring.renew_key(office.db, office.settings, lan, "Trường", "person", Secret(PIN), office.now())
    for who in ("hoa", "minh"):
        cast.act(who, document.id, "approve")
    archive(cast, document.id)
    folder = Asking(cast).unpacked(document.id, tmp_path)
    assert failing(folder, programs) == []
    first = x509.load_pem_x509_certificate((folder / "signatures/1-author/signer.pem").read_bytes())
    lists = [x509.load_der_x509_crl(path.read_bytes()) for path in folder.glob("revocation/*.crl")]
    assert any(one.get_revoked_certificate_by_serial_number(first.serial_number) for one in lists)


def test_the_commands_show_who_signed_and_when_and_what_was_revoked_since(
    cast: Cast, programs: Path, tmp_path: Path
) -> None:
    key, office = record(cast), cast.office
    with office.db.write() as session:
        keyring.revoke_keys(session, office.settings, cast.ids["hoa"], office.now())
        names = [session.get_one(Account, cast.ids[who]).full_name for who in ("lan", "hoa", "minh")]
    folder = Asking(cast).unpacked(key, tmp_path)
    shown = [(command, ran.stdout.decode()) for command, ran in ran_all(folder, programs)]
    subjects = [out for command, out in shown if "-subject" in command and "signer.pem -noout" in command]
    assert [any(name in out for out in subjects) for name in names] == [True] * 3
    serial = x509.load_pem_x509_certificate(
        (folder / "signatures/2-group_review/signer.pem").read_bytes()
    ).serial_number
    assert any(f"{serial:X}".lstrip("0") in out for command, out in shown if "openssl crl" in command)
    lists = {path: path.read_bytes() for path in folder.glob("revocation/*.crl")}
    for path, der in lists.items():
        path.write_bytes(of_one_byte(der))
    assert failing(folder, programs, "openssl crl"), "a list that its issuer did not sign like this"
    for path, der in lists.items():
        path.write_bytes(der)
    times = [(command, out) for command, out in shown if "*Time stamp: " in command]
    assert len(times) == 6, "three signatures, the archive, two roots"
    readme = folder / "README.txt"
    for command, out in times:
        year = out.split()[3]
        other = command.replace(f" {year} ", f" {int(year) + 1} ")
        readme.write_text(readme.read_text(encoding="utf-8").replace(command, other), encoding="utf-8")
    assert len(failing(folder, programs)) == 1 + len(times), "a time that is not the token's"


def test_a_strange_root_is_shown_and_none_is_trusted_by_another_way(
    cast: Cast, programs: Path, tmp_path: Path
) -> None:
    folder = Asking(cast).unpacked(record(cast), tmp_path)
    strange = x509.load_der_x509_certificate(certificates.make_authority(cast.office.now(), "Mallory").root)
    pem, shown = strange.public_bytes(Encoding.PEM), strange.fingerprint(hashes.SHA256()).hex(":").upper()

    roots_there = folder / "certificates/roots.pem"
    whole = roots_there.read_bytes()
    roots_there.write_bytes(whole + pem.rstrip())
    ran = dict(ran_all(folder, programs))
    said = ran[proof_readme.FINGERPRINTS].stdout.decode()
    assert shown in said
    assert said.count("ingerprint") == whole.count(b"END") + 1
    roots_there.write_bytes(whole)

    for name in ("signatures/1-author/lists.pem", "revocation/embedded.pem", "revocation/present.pem"):
        lists = folder / name
        before = lists.read_bytes()
        lists.write_bytes(before + pem)
        assert failing(folder, programs, name), name
        lists.write_bytes(before)


def test_the_event_names_the_person_of_the_certificate(cast: Cast, programs: Path, tmp_path: Path) -> None:
    folder = Asking(cast).unpacked(record(cast), tmp_path)
    seen = [path for path in sorted(folder.glob("events/*.json")) if cast.ids["hoa"] in path.read_text()]
    seen[-1].write_text(seen[-1].read_text().replace(cast.ids["hoa"], cast.ids["mai"]))
    assert any("actor_id" in command for command in failing(folder, programs))


def test_who_may_have_it(cast: Cast) -> None:
    key, asking = record(cast), Asking(cast)
    for who in ("lan", "minh", "ngoc"):
        assert asking.api(who, key).status_code == 200
        assert asking.page(who, key).headers["content-type"] == "application/zip"
    assert asking.api("mai", key).json()["code"] == "not-yours", "a colleague of the group may read it"
    assert asking.page("mai", key).status_code == 403
    for who in ("huong", "admin", "teacher_b"):
        assert asking.api(who, key).status_code == 404
    draft = cast.lesson_plan("lan", 20).id
    assert asking.api("lan", draft).json()["code"] == "wrong-step"
    assert asking.api("minh", draft).status_code == 404


def test_an_erased_remark_stays_erased_and_no_root_is_said(
    cast: Cast, programs: Path, tmp_path: Path
) -> None:
    document = cast.sent("lan", 14)
    cast.act("hoa", document.id, "return", note="Một lời riêng.")
    with cast.office.db.write() as session:
        row = session.exec(select(Remark).where(col(Remark.document_id) == document.id)).one()
        row.text, row.parts, row.salt, row.erased = "", {}, "", True
        session.add(row)
    folder = Asking(cast).unpacked(document.id, tmp_path)
    assert failing(folder, programs) == []
    assert not (folder / "remarks").exists()
    assert not (folder / "merkle").exists()
    said = (folder / "README.txt").read_text(encoding="utf-8")
    assert "Lời nhận xét đã xóa / Erased remarks" in said
    assert "Chưa có gốc / No root yet" in said
    assert (folder / "document.pdf").stat().st_size > 10_000


def test_a_numbered_and_sealed_record(cast: Cast, programs: Path, tmp_path: Path) -> None:
    plan = cast.team_plan().id
    for who, action in (("hoa", "submit"), ("hoa", "sign"), ("ngoc", "approve"), ("minh", "approve")):
        cast.act(who, plan, action)
    cast.act("thu", plan, "seal")
    archive(cast, plan)
    root(cast)
    with zipfile.ZipFile(io.BytesIO(Asking(cast).api("thu", plan).content)) as packed:
        packed.extractall(tmp_path)
    assert failing(tmp_path, programs) == []
    said = (tmp_path / "README.txt").read_text(encoding="utf-8")
    assert "Số: 01." in said
    assert {path.name for path in (tmp_path / "signatures").iterdir()} == {
        "1-author",
        "2-vice_principal_review",
        "3-principal_approval",
        "4-seal",
        "5-archive",
    }


def test_of_a_destroyed_record_the_chain_is_left(cast: Cast, programs: Path, tmp_path: Path) -> None:
    [key] = destructions.due(cast, 12)
    destroying.carry_out(cast.office, cast.actor("thu"), destructions.approved(cast, [key]))
    root(cast)
    folder = Asking(cast).unpacked(key, tmp_path)
    assert failing(folder, programs) == []
    assert not (folder / "document.pdf").exists()
    assert not (folder / "files").exists()
    assert "Tệp đã hủy / Destroyed files" in (folder / "README.txt").read_text(encoding="utf-8")
