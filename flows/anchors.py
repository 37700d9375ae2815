"""Whose signatures are believed besides our own authority's: what the administrator put into a folder.

The folder (`Settings.trust_folder`) has one subfolder for each class of the Law on Electronic Transactions
(20/2023/QH15, article 22) and one for all others: `public official specialised other`. In them lie
certificates of authorities (`.pem .crt .cer .der`; several in one PEM file are read) and their revocation
lists (`.crl`). A self-signed certificate is a root and is trusted; any other only leads to one.

Read anew when a file changes, never written. A file that cannot be used is named by `Folder.faults`; the
rest counts all the same.
"""

from __future__ import annotations

import functools
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from models.settings import Settings
from models.text import Text
from tasks.certificates import POLICY, Trust
from tasks.verdicts import Anchor, Anchors, IssuerClass

CLASSES = (IssuerClass.PUBLIC, IssuerClass.OFFICIAL, IssuerClass.SPECIALISED, IssuerClass.OTHER)
"""The subfolders; each is the class of the roots in it."""
CERTIFICATES, LISTS = (".pem", ".crt", ".cer", ".der"), (".crl",)
LARGEST_CERTIFICATES, LARGEST_LIST = 2**20, 32 * 2**20
"""Bytes of one file: an authority's certificate has some kilobytes, a nation's list some megabytes."""


@dataclass(frozen=True, slots=True)
class Held:
    """One certificate of an authority in the folder (DER), and where it lies."""

    certificate: bytes = field(repr=False)
    kind: IssuerClass
    """The class of what it issues: by its subfolder, unless it is a development authority like ours."""
    is_root: bool
    name: str
    valid_from: datetime
    valid_to: datetime
    file: str


@dataclass(frozen=True, slots=True)
class FolderFault:
    """A file that is not used, or a folder that others can write; the sentence says what to do."""

    file: str
    sentence: Text
    dangerous: bool = False
    """Someone could make this installation believe what it should not."""


@dataclass(frozen=True, slots=True)
class Folder:
    """What the folder of trust anchors holds; empty when there is none."""

    certificates: tuple[Held, ...] = ()
    crls: tuple[bytes, ...] = field(default=(), repr=False)
    faults: tuple[FolderFault, ...] = ()

    @property
    def trust(self) -> Trust:
        """As signatures and time-stamps are checked against it."""
        return Trust(
            tuple(held.certificate for held in self.certificates if held.is_root),
            tuple(held.certificate for held in self.certificates if not held.is_root),
            self.crls,
        )

    @property
    def anchors(self) -> Anchors:
        """The same with the class of each."""
        return Anchors(
            tuple(Anchor(held.certificate, held.kind) for held in self.certificates if held.is_root),
            tuple(Anchor(held.certificate, held.kind) for held in self.certificates if not held.is_root),
            self.crls,
        )


def read(settings: Settings) -> Folder:
    """The installation's folder of trust anchors as it is now; never raises."""
    return read_folder(settings.trust_folder)


def read_folder(folder: Path) -> Folder:
    """The same of any folder (`hososo verify --trust`)."""
    files, faults = _files(folder)
    found = _read(folder, files)
    return Folder(found.certificates, found.crls, (*faults, *found.faults))


def files(settings: Settings) -> dict[str, Path]:
    """The files that are read, by their place in the folder, such as `public/root.crt`: for a backup."""
    folder = settings.trust_folder
    return {path.relative_to(folder).as_posix(): path for path, _, _ in _files(folder)[0]}


# --- looking ----------------------------------------------------------------------------------------------

Seen = tuple[tuple[Path, int, int], ...]
"""Path, time of change (nanoseconds; of content or permissions) and size: decides whether to read again."""


def _files(folder: Path) -> tuple[Seen, list[FolderFault]]:
    seen: list[tuple[Path, int, int]] = []
    faults: list[FolderFault] = []
    for place in (folder, *(folder / kind for kind in CLASSES)):
        try:
            entries = sorted(place.iterdir())
            if place.stat().st_mode & stat.S_IWOTH:
                faults.append(FolderFault(str(place), _OPEN.format(path=place), dangerous=True))
        except FileNotFoundError:
            continue
        except OSError:
            faults.append(FolderFault(str(place), _SHUT))
            continue
        for path in entries:
            if path.name.startswith(".") or path.stem.upper() == "README":
                continue
            name = str(path.relative_to(folder))
            if place == folder:
                if path.name not in CLASSES:
                    faults.append(FolderFault(name, _MISPLACED))
                continue
            try:
                state = path.stat()
            except OSError:
                faults.append(FolderFault(name, _SHUT))
                continue
            if not stat.S_ISREG(state.st_mode) or path.suffix.lower() not in CERTIFICATES + LISTS:
                faults.append(FolderFault(name, _OTHER_KIND))
                continue
            seen.append((path, state.st_ctime_ns, state.st_size))
    return tuple(seen), faults


