"""The peer of a signing round: pyHanko in a loop, nothing else. One process of the two.

`python -m tests.bench.bare <file> <plain|kept> <half>` reads the signatures to be made, warms up, prints
"ready", waits for a line, makes its half, and prints the seconds it took. The key is open, the stamps are
drawn, the time-stamps come over one kept-alive connection to the same authority, the level is the same B-LT
in one revision. `plain` is pyHanko as its documentation has it; `kept` is our own `Signatory`, which finds
paths and sizes once and checks each signature (`tasks/signing.py`).
"""

from __future__ import annotations

import asyncio
import io
import pickle
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.content import ImportedPdfPage
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.signers.pdf_signer import DSSContentSettings, SigDSSPlacementPreference
from pyhanko.stamp import StaticStampStyle
from pyhanko_certvalidator.registry import SimpleCertificateStore

from tasks import hex_strings, pdf_names
from tasks.keys import PrivateKey, Secret, unlock
from tasks.signing import Signatory, SignRequest
from tasks.stamp_servers import HttpTimeStamper, StampServer
from tasks.verifying import validation_context
from tests.cast import PIN

WARM_UP = 3
ONE_REVISION = DSSContentSettings(
    include_vri=False, placement=SigDSSPlacementPreference.TOGETHER_WITH_SIGNATURE
)


def main() -> None:
    path, kind, half = sys.argv[1:]
    job = pickle.loads(Path(path).read_bytes())
    requests: list[SignRequest] = job["requests"][int(half) :: 2]
    key = unlock(job["protected"], Secret(PIN), job["master"], requests[0].owner)
    stamper = HttpTimeStamper(StampServer(job["tsa"]))
    with tempfile.TemporaryDirectory() as folder:
        make = (plain if kind == "plain" else kept)(requests, key, stamper, Path(folder))
        for number in range(WARM_UP):
            make(number)
        print("ready", flush=True)
        sys.stdin.readline()
        began = time.monotonic()
        for number in range(len(requests)):
            make(number)
        print(time.monotonic() - began, flush=True)


def plain(
    requests: list[SignRequest], key: PrivateKey, stamper: HttpTimeStamper, folder: Path
) -> Callable[[int], bytes]:
    """pyHanko's own signer and stamp style, and its own way to read and write."""
    generic.read_hex_string_from_stream = hex_strings.of_pyhanko
    names: Any = generic.NameObject
    names.read_from_stream = staticmethod(pdf_names.read_of_pyhanko)
    names.write_to_stream = pdf_names.write_of_pyhanko
    first = requests[0]
    registry = SimpleCertificateStore()
    registry.register_multiple([asn1_x509.Certificate.load(der) for der in first.trust.intermediates])
    signer = SimpleSigner(
        asn1_x509.Certificate.load(first.certificate),
        asn1_keys.PrivateKeyInfo.load(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())),
        registry,
        embed_roots=False,
    )
    stamps = []
    for number, request in enumerate(requests):
        page = folder / f"{number}.pdf"
        page.write_bytes(request.stamp or b"")
        stamps.append(str(page))

    def make(number: int) -> bytes:
        request, output = requests[number], io.BytesIO(requests[number].pdf)
        style = StaticStampStyle(
            border_width=0, background=ImportedPdfPage(stamps[number]), background_opacity=1
        )
        metadata = PdfSignatureMetadata(
            field_name=request.field,
            md_algorithm="sha256",
            reason=request.reason,
            location=request.location,
            subfilter=SigSeedSubFilter.PADES,
            embed_validation_info=True,
            validation_context=validation_context(request.trust, request.now),
            dss_settings=ONE_REVISION,
        )
        asyncio.run(
            PdfSigner(metadata, signer, timestamper=stamper, stamp_style=style).async_sign_pdf(
                IncrementalPdfFileWriter(output), existing_fields_only=True, in_place=True
            )
        )
        return output.getvalue()

    return make


def kept(
    requests: list[SignRequest],
    key: PrivateKey,
    stamper: HttpTimeStamper,
    folder: Path,
) -> Callable[[int], bytes]:
    """Our own way to sign, bare."""
    signatory = Signatory(requests[0].certificate, key, requests[0].trust, stamper)
    return lambda number: signatory.sign(requests[number]).pdf


if __name__ == "__main__":
    main()
