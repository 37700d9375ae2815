"""Revocation lists of time-stamp authorities elsewhere, fetched from where their certificates say.

Our own lists are made here; other authorities give theirs out for days or weeks, and a time-stamp can only be
proved with one that is fresh. Fetched are the lists of certificates that lead to a trusted root alone, over
HTTP as RFC 5280 has it (a list is signed), within a time and a size. They lie in a folder under the hash of
their address; what cannot be fetched leaves the earlier list.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import hashlib
import itertools
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from models.errors import Unavailable
from tasks.certificate_use import find_chain
from tasks.certificates import Trust
from tasks.exchanges import Line
from tasks.stamp_servers import HttpTimeStamper, StampServer

LARGEST = 32 * 2**20
"""Bytes of a list; a nation's has some megabytes."""
PATIENCE = 30.0
"""Seconds for one list."""


def fetch(servers: Iterable[StampServer], trust: Trust, folder: Path, now: datetime) -> tuple[int, list[str]]:
    """Fetch what is due of the lists for these authorities' certificates: how many, which hosts failed."""
    fetched, failed = 0, []
    for url, issuer in dict(_wanted(servers, trust)).items():
        path = folder / f"{hashlib.sha256(url.encode()).hexdigest()[:32]}.crl"
        if _is_fresh(path, now):
            continue
        found = _fetched(url, issuer)
        if found is None:
            failed.append(urlsplit(url).netloc)
        else:
            _write(path, found)
            fetched += 1
    return fetched, failed


def _fetched(url: str, issuer: x509.Certificate) -> bytes | None:
    """The list (DER) at this address; None when there is none, or none that this authority signed."""
    try:
        listed = _parsed(_get(url))
        # Whatever key signs certificates signs lists.
        ours = listed.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, TypeError):
        return None
    return listed.public_bytes(Encoding.DER) if ours and listed.issuer == issuer.subject else None


def kept(folder: Path) -> tuple[bytes, ...]:
    """The lists as they lie there now; none while nothing was fetched."""
    with contextlib.suppress(FileNotFoundError):
        found = sorted(path for path in folder.iterdir() if path.suffix == ".crl")
        return _read(tuple((path, path.stat().st_mtime_ns) for path in found))
    return ()


@functools.lru_cache(maxsize=2)
def _read(files: tuple[tuple[Path, int], ...]) -> tuple[bytes, ...]:
    return tuple(path.read_bytes() for path, _ in files)


def _wanted(servers: Iterable[StampServer], trust: Trust) -> Iterator[tuple[str, x509.Certificate]]:
    """Addresses of lists with the authority whose they are, on the way from each stamping certificate up."""
    for server in servers:
        for signer in _signers(server):
            for link, issuer in itertools.pairwise(find_chain(signer, trust)):
                for url in _addresses(link):
                    yield url, issuer


def _signers(server: StampServer) -> tuple[bytes, ...]:
    with contextlib.closing(HttpTimeStamper(server)) as stamper, contextlib.suppress(Unavailable):
        asyncio.run(stamper.async_dummy_response("sha256"))
        return stamper.signers
    return ()


def _addresses(certificate: x509.Certificate) -> Iterator[str]:
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except (x509.ExtensionNotFound, ValueError):
        return
    for point in points:
        for name in point.full_name or ():
            if isinstance(name, x509.UniformResourceIdentifier) and name.value.startswith(
                ("http://", "https://")
            ):
                yield name.value


def _is_fresh(path: Path, now: datetime) -> bool:
    """Is less than half of the list's life gone?"""
    try:
        listed = x509.load_der_x509_crl(path.read_bytes())
    except (OSError, ValueError):
        return False
    end = listed.next_update_utc
    return end is not None and now < listed.last_update_utc + (end - listed.last_update_utc) / 2


def _get(url: str) -> bytes:
    content = bytearray()
    with (
        Line().within(PATIENCE) as within,
        httpx.Client(timeout=PATIENCE) as client,
        client.stream("GET", url, extensions=within) as reply,
    ):
        reply.raise_for_status()
        for part in reply.iter_bytes():
            content += part
            if len(content) > LARGEST:
                raise ValueError("too large")
    return bytes(content)


def _parsed(content: bytes) -> x509.CertificateRevocationList:
    load = x509.load_pem_x509_crl if content.startswith(b"-----BEGIN") else x509.load_der_x509_crl
    return load(content)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_suffix(".part")
    part.write_bytes(content)
    part.replace(path)
