"""asn1crypto's fault with definite lengths ending in 0x80: it is there without us, and gone with us."""

from __future__ import annotations

import subprocess
import sys

from asn1crypto import core

from tasks import asn1_lengths

FAULT_WITHOUT_US = """
import importlib.util, sys
from asn1crypto import core
spec = core.SequenceOf(spec=core.OctetString)
spec._header, spec.children = b"\\x30\\x82\\x01\\x80", []
spec.contents = b"\\x04\\x82\\x01\\x7c" + bytes(0x17C)
print(len(spec.dump()))
"""


def test_upstream_still_has_the_fault() -> None:
    """When this fails, asn1crypto was mended: delete tasks/asn1_lengths.py and its imports."""
    run = subprocess.run([sys.executable, "-c", FAULT_WITHOUT_US], capture_output=True, text=True, check=True)
    assert int(run.stdout) != 4 + 0x180


def test_the_fault_is_gone_once_imported() -> None:
    assert not asn1_lengths.has_fault()


def test_a_definite_length_ending_in_80_is_kept_as_it_was_read() -> None:
    encoded = b"\x30\x82\x01\x80" + b"\x04\x82\x01\x7c" + bytes(0x17C)
    value = core.SequenceOf.load(encoded, spec=core.OctetString)
    assert value[0].native == bytes(0x17C)
    assert value.dump() == encoded


def test_a_truly_indefinite_length_is_still_written_anew_as_der() -> None:
    value = core.SequenceOf.load(b"\x30\x80\x04\x01\x61\x00\x00", spec=core.OctetString)
    assert value.dump() == b"\x30\x03\x04\x01\x61"


def test_headers() -> None:
    headers = {
        None: False,
        b"": False,
        b"\x30\x80": True,
        b"\x30\x81\x80": False,
        b"\x30\x82\x01\x80": False,
        b"\x30\x84\x00\x00\x01\x80": False,
        b"\xa0\x82\x01\x84\x30\x82\x01\x80": False,  # explicit tag around a definite length
        b"\xa0\x80\x30\x80": True,  # explicit tag around an indefinite one
        b"\x3f\x81\x01\x80": True,  # tag number in several octets, indefinite
        b"\x3f\x81\x01\x82\x01\x80": False,
    }
    assert {header: asn1_lengths.is_indefinite(header) for header in headers} == headers
