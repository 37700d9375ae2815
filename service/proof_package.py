"""The package of evidence of one record: a ZIP that a stranger checks with `openssl` and a text editor.

What is in it comes from `flows/proofs.py`, the commands from `service/proof_readme.py`; here they are laid
out as files. Same record, same moment, same bytes.
"""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import BinaryIO

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from fastapi.responses import StreamingResponse

from flows.office import Office
from flows.people import Actor
from flows.proofs import Proof, Rooted, gather
from models.text import Text
from service import act_words, names, story, words
from service import proof_readme as checks
from service import proof_words as said
from service.proof_readme import Section, readme
from tasks.proof_parts import SignaturePart

KEPT_IN_MEMORY = 16 * 2**20
CHUNK = 64 * 1024
Files = dict[str, bytes]


def answer(office: Office, actor: Actor, document_id: str) -> StreamingResponse:
    """The package as a download; refusals are those of `flows.proofs.gather`."""
    proof = gather(office, actor, document_id)
    packed = pack(files_of(proof), proof.at)
    number = proof.view.document.number
    name = f"Chung cu {number or document_id[:13]}.zip".replace("/", "-")
    headers = {"content-disposition": names.attachment(name), "cache-control": "private, no-store"}
    return StreamingResponse(_chunks(packed), media_type="application/zip", headers=headers)


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while data := file.read(CHUNK):
            yield data


def pack(files: Mapping[str, bytes], at: datetime) -> BinaryIO:
    """The files as a ZIP, from its beginning; large ones lie on the disk meanwhile."""
    made = tempfile.SpooledTemporaryFile(KEPT_IN_MEMORY)  # noqa: SIM115 - closed by who reads it to its end
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, words.local(at).timetuple()[:6])
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(info, content)
    made.seek(0)
    return made  # type: ignore[return-value]  # a binary file in all but its name


def files_of(proof: Proof) -> Files:
    """Every file of the package by its name, the README first, the manifest last."""
    files: Files = {}
    sections = [
        Section(said.MANIFEST, said.MANIFEST_WORDS, (checks.MANIFEST,)),
        _events(proof, files),
        *_remarks(proof, files),
        *_documents(proof, files),
        *_signatures(proof, files),
        _rooted(proof, files),
        Section(said.TRUST, said.TRUST_WORDS, (checks.FINGERPRINTS,)),
        _beyond(proof, files),
    ]
    whole = {"README.txt": readme(_head(proof), sections).encode()} | files
    lines = (f"{hashlib.sha256(content).hexdigest()} *{name}\n" for name, content in whole.items())
    return whole | {"manifest.sha256": "".join(lines).encode()}


def _head(proof: Proof) -> list[Text]:
    document, declared = proof.view.document, proof.view.here.declared
    told = {
        "title": document.title,
        "type": declared.name,
        "number": document.number or "–",
        "id": document.id,
        "owner": proof.view.owner.full_name,
        "status": story.STATUSES[document.status],
        "at": words.when(proof.at),
    }
    return [one.format(**told) for one in said.HEAD]


def _events(proof: Proof, files: Files) -> Section:
    listed = []
    for seen in proof.view.events:
        event = seen.event
        files[f"events/{event.seq:03d}.json"] = event.hashed().encode()
        done = act_words.happened(proof.view.here.declared, seen)
        listed.append(f"{event.seq:03d}  {words.when_exactly(event.at).vi}  {done.vi} / {done.en}\n")
    files["events/head.txt"] = proof.view.document.head_hash.encode()
    heading = "\n".join((said.LISTED.vi, said.LISTED.en))
    files["events.txt"] = "".join((heading, "\n\n", *listed)).encode()
    return Section(said.EVENTS, said.EVENTS_WORDS, (checks.CHAIN,))


def _remarks(proof: Proof, files: Files) -> Iterator[Section]:
    there = [seen.remark for seen in proof.view.events if seen.remark is not None]
    kept = [remark for remark in there if not remark.erased]
    for remark in kept:
        files[f"remarks/{remark.seq:03d}.json"] = remark.hashed().encode()
    if kept:
        yield Section(said.REMARKS, said.REMARKS_WORDS, (checks.REMARKS,))
    if len(kept) < len(there):
        yield Section(said.ERASED, said.ERASED_WORDS)