# --- reading ----------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=2)
def _read(folder: Path, files: Seen) -> Folder:
    certificates: dict[bytes, Held] = {}
    crls: list[bytes] = []
    faults: list[FolderFault] = []
    for path, _, size in files:
        name = str(path.relative_to(folder))
        is_list = path.suffix.lower() in LISTS
        if size > (LARGEST_LIST if is_list else LARGEST_CERTIFICATES):
            faults.append(FolderFault(name, _TOO_LARGE))
            continue
        try:
            content = path.read_bytes()
            if is_list:
                crls.append(_crl(content))
                continue
            loaded = _certificates(content)
        except OSError:
            faults.append(FolderFault(name, _SHUT))
            continue
        except (ValueError, UnsupportedAlgorithm):
            faults.append(FolderFault(name, _NO_LIST if is_list else _NO_CERTIFICATE))
            continue
        for one in loaded:
            der = one.public_bytes(Encoding.DER)
            kind = IssuerClass.DEVELOPMENT if _is_development(one) else IssuerClass(path.parent.name)
            if not _is_authority(one):
                faults.append(FolderFault(name, _NO_AUTHORITY.format(name=name_of(one))))
            elif der in certificates:
                if certificates[der].kind != kind:
                    faults.append(FolderFault(name, _TWICE.format(file=certificates[der].file)))
            else:
                certificates[der] = Held(
                    der,
                    kind,
                    _is_root(one),
                    name_of(one),
                    one.not_valid_before_utc,
                    one.not_valid_after_utc,
                    name,
                )
    return Folder(tuple(certificates.values()), tuple(crls), tuple(faults))


def _certificates(content: bytes) -> list[x509.Certificate]:
    if b"-----BEGIN" in content:
        return x509.load_pem_x509_certificates(content)
    return [x509.load_der_x509_certificate(content)]


def _crl(content: bytes) -> bytes:
    load = x509.load_pem_x509_crl if b"-----BEGIN" in content else x509.load_der_x509_crl
    return load(content).public_bytes(Encoding.DER)


def _is_authority(certificate: x509.Certificate) -> bool:
    """May it issue certificates? A person's or a server's own certificate is none to trust others by."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return False


def _is_development(certificate: x509.Certificate) -> bool:
    """Does it say itself that it has no legal force? Then no folder gives it any."""
    try:
        policies = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return False
    return any(policy.policy_identifier == POLICY for policy in policies)


def _is_root(certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(certificate)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def name_of(certificate: x509.Certificate) -> str:
    """What people call it: its common name, else its unit or organisation, else all of its name."""
    return next(_names(certificate), certificate.subject.rfc4514_string())


def _names(certificate: x509.Certificate) -> Iterator[str]:
    for kind in (NameOID.COMMON_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME, NameOID.ORGANIZATION_NAME):
        for attribute in certificate.subject.get_attributes_for_oid(kind):
            yield str(attribute.value)


_OPEN = Text(
    "Mọi tài khoản trên máy ghi được vào thư mục này, nên ai cũng thêm được nơi cấp. Chạy: chmod o-w {path}",
    "Every account of this machine can write here and so add an issuer. Run: chmod o-w {path}",
)
_SHUT = Text("Không đọc được. Sửa quyền đọc của tệp.", "Cannot be read. Mend its permissions.")
_MISPLACED = Text(
    "Không dùng: tệp phải nằm trong một thư mục con public, official, specialised hoặc other.",
    "Not used: files belong into one of the subfolders public, official, specialised or other.",
)
_OTHER_KIND = Text(
    "Không dùng: chỉ đọc tệp .pem .crt .cer .der (chứng thư) và .crl (danh sách thu hồi).",
    "Not used: only .pem .crt .cer .der (certificates) and .crl (revocation lists) are read.",
)
_TOO_LARGE = Text(
    "Không dùng: tệp quá lớn (chứng thư tới 1 MB, danh sách thu hồi tới 32 MB). Kiểm tra lại tệp.",
    "Not used: the file is too large (certificates up to 1 MB, lists up to 32 MB). Check the file.",
)
_NO_CERTIFICATE = Text(
    "Không dùng: không đọc được chứng thư nào trong tệp. Tải lại tệp từ nơi cấp.",
    "Not used: no certificate can be read from it. Fetch it again from its issuer.",
)
_NO_LIST = Text(
    "Không dùng: không phải danh sách thu hồi. Tải lại tệp từ nơi cấp.",
    "Not used: it is no revocation list. Fetch it again from its issuer.",
)
_NO_AUTHORITY = Text(
    "Không dùng: {name} không phải chứng thư của nơi cấp (CA). Đặt chứng thư của nơi cấp vào đây.",
    "Not used: {name} is not a certificate of an authority (CA). Put the authority's own certificate here.",
)
_TWICE = Text(
    "Chứng thư này đã có ở {file}; lớp của tệp đó được dùng. Xóa một trong hai tệp.",
    "The certificate is already in {file}, whose class is used. Remove one of the two.",
)
