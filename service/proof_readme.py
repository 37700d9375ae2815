"""The README of a package of evidence: what is in it, and the very commands by which a stranger checks it.

Vietnamese, then English, then the commands both share. A command stands alone on a line that begins with
`    $ `; it ends with 0 when what it checks holds. They use `sh`, `openssl`, `cat`, `printf` and `cmp` only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from models.text import Text

PROMPT = "    $ "
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Section:
    """One thing to check: a heading, an explanation, commands (none: nothing to run)."""

    title: Text
    words: Text
    commands: tuple[str, ...] = ()


def readme(head: Sequence[Text], sections: Iterable[Section]) -> str:
    """The whole text."""
    lines: list[str] = []
    for said in head:
        for language in (said.vi, said.en):
            lines += [line for part in language.splitlines() for line in _wrapped(part)]
        lines += [""]
    for number, section in enumerate(sections, 1):
        title = f"{number}. {section.title.vi} / {section.title.en}"
        lines += [
            title,
            "-" * len(title),
            "",
            *_wrapped(section.words.vi),
            "",
            *_wrapped(section.words.en),
            "",
        ]
        lines += [PROMPT + command for command in section.commands]
        lines += [""] if section.commands else []
    return "\n".join(lines)


def _wrapped(words: str, width: int = 100) -> list[str]:
    lines, line = [], ""
    for word in words.split():
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return [*lines, line]


# --- commands -------------------------------------------------------------------------------------------

MANIFEST = (
    'while read -r h f; do openssl dgst -sha256 -r "${f#\\*}"; done < manifest.sha256 | cmp - manifest.sha256'
)


def _lists_only(path: str) -> str:
    """A list that brings a certificate along would have it trusted: openssl takes both from one file."""
    return f'case "$(cat {path})" in *CERTIFICATE-*) false;; esac'


TRUSTED = (
    f"{_lists_only('revocation/embedded.pem revocation/present.pem')} && "
    "cat certificates/roots.pem revocation/embedded.pem revocation/present.pem > trusted-now.pem"
)
CHAIN = (
    '( p=; for f in events/*.json; do case "$(cat "$f")" in '
    '*\'"previous":"\'"$p"\'","remark_hash":\'*) ;; *) echo "$f"; exit 1;; esac; '
    'p=$(openssl dgst -sha256 -r "$f"); p=${p%% *}; done; printf \'%s\' "$p" | cmp - events/head.txt )'
)
REMARKS = (
    '( for f in remarks/*.json; do h=$(openssl dgst -sha256 -r "$f"); case "$(cat "events/${f##*/}")" in '
    '*\'"remark_hash":"\'"${h%% *}"\'"\'*) ;; *) echo "$f"; exit 1;; esac; done )'
)
NAMED_FILES = (
    '( for e in events/*.json; do n=${e##*/}; f=files/${n%.json}.pdf; case "$(cat "$e")" in '
    '*\'"output_blob":"\'*) [ -f "$f" ] || { echo "$f"; exit 1; };; esac; done )'
)
FILES = (
    '( for f in files/*.pdf; do h=$(openssl dgst -sha256 -r "$f"); n=${f##*/}; '
    'case "$(cat "events/${n%.pdf}.json")" in '
    '*\'"output_blob":"\'"${h%% *}"\'"\'*) ;; *) echo "$f"; exit 1;; esac; done )'
)


def same_file(seq: int) -> str:
    """The record's file is the one the last event brought forth."""
    return f"cmp document.pdf files/{seq:03d}.pdf"


def cut(folder: str, byte_range: tuple[int, int, int, int]) -> str:
    """`signed.bin` is the file without the signature's own place, and nothing else is left out."""
    _, length, second, rest = byte_range
    return (
        f"cmp -n {length} document.pdf {folder}/signed.bin && "
        f"cmp -n {rest} document.pdf {folder}/signed.bin {second} {length}"
    )


def signature(folder: str, at: int) -> str:
    """The signature over `signed.bin`, its certificate good at the time proven.

    Held against the lists the file had then. A later one may say that the certificate ended since; openssl
    knows no "since", and takes such a list for the time before, as far as the list claims to be older.
    """
    return (
        f"{_lists_only(f'{folder}/lists.pem')} && "
        f"cat certificates/roots.pem {folder}/lists.pem > trusted.pem && "
        f"openssl cms -verify -inform DER -in {folder}/signature.p7s -binary -content {folder}/signed.bin "
        "-cades -purpose any -certfile certificates/authorities.pem "
        f"-CAfile trusted.pem -crl_check_all -attime {at} -out checked.bin -signer seen.pem "
        f"&& cmp seen.pem {folder}/signer.pem"
    )


def named(folder: str) -> str:
    """Who signed: what the certificate calls its holder, and its serial number."""
    return f"openssl x509 -in {folder}/signer.pem -noout -subject -serial -nameopt oneline,utf8,-esc_msb"


