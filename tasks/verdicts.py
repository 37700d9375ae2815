"""What the verification says of a file: plain values, no bytes are read here.

`tasks/judging.py` makes them in a child of the intake pool, the verification page and `hososo verify` show
them. The rule above all others: `Standing.VALID` stands only where everything is known to be good; whatever
is doubtful is `UNKNOWN`, with the reason in words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from models.text import Text
from tasks.certificates import Trust
from tasks.comparing import Box
from tasks.verifying import SignatureReport


class Standing(StrEnum):
    """What a file, or one signature in it, is worth."""

    VALID = "valid"
    ALTERED = "altered"
    """The file was changed after the signature was made."""
    BROKEN = "broken"
    """The signature itself does not hold: damaged, forged, its certificate ended or revoked before."""
    UNKNOWN = "unknown"
    """Cannot be told: issuer or revocation unknown, pages not fully comparable."""
    UNSIGNED = "unsigned"
    """Of a file: nobody signed it."""
    UNREADABLE = "unreadable"
    """Of a file: no PDF, encrypted, cut off, too large."""


class PageFinding(StrEnum):
    """What the drawn pages say of the time since a signature."""

    UNCHANGED = "unchanged"
    FILLED = "filled"
    """Changed within allowed fields."""
    ADDED = "added"
    """Others signed on blank paper, in fields of their own; nothing else changed."""
    FILLED_UNCONFIRMED = "filled_unconfirmed"
    """Changed within allowed fields, by nobody or by signatures that are not confirmed themselves."""
    CHANGED = "changed"
    """Changed elsewhere."""
    NOT_COMPARED = "not_compared"


class IssuerClass(StrEnum):
    """Classes of certification services (Law 20/2023/QH15, article 22), and what stands outside them."""

    DEVELOPMENT = "development"
    """Our embedded authority: no legal force."""
    PUBLIC = "public"
    OFFICIAL = "official"
    SPECIALISED = "specialised"
    OTHER = "other"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Anchor:
    """A certificate (DER) of an authority whose class is known."""

    certificate: bytes = field(repr=False)
    kind: IssuerClass


@dataclass(frozen=True, slots=True)
class Anchors:
    """What foreign files are judged by: roots, authorities between them and the signers, revocation lists."""

    roots: tuple[Anchor, ...] = ()
    intermediates: tuple[Anchor, ...] = ()
    crls: tuple[bytes, ...] = field(default=(), repr=False)

    @classmethod
    def embedded(cls, trust: Trust) -> Anchors:
        """Our own authority, of all its generations."""
        return cls(
            tuple(Anchor(der, IssuerClass.DEVELOPMENT) for der in trust.roots),
            tuple(Anchor(der, IssuerClass.DEVELOPMENT) for der in trust.intermediates),
            trust.crls,
        )

    def joined(self, other: Anchors) -> Anchors:
        return Anchors(
            self.roots + other.roots, self.intermediates + other.intermediates, self.crls + other.crls
        )

    @property
    def trust(self) -> Trust:
        """The same without classes."""
        return Trust(
            tuple(anchor.certificate for anchor in self.roots),
            tuple(anchor.certificate for anchor in self.intermediates),
            self.crls,
        )

    def kind_of(self, certificate: bytes) -> IssuerClass:
        """The class of an authority's certificate (DER); UNKNOWN when it is none of ours."""
        known = (*self.intermediates, *self.roots)
        found = (anchor.kind for anchor in known if anchor.certificate == certificate)
        return next(found, IssuerClass.UNKNOWN)


class Said(StrEnum):
    """What came of asking an authority whether a certificate is revoked now."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"
    """The responder does not know the certificate."""
    UNREACHABLE = "unreachable"
    """No answer, or none that counts."""


@dataclass(frozen=True, slots=True)
class Asking:
    """One certificate, its issuer (both DER), and where its issuer says to ask."""

    certificate: bytes = field(repr=False)
    issuer: bytes = field(repr=False)
    urls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered; `revoked_at`: since when, of a revoked one."""

    said: Said
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SignatureVerdict:
    """One signature or document timestamp (`report.is_timestamp`), with the one reason for its standing."""

    report: SignatureReport
    standing: Standing
    sentence: Text
    issuer_class: IssuerClass = IssuerClass.UNKNOWN
    pages: PageFinding = PageFinding.NOT_COMPARED
    revoked_then: bool | None = None
    """At the proven time of signing; None when nothing tells."""
    revoked_now: bool | None = None
    asked: tuple[Asking, ...] = ()
    """Whom to ask about its certificates, from the signer's upwards; not about those of our own authority."""
    answer: Answer | None = None
    """What was answered; None where nobody was asked."""
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    """Of the signer's certificate."""


MARGIN = 25
"""Thousandths of the page around a place that its pictures show too."""


def around(box: Box) -> Box:
    """The part of the page that the pictures of a place show."""
    left, top, right, bottom = box
    return max(0, left - MARGIN), max(0, top - MARGIN), min(1000, right + MARGIN), min(1000, bottom + MARGIN)


@dataclass(frozen=True, slots=True)
class ChangedPlace:
    """A part of a page that looks different from what was signed."""

    page: int
    """Counted from 1 in the file as it is now; 0 when the page is gone."""
    was: int = field(default=0, kw_only=True)
    """Of a page that is gone: its number when it was signed."""
    added_by: str = field(default="", kw_only=True)
    """Who signed there later, on blank paper, which is allowed; empty where something changed."""
    signature: int
    """Index among `Verdict.signatures`: whose pages these were."""
    box: Box
    before: bytes | None = field(default=None, repr=False)
    after: bytes | None = field(default=None, repr=False)
    """The place cut out, with a margin (WebP)."""
    before_page: bytes | None = field(default=None, repr=False)
    after_page: bytes | None = field(default=None, repr=False)
    """The whole page (WebP), with nothing drawn on; of a few places only."""
    words_before: str = ""
    words_after: str = ""

    @property
    def cut(self) -> Box:
        """What of the page `before` and `after` show."""
        return around(self.box)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a head teacher reads first, and everything below it."""

    standing: Standing
    headline: Text
    explanation: Text
    signatures: tuple[SignatureVerdict, ...] = ()
    """Oldest first, document timestamps among them."""
    pages: int = 0
    places: tuple[ChangedPlace, ...] = ()
    """Most significant first."""
    cautions: tuple[Text, ...] = ()
    development: bool = False
    """Some certificate comes from the embedded authority: no legal force."""
    modified: str = ""
    """When the file itself says it was changed last, as an ISO date or as it stands; proves nothing."""

    @property
    def signers(self) -> tuple[SignatureVerdict, ...]:
        """The signatures of persons and seals, without document timestamps."""
        return tuple(found for found in self.signatures if not found.report.is_timestamp)
