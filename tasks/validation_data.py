"""What certificates are judged by: our trust, and the certificates, lists and answers a file brings along.

A file's own validation data is a stranger's word: it only ever helps when its signature leads to a trusted
root, and a piece that cannot be parsed is left out, it does not hide the rest. No network, no database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from asn1crypto import crl as asn1_crl
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader
from pyhanko_certvalidator import ValidationContext

from tasks import asn1_lengths, asn1_names  # noqa: F401  (mend asn1crypto)
from tasks.certificates import Trust
from tasks.checking import MALFORMED

MOST = 400
"""Pieces of each kind that are read from one file; a document of thirty signatures has a hundred."""

T = TypeVar("T")


def validation_context(
    trust: Trust,
    moment: datetime,
    certificates: Iterable[asn1_x509.Certificate] = (),
    crls: Iterable[asn1_crl.CertificateList] = (),
    ocsps: Iterable[asn1_ocsp.OCSPResponse] = (),
) -> ValidationContext:
    """pyHanko's form of our trust at a moment: revocation demanded, the newest list counts, no network."""
    return ValidationContext(
        trust_roots=[asn1_x509.Certificate.load(der) for der in trust.roots],
        other_certs=[*(asn1_x509.Certificate.load(der) for der in trust.intermediates), *certificates],
        crls=[*(asn1_crl.CertificateList.load(der) for der in trust.crls), *crls],
        ocsps=list(ocsps),
        moment=moment,
        allow_fetching=False,
        # Not "hard-fail": that looks at no list unless the certificate says where to fetch one.
        revocation_mode="require",
        retroactive_revinfo=True,
    )


@dataclass(frozen=True, slots=True)
class ValidationData:
    """Trust, and what the file brings along to be judged by it."""

    trust: Trust
    certificates: tuple[asn1_x509.Certificate, ...] = ()
    crls: tuple[asn1_crl.CertificateList, ...] = ()
    ocsps: tuple[asn1_ocsp.OCSPResponse, ...] = ()

    @classmethod
    def of(cls, reader: PdfFileReader, trust: Trust, end: int | None = None) -> ValidationData:
        """Our trust with what stands in the file's document security store (ISO 32000-2, 12.8.4.3).

        In all its states: an update may write the store anew, and what it leaves out, a list that says
        "revoked" among it, still counts. `end`: what stood in the first so many bytes alone.
        """
        stores = list(_stores(reader, end))
        return cls(
            trust,
            tuple(_loaded(stores, "/Certs", asn1_x509.Certificate.load, lambda found: found.issuer.hashable)),
            tuple(
                _loaded(stores, "/CRLs", asn1_crl.CertificateList.load, lambda found: found.issuer.hashable)
            ),
            tuple(_loaded(stores, "/OCSPs", asn1_ocsp.OCSPResponse.load, lambda found: found.response_data)),
        )

    def with_attributes(self, signer_info: Any) -> ValidationData:
        """The same with what the signature itself holds: Adobe's signed attribute of revocation data."""
        try:
            found = [
                value
                for attribute in signer_info["signed_attrs"]
                if attribute["type"].native == "adobe_revocation_info_archival"
                for value in attribute["values"]
            ]
            crls = [crl for value in found for crl in value["crl"] or ()]
            ocsps = [answer for value in found for answer in value["ocsp"] or ()]
        except MALFORMED:
            return self
        return replace(self, crls=(*self.crls, *crls[:MOST]), ocsps=(*self.ocsps, *ocsps[:MOST]))

    def without_answers(self) -> ValidationData:
        """The same with revocation lists alone: one good answer ends the look at lists."""
        return replace(self, ocsps=())

    def at(self, moment: datetime) -> ValidationContext:
        return validation_context(self.trust, moment, self.certificates, self.crls, self.ocsps)

    def without_revocation(self, moment: datetime) -> ValidationContext:
        """Chains and their time only: to tell an unknown issuer from unknown revocation."""
        return ValidationContext(
            trust_roots=[asn1_x509.Certificate.load(der) for der in self.trust.roots],
            other_certs=[
                *(asn1_x509.Certificate.load(der) for der in self.trust.intermediates),
                *self.certificates,
            ],
            moment=moment,
            allow_fetching=False,
            revocation_mode="soft-fail",
        )

    def covers(self, path: Iterable[asn1_x509.Certificate] | None) -> bool:
        """Whether the file holds revocation data for every certificate on the way to the root."""
        listed = {crl.issuer.hashable for crl in self.crls}
        answered = {serial for answer in self.ocsps for serial in _serials(answer)}
        links = [certificate for certificate in path or () if not certificate.self_issued]
        return bool(links) and all(
            link.issuer.hashable in listed or link.serial_number in answered for link in links
        )


def _stores(reader: PdfFileReader, end: int | None) -> Iterator[tuple[HistoricalResolver, Any]]:
    """The document security store of every revision that has one, oldest first."""
    for revision in range(reader.xrefs.total_revisions):
        if end is not None and reader.xrefs.get_xref_container_info(revision).start_location >= end:
            return
        view = reader.get_historical_resolver(revision)
        try:
            yield view, view.root["/DSS"]
        except MALFORMED:
            continue


def _loaded(
    stores: Iterable[tuple[HistoricalResolver, Any]],
    key: str,
    load: Callable[[bytes], T],
    look: Callable[[T], Any],
) -> Iterator[T]:
    """The pieces that can be parsed; asn1crypto parses late, so each is looked into."""
    seen: set[Any] = set()
    for view, store in stores:
        try:
            references = list(store[key])[:MOST]
        except MALFORMED:
            continue
        for reference in references:
            try:
                place = view.reader.xrefs.get_historical_ref(reference.reference, view.revision)
                if place in seen or len(seen) >= MOST:
                    continue
                seen.add(place)
                value = load(reference.get_object().data)
                look(value)
            except MALFORMED:
                continue
            yield value


def _serials(answer: asn1_ocsp.OCSPResponse) -> list[int]:
    try:
        return [r["cert_id"]["serial_number"].native for r in answer.response_data["responses"]]
    except MALFORMED:
        return []