def _documents(proof: Proof, files: Files) -> Iterator[Section]:
    pdf = proof.pdf
    if pdf is None:
        yield Section(said.DESTROYED, said.DESTROYED_WORDS)
        return
    for seq, content in proof.files.items():
        files[f"files/{seq:03d}.pdf"] = content
    files["document.pdf"] = pdf
    last = max(seq for seq, content in proof.files.items() if content == pdf)
    yield Section(said.FILES, said.FILES_WORDS, (checks.NAMED_FILES, checks.FILES, checks.same_file(last)))


def _signatures(proof: Proof, files: Files) -> Iterator[Section]:
    _certificates(proof, files)
    yield Section(said.CERTIFICATES, said.CERTIFICATES_WORDS, (checks.TRUSTED,))
    yield from _answers(proof, files)
    until = int(proof.at.timestamp())
    later = until
    found = []
    for number, part in reversed(list(enumerate(proof.parts.signatures, 1))):
        folder = f"signatures/{number}-{part.field}"
        found.append(_signature(proof, part, folder, later, files))
        if part.is_timestamp and part.stamped_at is not None:
            later = int(part.stamped_at.timestamp())
    yield from reversed(found)


def _signature(proof: Proof, part: SignaturePart, folder: str, later: int, files: Files) -> Section:
    """One signature; its timestamp is held at the time of the next document timestamp, `later`."""
    pdf = proof.pdf or b""
    first, length, second, rest = part.byte_range
    files[f"{folder}/signed.bin"] = pdf[first : first + length] + pdf[second : second + rest]
    files[f"{folder}/signer.pem"] = _pem(part.signer)
    if part.token is not None:
        files[f"{folder}/timestamp.tst"] = part.token
    at = int(part.stamped_at.timestamp()) if part.stamped_at else later
    told = {"field": part.field, "at": words.when(part.stamped_at) if part.stamped_at else "–"}
    commands = [checks.cut(folder, part.byte_range)]
    if part.is_timestamp:
        commands.append(checks.timestamp(folder, "signed.bin", later))
        commands += _time(part, folder)
        return Section(said.STAMP.format(**told), said.STAMP_WORDS.format(**told), tuple(commands))
    files[f"{folder}/signature.p7s"] = part.cms
    files[f"{folder}/lists.pem"] = _lists(part.crls or proof.parts.crls or proof.trust.crls)
    commands += [checks.signature(folder, at), checks.named(folder)]
    fingerprint = hashlib.sha256(part.signer).hexdigest()
    signed = [
        e.event.seq
        for e in proof.view.events
        if e.event.data.get("certificate") == fingerprint and e.event.step == part.field
    ]
    if signed:
        commands.append(checks.signer(folder, signed[-1]))
    if part.token is not None:
        files[f"{folder}/value.bin"] = part.value
        commands.append(checks.value(folder, part.cms.rindex(part.value), len(part.value)))
        commands.append(checks.timestamp(folder, "value.bin", later))
        commands += _time(part, folder)
    return Section(said.SIGNATURE.format(**told), said.SIGNATURE_WORDS.format(**told), tuple(commands))


def _time(part: SignaturePart, folder: str) -> list[str]:
    return [checks.stamped(f"{folder}/timestamp.tst", part.stamped_at)] if part.stamped_at else []


