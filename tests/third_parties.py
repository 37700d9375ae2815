"""What programs that are not ours say of a signed file, signature by signature.

The signatures are cut out of the bytes by their byte range alone, as anyone with an editor can: nothing of
our code and nothing of pyHanko decides what is handed to `openssl`.
"""

from __future__ import annotations

import io
import re
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pikepdf
from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tasks.certificates import Trust
from tests import needs


@dataclass(frozen=True, slots=True)
class Cut:
    """One signature or document timestamp: its CMS, and the bytes that it signs."""

    field: str
    cms: bytes
    signed: bytes
    is_timestamp: bool

    @property
    def token(self) -> bytes:
        """The timestamp of a signature, out of its unsigned attributes; of a timestamp, itself."""
        return self.cms if self.is_timestamp else _token(self.cms).dump()

    @property
    def stamped(self) -> bytes:
        """What the timestamp was made of: the signature's value, or the document's bytes."""
        return self.signed if self.is_timestamp else _signer(self.cms)["signature"].native

    @property
    def stamped_at(self) -> datetime:
        content = cms.ContentInfo.load(self.token)["content"]["encap_content_info"]["content"]
        at = content.parsed["gen_time"].native
        assert isinstance(at, datetime)
        return at


def cut(pdf: bytes) -> list[Cut]:
    """Every filled signature field, in the order in which they were signed."""
    found = []
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        for field in opened.Root.AcroForm.Fields.as_list():
            if field.get("/FT") != "/Sig" or "/V" not in field:
                continue
            start, first, second, rest = (int(number) for number in field.V.ByteRange.as_list())
            between = pdf[start + first : second]
            assert between[:1] + between[-1:] == b"<>", "the gap is one string in hexadecimal"
            found.append(
                Cut(
                    str(field.T),
                    _without_padding(bytes.fromhex(between[1:-1].decode())),
                    pdf[start : start + first] + pdf[second : second + rest],
                    field.V.get("/SubFilter") == "/ETSI.RFC3161",
                )
            )
    return sorted(found, key=lambda one: len(one.signed))


def _without_padding(contents: bytes) -> bytes:
    """The first DER value of the space that was kept free for it."""
    length = contents[1]
    if length < 0x80:
        return contents[: 2 + length]
    size = length & 0x7F
    return contents[: 2 + size + int.from_bytes(contents[2 : 2 + size], "big")]


def _signer(der: bytes) -> cms.SignerInfo:
    return cms.ContentInfo.load(der)["content"]["signer_infos"][0]


def _token(der: bytes) -> cms.ContentInfo:
    attributes = _signer(der)["unsigned_attrs"]
    return next(a["values"][0] for a in attributes if a["type"].native == "signature_time_stamp_token")


def pdfsig(pdf: bytes) -> dict[str, str]:
    """Field to poppler's verdict; of document timestamps it says that it does not know them."""
    with tempfile.TemporaryDirectory(prefix="pdfsig-") as folder:
        path = Path(folder) / "signed.pdf"
        path.write_bytes(pdf)
        run = subprocess.run(
            [needs.program("pdfsig", "poppler-utils"), "-nocert", str(path)],
            capture_output=True,
            text=True,
            check=False,
        )
    said = {}
    for part in run.stdout.split("\nSignature #")[1:]:
        field, verdict = (
            re.search(rf"{name}: (.*)", part) for name in ("Field Name", "Signature Validation")
        )
        if field and verdict:  # an empty field has none
            said[field[1]] = verdict[1]
    assert said, run.stdout + run.stderr
    return said


def openssl_cms(one: Cut, trust: Trust) -> str:
    """`openssl cms -verify` of a signature at its proven time, revocation demanded; "" when it holds."""
    at = int(one.stamped_at.timestamp())
    return _openssl(
        ("cms", "-verify", "-inform", "DER", "-in", "signature", "-binary", "-content", "signed"),
        # A qualified signer's certificate has no e-mail purpose, which openssl would ask for.
        ("-purpose", "any", "-cades", "-out", "checked", "-attime", str(at)),
        trust,
        {"signature": one.cms, "signed": one.signed},
    )


def openssl_ts(one: Cut, trust: Trust) -> str:
    """`openssl ts -verify` of the timestamp of a signature, or of a document timestamp; "" when it holds."""
    at = int(one.stamped_at.timestamp())
    return _openssl(
        ("ts", "-verify", "-in", "token", "-token_in", "-data", "stamped", "-attime", str(at)),
        ("-untrusted", "authorities"),
        trust,
        {"token": one.token, "stamped": one.stamped},
    )


def _openssl(command: Iterable[str], more: Iterable[str], trust: Trust, files: dict[str, bytes]) -> str:
    with tempfile.TemporaryDirectory(prefix="openssl-") as folder:
        for name, content in (files | _trusted(trust)).items():
            (Path(folder) / name).write_bytes(content)
        chain = () if "-untrusted" in more else ("-certfile", "authorities")
        run = subprocess.run(
            [needs.program("openssl"), *command, *more, *chain, "-CAfile", "trusted", "-crl_check_all"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
    return "" if run.returncode == 0 else run.stdout + run.stderr


def _trusted(trust: Trust) -> dict[str, bytes]:
    """Roots and revocation lists in one file, the authorities between in another."""
    lists = (x509.load_der_x509_crl(der).public_bytes(Encoding.PEM) for der in trust.crls)
    return {
        "trusted": b"".join((*map(_pem, trust.roots), *lists)),
        "authorities": b"".join(map(_pem, trust.intermediates)),
    }


def _pem(certificate: bytes) -> bytes:
    return x509.load_der_x509_certificate(certificate).public_bytes(Encoding.PEM)
