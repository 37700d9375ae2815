"""The arithmetic of the roots: any leaf leads to the root, no other one does, and openssl agrees."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from flows.merkle import Link, Path, Tree, leaf_line, node, path_of, root_of, sha256

LEAVES = st.lists(st.text("0123456789abcdef", min_size=64, max_size=64), min_size=1, max_size=40, unique=True)


def climb(leaf: str, path: Path) -> str:
    """The root a leaf and its way lead to."""
    for side, beside in path:
        leaf = node(beside, leaf) if side == "left" else node(leaf, beside)
    return leaf


@given(LEAVES, st.data())
def test_every_leaf_leads_to_the_root_and_no_other_does(leaves: list[str], data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(leaves) - 1))
    path = path_of(leaves, position)
    assert climb(leaves[position], path) == root_of(leaves)
    assert climb(sha256("another"), path) != root_of(leaves)


@given(LEAVES, st.integers(0, 39), st.integers(0, 39))
def test_a_leaf_changed_left_out_or_exchanged_gives_another_root(
    leaves: list[str], one: int, other: int
) -> None:
    one, other = one % len(leaves), other % len(leaves)
    changed = [sha256(leaf) if at == one else leaf for at, leaf in enumerate(leaves)]
    assert root_of(changed) != root_of(leaves)
    assert root_of(leaves[:one] + leaves[one + 1 :]) != root_of(leaves)
    if one != other:
        swapped = list(leaves)
        swapped[one], swapped[other] = swapped[other], swapped[one]
        assert root_of(swapped) != root_of(leaves)


def test_a_node_without_a_neighbour_goes_up_as_it_is() -> None:
    a, b, c = (sha256(letter) for letter in "abc")
    assert root_of([]) == ""
    assert root_of([a]) == a
    assert root_of([a, b, c]) == node(node(a, b), c)
    tree = Tree()
    for leaf in (a, b, c):
        tree.add(leaf)
    assert (tree.leaves, tree.root) == (3, root_of([a, b, c]))


def test_openssl_comes_to_the_same_hashes() -> None:
    line = leaf_line("0193c0de-0000-7000-8000-000000000000", 7, sha256("head"))
    link = Link(3, datetime(2026, 11, 27, 1, 2, 3, tzinfo=UTC), sha256(line), 1, sha256("before"))
    for text, expected in ((line, sha256(line)), (link.line, link.hash)):
        said = subprocess.run(
            f"printf '%s' '{text}' | openssl dgst -sha256 -r", shell=True, capture_output=True, check=True
        )
        assert said.stdout.decode().split()[0] == expected
    assert link.line == f"root:3:2026-11-27T01:02:03Z:{sha256(line)}:1:{sha256('before')}"
