"""The arithmetic of the roots, all of it on text: a stranger repeats it with `printf` and `openssl`.

Every hash is the SHA-256, in lower-case hexadecimal, of one line of text without a line end:

    leaf   leaf:<document id>:<number of the last event>:<hash of that event>
           leaf:stamp:<number of an earlier root>:<SHA-256 of its time-stamp>
    node   node:<left hash>:<right hash>
    root   root:<number>:<time, UTC>:<Merkle root, or nothing>:<number of leaves>:<hash of the root before>

The words in front keep one kind from passing for another (RFC 6962, 2.1). A node without a right neighbour
goes up as it is. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

Side = Literal["left", "right"]
Path = tuple[tuple[Side, str], ...]
"""The neighbours from a leaf up to the root: on which side of the way each stands, and its hash."""


def sha256(line: str) -> str:
    """SHA-256 of a line, in hexadecimal."""
    return hashlib.sha256(line.encode()).hexdigest()


def leaf_line(document_id: str, seq: int, head: str) -> str:
    """What a leaf is the hash of."""
    return f"leaf:{document_id}:{seq}:{head}"


def node(left: str, right: str) -> str:
    """The hash over two neighbours."""
    return sha256(f"node:{left}:{right}")


def root_line(number: int, at: datetime, root: str, leaves: int, previous: str) -> str:
    """What the hash of a root is the hash of, and what its time-stamp stamps; `at` in whole seconds."""
    return f"root:{number}:{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}:{root}:{leaves}:{previous}"


class Tree:
    """A Merkle root made leaf by leaf; it holds one hash for each level, however many leaves there are."""

    def __init__(self) -> None:
        self._peaks: list[tuple[int, str]] = []
        self.leaves = 0

    def add(self, leaf: str) -> None:
        """The next leaf, by its hash."""
        self.leaves += 1
        level = 0
        while self._peaks and self._peaks[-1][0] == level:
            leaf, level = node(self._peaks.pop()[1], leaf), level + 1
        self._peaks.append((level, leaf))

    @property
    def root(self) -> str:
        """The root over the leaves so far; empty when there is none."""
        if not self._peaks:
            return ""
        found = self._peaks[-1][1]
        for _, peak in reversed(self._peaks[:-1]):
            found = node(peak, found)
        return found


def root_of(leaves: Iterable[str]) -> str:
    """The root over leaves in their order."""
    tree = Tree()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root


def path_of(leaves: Sequence[str], position: int) -> Path:
    """The way of a leaf (counted from 0) up to the root."""
    found: list[tuple[Side, str]] = []
    level = list(leaves)
    while len(level) > 1:
        beside = position ^ 1
        if beside < len(level):
            found.append(("left" if beside < position else "right", level[beside]))
        pairs = (level[at : at + 2] for at in range(0, len(level), 2))
        level = [node(*pair) if len(pair) == 2 else pair[0] for pair in pairs]
        position //= 2
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Link:
    """The values of one root, as they stand in its line."""

    number: int
    at: datetime
    root: str
    leaves: int
    previous: str

    @property
    def line(self) -> str:
        return root_line(self.number, self.at, self.root, self.leaves, self.previous)

    @property
    def hash(self) -> str:
        return sha256(self.line)
