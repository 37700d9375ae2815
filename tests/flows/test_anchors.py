"""The folder of trust anchors: what is read from it, as what, and what is named instead of used."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from flows import anchors
from flows.believed import anchors_of
from flows.certification import trust_of
from models.settings import Settings
from tasks import certificates
from tasks.verdicts import IssuerClass
from tests import signatures
from tests.authorities import real
from tests.cast import Cast
from tests.signatures import FOUNDED


def pem(*ders: bytes) -> bytes:
    return b"".join(x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM) for der in ders)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for kind in anchors.CLASSES:
        (tmp_path / "trust" / kind).mkdir(parents=True)
    return tmp_path / "trust"


def faults(folder: Path) -> dict[str, str]:
    return {fault.file: fault.sentence.en for fault in anchors.read_folder(folder).faults}


def test_a_root_and_what_it_issued_in_every_form(folder: Path) -> None:
    nation, school = real("Bộ Khoa học và Công nghệ"), real("Ban Cơ yếu")
    (folder / "public" / "nation.pem").write_bytes(
        b"Vietnam National Root CA\n" + pem(nation.root, nation.issuing)
    )
    (folder / "official" / "root.CER").write_bytes(school.root)
    (folder / "official" / "issuing.crt").write_bytes(pem(school.issuing))
    (folder / "official" / "root.crl").write_bytes(school.root_crl)
    (folder / "public" / "README.txt").write_text("Where these come from.")
    (folder / ".DS_Store").write_bytes(b"")
    found = anchors.read_folder(folder)
    assert found.faults == ()
    assert [(held.kind, held.is_root, held.file) for held in found.certificates] == [
        ("public", True, "public/nation.pem"),
        ("public", False, "public/nation.pem"),
        ("official", False, "official/issuing.crt"),
        ("official", True, "official/root.CER"),
    ]
    assert found.certificates[0].name == "Hồ Sơ Số Root (DEVELOPMENT, no legal force)"
    assert found.certificates[0].valid_to == FOUNDED + timedelta(days=20 * 365)
    assert found.trust == certificates.Trust(
        (nation.root, school.root), (nation.issuing, school.issuing), (school.root_crl,)
    )


def test_no_folder_gives_a_development_authority_legal_force(folder: Path) -> None:
    (folder / "public" / "ours.pem").write_bytes(pem(signatures.authority().root))
    assert [held.kind for held in anchors.read_folder(folder).certificates] == [IssuerClass.DEVELOPMENT]


def test_what_is_trusted_is_our_own_authority_and_the_folder(cast: Cast) -> None:
    nation = real("Bộ Khoa học và Công nghệ")
    place = cast.office.settings.trust_folder / "public"
    place.mkdir(parents=True)
    (place / "root.crt").write_bytes(nation.root)
    with cast.office.db.read() as session:
        found, own = anchors_of(session, cast.office.settings), trust_of(session)
    assert found.trust.roots == (*own.roots, nation.root)
    assert found.kind_of(nation.root) is IssuerClass.PUBLIC
    assert {found.kind_of(der) for der in (*own.roots, *own.intermediates)} == {IssuerClass.DEVELOPMENT}


def test_without_a_folder_nothing_is_trusted_and_nothing_is_wrong(tmp_path: Path) -> None:
    assert anchors.read(Settings(data=tmp_path / "data")) == anchors.Folder()


def test_the_setting_names_the_folder(folder: Path, tmp_path: Path) -> None:
    (folder / "other" / "root.der").write_bytes(signatures.authority().root)
    assert len(anchors.read(Settings(data=tmp_path / "data", trust=str(folder))).certificates) == 1
    assert len(anchors.read(Settings(data=tmp_path)).certificates) == 1, "its place is data/trust"


def test_a_person_s_own_certificate_is_no_anchor(folder: Path) -> None:
    (folder / "public" / "lan.crt").write_bytes(signatures.person("lan").certificate)
    found = anchors.read_folder(folder)
    assert found.certificates == ()
    assert "Nguyễn Thị Lan is not a certificate of an authority" in faults(folder)["public/lan.crt"]


def test_each_file_that_cannot_be_used_is_named_and_the_rest_counts(folder: Path) -> None:
    root = real("Bộ Khoa học và Công nghệ").root
    (folder / "public" / "good.crt").write_bytes(root)
    (folder / "other" / "again.crt").write_bytes(root)
    (folder / "public" / "torn.crt").write_bytes(root[:-20])
    (folder / "public" / "empty.pem").write_bytes(b"")
    (folder / "public" / "words.pem").write_bytes(
        b"-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n"
    )
    (folder / "public" / "certificate.crl").write_bytes(root)
    (folder / "public" / "large.crt").write_bytes(bytes(anchors.LARGEST_CERTIFICATES + 1))
    (folder / "public" / "store.p12").write_bytes(b"\0")
    (folder / "public" / "folder.crt").mkdir()
    (folder / "stray.crt").write_bytes(root)
    (folder / "publik").mkdir()
    twice = "The certificate is already in public/good.crt, whose class is used. Remove one of the two."
    assert {file: sentence.partition(": ")[0] for file, sentence in faults(folder).items()} == {
        "publik": "Not used",
        "stray.crt": "Not used",
        "public/folder.crt": "Not used",
        "public/store.p12": "Not used",
        "other/again.crt": twice,
        "public/certificate.crl": "Not used",
        "public/empty.pem": "Not used",
        "public/large.crt": "Not used",
        "public/torn.crt": "Not used",
        "public/words.pem": "Not used",
    }
    assert [held.file for held in anchors.read_folder(folder).certificates] == ["public/good.crt"]


def test_a_file_put_in_or_mended_counts_at_once(folder: Path) -> None:
    path = folder / "public" / "root.crt"
    path.write_bytes(b"not yet")
    assert faults(folder)
    path.write_bytes(signatures.authority().root)
    assert [held.file for held in anchors.read_folder(folder).certificates] == ["public/root.crt"]
    path.unlink()
    assert anchors.read_folder(folder) == anchors.Folder()


def test_a_folder_that_everybody_can_write_is_a_fault(folder: Path) -> None:
    (folder / "public").chmod(0o777)
    assert "chmod o-w" in faults(folder)[str(folder / "public")]