def signer(folder: str, seq: int) -> str:
    """The event names the certificate that signed, and the account that the certificate names."""
    return (
        f"( h=$(openssl x509 -in {folder}/signer.pem -outform DER | openssl dgst -sha256 -r); "
        f"a=$(openssl x509 -in {folder}/signer.pem -noout -subject -nameopt RFC2253); "
        f'a=${{a#*serialNumber=}}; case "$(cat events/{seq:03d}.json)" in '
        '*\'"actor_id":"\'"${a%%,*}"\'",\'*\'"certificate":"\'"${h%% *}"\'"\'*) ;; *) exit 1;; esac )'
    )


def value(folder: str, offset: int, length: int) -> str:
    """`value.bin`, which the time-stamp stamps, is the value inside the signature."""
    return f"cmp -n {length} {folder}/signature.p7s {folder}/value.bin {offset} 0"


def timestamp(folder: str, data: str, at: int) -> str:
    """A time-stamp on a file beside it, its certificate good at that time."""
    return token(f"{folder}/timestamp.tst", f"{folder}/{data}", at)


def token(path: str, data: str, at: int) -> str:
    """A time-stamp token on a file, its certificate good at that time."""
    return (
        f"openssl ts -verify -in {path} -token_in -data {data} "
        f"-untrusted certificates/authorities.pem -CAfile trusted-now.pem -crl_check_all -attime {at}"
    )


def stamped(path: str, at: datetime) -> str:
    """The time in a token, printed; it is the one this README says and the other commands ask about."""
    at = at.astimezone(UTC)
    day = f"{_MONTHS[at.month - 1]} {at.day:2d} {at:%H:%M:%S}"
    return (
        f"( t=$(openssl ts -reply -in {path} -token_in -text); t=${{t#*Time stamp: }}; t=${{t%%GMT*}}; "
        f"printf '%sGMT\\n' \"$t\"; case \"$t\" in '{day}'*' {at.year} ') ;; *) exit 1;; esac )"
    )


def revoked(path: str) -> str:
    """The list is its issuer's own; printed: what it says was revoked, and when.

    `openssl crl` ends with 0 after "verify failure" too: what it says decides.
    """
    return (
        "cat certificates/roots.pem certificates/authorities.pem > issuers.pem && "
        f"[ \"$(openssl crl -inform DER -in {path} -CAfile issuers.pem -noout 2>&1)\" = 'verify OK' ] && "
        f"openssl crl -inform DER -in {path} -noout -text"
    )


def answer(path: str, at: int) -> str:
    """An OCSP answer, the certificate of who gave it good at that time; its text says of which, and what."""
    return (
        f"openssl ocsp -respin {path} -CAfile certificates/roots.pem "
        f"-verify_other certificates/authorities.pem -attime {at} -resp_text"
    )


def leaf(document_id: str, seq: int) -> str:
    """The leaf names the hash of that event."""
    return (
        f"( h=$(openssl dgst -sha256 -r events/{seq:03d}.json); "
        f"printf 'leaf:%s:%s:%s' {document_id} {seq} \"${{h%% *}}\" | cmp - merkle/leaf.txt )"
    )


CLIMB = (
    "( h=$(openssl dgst -sha256 -r merkle/leaf.txt); h=${h%% *}; while read -r side n; do "
    'case $side in left) l="node:$n:$h";; *) l="node:$h:$n";; esac; '
    "h=$(printf '%s' \"$l\" | openssl dgst -sha256 -r); h=${h%% *}; done < merkle/path.txt; "
    'read -r l < merkle/roots.txt; case "$l" in root:*:"$h":*) ;; *) exit 1;; esac )'
)
LINKS = (
    '( p=; while read -r l; do case "$p" in ?*) case "$l" in *:"$p") ;; *) echo "$l"; exit 1;; esac;; '
    "esac; p=$(printf '%s' \"$l\" | openssl dgst -sha256 -r); p=${p%% *}; done < merkle/roots.txt; "
    "printf '%s' \"$p\" | cmp - merkle/newest.txt )"
)


def among(name: str) -> str:
    """A root that is stamped is one of the chain."""
    return f'case "$(cat merkle/roots.txt)" in *"$(cat merkle/{name}.txt)"*) ;; *) false;; esac'


FINGERPRINTS = (
    '( c=; while read -r l || [ "$l" ]; do c=$(printf \'%s\\n%s\' "$c" "$l"); '
    'case "$l" in -----END*) printf \'%s\\n\' "$c" | '
    "openssl x509 -noout -subject -nameopt oneline,utf8,-esc_msb -fingerprint -sha256 || exit 1; "
    "c=;; esac; done < certificates/roots.pem )"
)
"""Of every certificate in that file: `openssl x509` alone shows the first, and trusts whatever follows."""
