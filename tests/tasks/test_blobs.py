"""Files by content hash: what is removed, and what somebody is about to name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tasks.blobs import BlobStore


@pytest.fixture
def store(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "blobs")


def aged(store: BlobStore, name: str) -> None:
    os.utime(store.path(name), (0, 0))


def test_an_old_file_is_removed_once(store: BlobStore) -> None:
    name, other = store.put(b"old"), store.put(b"other")
    aged(store, name)
    assert store.remove(name)
    assert not store.remove(name)
    assert store.get(other) == b"other"
    with pytest.raises(FileNotFoundError):
        store.get(name)


@pytest.mark.real_clock
@pytest.mark.parametrize("by", ["put", "adopt"])
def test_a_file_that_was_put_again_stays_for_whoever_is_about_to_name_it(
    store: BlobStore, tmp_path: Path, by: str
) -> None:
    name = store.put(b"sent in")
    aged(store, name)
    if by == "put":
        store.put(b"sent in")
    else:
        sent = tmp_path / "sent"
        sent.write_bytes(b"sent in")
        store.adopt(sent, name)
    assert not store.remove(name)
    assert store.get(name) == b"sent in"


def test_a_name_from_outside_that_is_no_hash_is_refused(store: BlobStore) -> None:
    with pytest.raises(ValueError, match="hexadecimal"):
        store.remove("../master.key")