def _certificates(proof: Proof, files: Files) -> None:
    """Roots as this school trusts them; everybody else's certificates only help to reach them."""
    roots = tuple(dict.fromkeys(proof.trust.roots))
    between = dict.fromkeys((*proof.trust.intermediates, *proof.parts.certificates))
    files["certificates/roots.pem"] = b"".join(map(_pem, roots))
    # Signatures and tokens carry the certificate of their own signer: among authorities openssl warns of it.
    authorities = [der for der in between if der not in roots and _is_authority(der)]
    files["certificates/authorities.pem"] = b"".join(map(_pem, authorities or roots))
    files["certificates/others.pem"] = b"".join(_pem(der) for der in between if not _is_authority(der))
    embedded = proof.parts.crls or proof.trust.crls
    for number, der in enumerate(dict.fromkeys((*embedded, *proof.trust.crls)), 1):
        files[f"revocation/{number}.crl"] = der
    for name, lists in (("embedded", embedded), ("present", proof.trust.crls)):
        files[f"revocation/{name}.pem"] = _lists(lists)


def _lists(lists: Iterable[bytes]) -> bytes:
    return b"".join(x509.load_der_x509_crl(der).public_bytes(Encoding.PEM) for der in lists)


def _beyond(proof: Proof, files: Files) -> Section:
    """What no command here says, and where to look instead."""
    signers = {x509.load_der_x509_certificate(part.signer).issuer for part in proof.parts.signatures}
    newest = {der for der in proof.trust.crls if x509.load_der_x509_crl(der).issuer in signers}
    commands = [
        checks.revoked(name) for name, der in files.items() if der in newest and name.endswith(".crl")
    ]
    return Section(said.BEYOND, said.BEYOND_WORDS, tuple(commands))


def _answers(proof: Proof, files: Files) -> Iterator[Section]:
    """OCSP answers the file holds, each believed if its signer was good when it was given."""
    commands = []
    for number, der in enumerate(proof.parts.ocsps, 1):
        name = f"revocation/{number}.ocsp"
        files[name] = der
        answer = ocsp.load_der_ocsp_response(der)
        if answer.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL:
            commands.append(checks.answer(name, int(answer.this_update_utc.timestamp())))
    if commands:
        yield Section(said.ANSWERS, said.ANSWERS_WORDS, tuple(commands))


def _is_authority(certificate: bytes) -> bool:
    """May it issue certificates (RFC 5280, 4.2.1.9)?"""
    try:
        found = x509.load_der_x509_certificate(certificate).extensions
        return found.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _pem(certificate: bytes) -> bytes:
    return x509.load_der_x509_certificate(certificate).public_bytes(Encoding.PEM)


def _rooted(proof: Proof, files: Files) -> Section:
    rooted = proof.rooted
    if rooted is None:
        return Section(said.NO_ROOT, said.NO_ROOT_WORDS)
    files["merkle/leaf.txt"] = rooted.leaf.encode()
    files["merkle/path.txt"] = "".join(f"{side} {beside}\n" for side, beside in rooted.path).encode()
    files["merkle/roots.txt"] = "".join(f"{line}\n" for line in rooted.links.values()).encode()
    newest = list(rooted.links.values())[-1]
    files["merkle/newest.txt"] = hashlib.sha256(newest.encode()).hexdigest().encode()
    commands = [checks.leaf(proof.view.document.id, rooted.seq), checks.CLIMB, checks.LINKS]
    commands += _stamps(proof, rooted, files)
    told = {
        "seq": rooted.seq,
        "last": proof.view.document.version,
        "number": list(rooted.links)[-1],
        "hash": files["merkle/newest.txt"].decode(),
    }
    return Section(said.ROOTED, said.ROOTED_WORDS.format(**told), tuple(commands))


def _stamps(proof: Proof, rooted: Rooted, files: Files) -> Iterator[str]:
    """Each token at the time of the one after it, the newest when the package was made."""
    later = int(proof.at.timestamp())
    commands: list[str] = []
    for number, stamp in sorted(rooted.stamps.items(), reverse=True):
        name = f"root-{number}"
        files[f"merkle/{name}.txt"] = rooted.links[number].encode()
        files[f"merkle/{name}.tst"] = stamp.token
        path = f"merkle/{name}"
        commands += [checks.among(name), checks.token(f"{path}.tst", f"{path}.txt", later)]
        commands.append(checks.stamped(f"{path}.tst", stamp.at))
        later = int(stamp.at.timestamp())
    yield from commands
