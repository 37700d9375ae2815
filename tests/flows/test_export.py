"""What the declarations are written out as: the page in `docs/`, BPMN 2.0 as other tools read it, SVG."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import lxml.etree
import pytest

from flows.catalogue import TYPES
from flows.diagram import Rect
from flows.export import bpmn, page
from flows.grammar import Acknowledge, Decision, DocumentType, Parallel, Respond
from flows.svg import svg
from tests import needs
from tests.processes import PROCESSES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "types.md"
MODDLE = ROOT / "node_modules" / "bpmn-moddle"
DRAWN = {t.slug: t for t in TYPES} | {name: replace(p, slug=name) for name, p in PROCESSES.items()}
"""Every type, and processes with groups, conditions and decisions that no type has yet."""
every_type = pytest.mark.parametrize("declared", DRAWN.values(), ids=lambda t: t.slug)


def test_the_documented_types_are_the_declared_ones() -> None:
    assert DOCS.read_text() == page(TYPES), "Run `hososo types > docs/types.md`."


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Every type as bpmn-moddle, the reader of bpmn.io's tools, finds it."""
    node = needs.program("node", "nodejs")
    if not MODDLE.is_dir():
        needs.missing("bpmn-moddle", "run `npm ci` in the project's folder to run this test.")
    folder = tmp_path_factory.mktemp("bpmn")
    paths = []
    for declared in DRAWN.values():
        path = folder / f"{declared.slug}.bpmn"
        path.write_bytes(bpmn(declared))
        paths.append(str(path))
    run = subprocess.run(
        [node, str(ROOT / "tests" / "bpmn_read.mjs"), *paths], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return dict(zip(DRAWN, json.loads(run.stdout), strict=True))


@every_type
def test_another_reader_opens_it_and_finds_the_declared_steps(
    declared: DocumentType, read: dict[str, Any]
) -> None:
    found = read[declared.slug]
    assert found["warnings"] == []
    tasks = [n for n in found["nodes"] if n["type"] in ("bpmn:UserTask", "bpmn:ServiceTask")]
    assert [(t["id"], t["name"]) for t in tasks] == [
        (f"Task_{step.name}", step.label.vi) for step in declared.leaves
    ]
    posts = {node: lane["name"] for lane in found["lanes"] for node in lane["holds"]}
    assert set(posts) == {n["id"] for n in found["nodes"]}
    for step in declared.leaves:
        assert posts[f"Task_{step.name}"] == (step.by.name.vi if step.by else "Hệ thống")
    returns = {(f["source"], f["target"]) for f in found["flows"] if f["name"] == "trả lại"}
    assert returns == {
        (
            f"Gateway_{declared.station_of(s.name)}",
            ("Merge_" if isinstance(declared.step(s.returns_to), Parallel) else "Task_") + s.returns_to,
        )
        for s in declared.leaves
        if s.returns_to
    }


@every_type
def test_groups_fork_and_join_and_conditions_have_a_way_around(
    declared: DocumentType, read: dict[str, Any]
) -> None:
    found = read[declared.slug]
    kinds = {n["id"]: n["type"] for n in found["nodes"]}
    between = {(f["source"], f["target"]): f["name"] for f in found["flows"]}
    for station in declared.steps:
        if isinstance(station, Parallel):
            fork, join = f"Fork_{station.name}", f"Join_{station.name}"
            whole = station.enough == len(station.parts)
            assert kinds[fork] == "bpmn:ParallelGateway"
            assert kinds[join] == ("bpmn:ParallelGateway" if whole else "bpmn:ComplexGateway")
            parts = {f"Task_{part.name}" for part in station.parts}
            assert {target for source, target in between if source == fork} == parts
            assert {source for source, target in between if target == join} == parts
            assert len([1 for _, target in between if target == fork]) == 1, "a fork is no join"
        if station.when:
            gate = f"When_{station.name}"
            assert kinds[gate] == "bpmn:ExclusiveGateway"
            ways = {name: target for (source, target), name in between.items() if source == gate}
            assert set(ways) == {"có", "không"}
            first = station.leaves[0].name
            assert ways["có"] in (f"Task_{first}", f"Fork_{station.name}", f"Merge_{station.name}")
            assert ways["không"] != ways["có"]


@every_type
def test_from_every_place_one_way_leads_to_the_end(declared: DocumentType, read: dict[str, Any]) -> None:
    found = read[declared.slug]
    onward: dict[str, set[str]] = {n["id"]: set() for n in found["nodes"]}
    for flow in found["flows"]:
        onward[flow["source"]].add(flow["target"])
        source, target = (next(n for n in found["nodes"] if n["id"] == flow[k]) for k in ("source", "target"))
        assert flow["id"] in source["outgoing"]
        assert flow["id"] in target["incoming"]

    def reached(start: str) -> set[str]:
        seen, ahead = set(), {start}
        while ahead:
            node = ahead.pop()
            seen.add(node)
            ahead |= onward[node] - seen
        return seen

    assert reached("Start") == set(onward)
    assert all("End" in reached(node) for node in onward)


def rect(at: dict[str, float]) -> Rect:
    return Rect(at["x"], at["y"], at["width"], at["height"])


@every_type
def test_everything_has_its_place_and_nothing_lies_over_another(
    declared: DocumentType, read: dict[str, Any]
) -> None:
    found = read[declared.slug]
    drawn = {shape["of"]: rect(shape["at"]) for shape in found["shapes"]}
    elements = [n["id"] for n in found["nodes"]] + [lane["id"] for lane in found["lanes"]] + found["notes"]
    assert sorted(drawn) == sorted([*elements, "Participant"])
    assert sorted(e["of"] for e in found["edges"]) == sorted(f["id"] for f in found["flows"])
    nodes = {n["id"]: drawn[n["id"]] for n in found["nodes"]} | {n: drawn[n] for n in found["notes"]}
    labels = [rect(thing["label"]) for thing in (*found["shapes"], *found["edges"]) if thing["label"]]
    for one, other in itertools.combinations([*nodes.values(), *labels], 2):
        assert not one.overlaps(other), (one, other)
    lanes = [(lane, drawn[lane["id"]]) for lane in found["lanes"]]
    for (_, one), (_, other) in itertools.combinations(lanes, 2):
        assert not one.overlaps(other)
    for lane, at in lanes:
        for inner in lane["holds"]:
            assert inside(nodes[inner], at), (inner, lane["name"])
        assert inside(at, drawn["Participant"])
    ends = {f["id"]: (nodes[f["source"]], nodes[f["target"]]) for f in found["flows"]}
    for edge in found["edges"]:
        points = [(p["x"], p["y"]) for p in edge["points"]]
        assert touches(ends[edge["of"]][0], points[0])
        assert touches(ends[edge["of"]][1], points[-1])
        for line in itertools.pairwise(points):
            assert not [n for n, at in nodes.items() if crosses(line, at)], (edge["of"], line)


def inside(inner: Rect, outer: Rect) -> bool:
    return (
        outer.x <= inner.x
        and outer.y <= inner.y
        and inner.right <= outer.right
        and inner.bottom <= outer.bottom
    )


def touches(at: Rect, point: tuple[float, float]) -> bool:
    x, y = point
    return at.x <= x <= at.right and at.y <= y <= at.bottom


def crosses(line: tuple[tuple[float, float], ...], at: Rect) -> bool:
    """Does a level or upright line run through the inside of a shape?"""
    (x1, y1), (x2, y2) = line
    assert x1 == x2 or y1 == y2, "a line is level or upright"
    left, right, top, bottom = min(x1, x2), max(x1, x2), min(y1, y2), max(y1, y2)
    return left < at.right and right > at.x and top < at.bottom and bottom > at.y


@every_type
@pytest.mark.parametrize("language", ["vi", "en"])
def test_it_is_valid_by_the_schema_of_the_standard(declared: DocumentType, language: Any) -> None:
    folder = MODDLE / "resources" / "bpmn" / "xsd"
    if not folder.is_dir():
        needs.missing("bpmn-moddle", "run `npm ci` in the project's folder to run this test.")
    schema = lxml.etree.XMLSchema(lxml.etree.parse(str(folder / "BPMN20.xsd")))
    schema.assertValid(lxml.etree.fromstring(bpmn(declared, language)))


@every_type
@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_picture_loads_nothing_and_says_every_step(declared: DocumentType, language: Any) -> None:
    picture = svg(declared, language)
    root = ElementTree.fromstring(picture)
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert not tags & {"script", "style", "image", "use", "foreignObject", "a"}
    assert not re.findall(rb"(?:href|src|style|on\w+)=", picture)
    words = " ".join(" ".join(element.itertext()) for element in root.iter())
    for step in declared.leaves:
        for word in step.label.to(language).split():
            assert word in words


@every_type
def test_the_note_names_every_answer_and_outcome(declared: DocumentType) -> None:
    xml = ElementTree.fromstring(bpmn(declared))
    note = xml.findtext(".//{*}textAnnotation/{*}text") or ""
    for step in declared.leaves:
        if isinstance(step, Decision):
            assert all(choice.label.vi in note for choice in step.choices)
        if isinstance(step, Respond):
            assert "ký đồng ý / ký kèm ý kiến / không ký" in note
        if isinstance(step, Acknowledge) and step.refusal_of:
            assert "chỉ bỏ việc không ký" in note


def test_the_note_says_until_when_a_record_is_taken_back() -> None:
    notes = {t.slug: ElementTree.fromstring(bpmn(t)).findtext(".//{*}textAnnotation/{*}text") for t in TYPES}
    assert "mở lại được cho đến khi ký" in str(notes["spot-check"])
    assert "cho đến khi người được nêu trả lời" in str(notes["violation-minutes"])
    assert "cho đến khi được ký duyệt" in str(notes["lesson-plan"])
