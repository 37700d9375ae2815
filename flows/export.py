"""A document type for others to read: a table a school can sign, BPMN 2.0 XML for other tools. Pure.

The same picture for people is drawn in `flows/svg.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree

from flows.diagram import GATEWAYS, Diagram, Rect, below, beside, diagram
from flows.grammar import DocumentType, Step
from flows.process_graph import Kind
from models.text import Language, Text

HEADER = """# Document types

Generated from `flows/catalogue.py` by `hososo types`; a test holds this page to the declarations.
"""
_MACHINE = Text("Hệ thống", "The system")


def page(types: Iterable[DocumentType]) -> str:
    """All types, one table each."""
    return HEADER + "".join(f"\n{table(declared)}" for declared in types)


def table(declared: DocumentType) -> str:
    """One type: its steps with who takes each, what may be done, whether it signs, where a return leads."""
    deadline = declared.deadline.rule if declared.deadline else None
    lines = [
        f"## {declared.name.vi} · {declared.name.en} (`{declared.slug}`)",
        "",
        "| bước · step | ai · who | việc · actions | chữ ký · signature | trả về · returns to |",
        "|---|---|---|---|---|",
        *(_row(declared, group, step) for group in declared.steps for step in group.leaves),
        "",
    ]
    if deadline:
        lines.append(f"Hạn · due: {deadline.vi} · {deadline.en}.")
    keep = declared.archive.keep
    lines.append(f"Lưu giữ · kept: {f'{keep} năm · years' if keep else 'vĩnh viễn · permanently'}.")
    return "\n".join(lines) + "\n"


def _row(declared: DocumentType, group: Step, step: Step) -> str:
    who = step.by.name if step.by else _MACHINE
    signs = "có · yes" if step.signs else "–"
    if step.numbers:
        signs += ", lấy số · gives the number"
    back = declared.step(step.returns_to).label if step.returns_to else None
    named = f"{step.label.vi} · {step.label.en}"
    if group is not step:
        named += f" (cùng lúc · at once: {group.label.vi} · {group.label.en})"
    if group.when:
        named += f" (chỉ khi · only if: {group.when.words.vi} · {group.when.words.en})"
    cells = (
        named,
        f"{who.vi} · {who.en}",
        ", ".join(step.actions),
        signs,
        f"{back.vi} · {back.en}" if back else "–",
    )
    return "| " + " | ".join(cells) + " |"


# --- BPMN 2.0 -----------------------------------------------------------------------------------------------

_MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"
_DI = "http://www.omg.org/spec/BPMN/20100524/DI"
_DC = "http://www.omg.org/spec/DD/20100524/DC"
_WAY = "http://www.omg.org/spec/DD/20100524/DI"
_NAMESPACES = {"bpmn": _MODEL, "bpmndi": _DI, "dc": _DC, "di": _WAY}
_TAGS: dict[Kind, str] = {
    "start": "startEvent",
    "user": "userTask",
    "service": "serviceTask",
    "gateway": "exclusiveGateway",
    "parallel": "parallelGateway",
    "complex": "complexGateway",
    "end": "endEvent",
}


def bpmn(declared: DocumentType, language: Language = "vi") -> bytes:
    """The type as BPMN 2.0 XML with its diagram, to be opened in other tools (OMG formal/2011-01-03).

    It describes the process and is not meant to be run elsewhere (`isExecutable="false"`).
    """
    drawn = diagram(declared)
    root = ElementTree.Element(
        _q("bpmn", "definitions"),
        {
            "id": f"Definitions_{_name(declared.slug)}",
            "targetNamespace": f"urn:hososo:document-type:{declared.slug}",
            "exporter": "Hồ Sơ Số",
            "exporterVersion": str(declared.version),
        },
    )
    pool = ElementTree.SubElement(root, _q("bpmn", "collaboration"), id="Collaboration")
    ElementTree.SubElement(
        pool,
        _q("bpmn", "participant"),
        id="Participant",
        name=drawn.name.to(language),
        processRef=f"Process_{_name(declared.slug)}",
    )
    _process(root, drawn, language)
    _picture(root, drawn)
    for prefix, space in _NAMESPACES.items():
        ElementTree.register_namespace(prefix, space)
    ElementTree.indent(root)
    xml: bytes = ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return xml + b"\n"


def _q(prefix: str, name: str) -> str:
    return f"{{{_NAMESPACES[prefix]}}}{name}"


def _name(slug: str) -> str:
    return slug.replace("-", "_")


def _process(root: ElementTree.Element, drawn: Diagram, language: Language) -> None:
    """Lanes, tasks, decisions, flows and the note, in the order the schema asks for."""
    process = ElementTree.SubElement(
        root, _q("bpmn", "process"), id=f"Process_{_name(drawn.slug)}", isExecutable="false"
    )
    lanes = ElementTree.SubElement(process, _q("bpmn", "laneSet"), id="LaneSet")
    for number, lane in enumerate(drawn.lanes):
        element = ElementTree.SubElement(lanes, _q("bpmn", "lane"), id=lane.id, name=lane.name.to(language))
        for node in drawn.nodes:
            if node.lane == number:
                ElementTree.SubElement(element, _q("bpmn", "flowNodeRef")).text = node.id
    for node in drawn.nodes:
        named = {"name": node.name.to(language)} if node.name else {}
        element = ElementTree.SubElement(process, _q("bpmn", _TAGS[node.kind]), {"id": node.id, **named})
        if node.says:
            ElementTree.SubElement(element, _q("bpmn", "documentation")).text = node.says.to(language)
        for flow in drawn.flows:
            if flow.target == node.id:
                ElementTree.SubElement(element, _q("bpmn", "incoming")).text = flow.id
        for flow in drawn.flows:
            if flow.source == node.id:
                ElementTree.SubElement(element, _q("bpmn", "outgoing")).text = flow.id
    for flow in drawn.flows:
        named = {"name": flow.name.to(language)} if flow.name else {}
        ElementTree.SubElement(
            process,
            _q("bpmn", "sequenceFlow"),
            {"id": flow.id, **named, "sourceRef": flow.source, "targetRef": flow.target},
        )
    note = ElementTree.SubElement(process, _q("bpmn", "textAnnotation"), id="Note")
    ElementTree.SubElement(note, _q("bpmn", "text")).text = "\n".join(n.to(language) for n in drawn.notes)


def _picture(root: ElementTree.Element, drawn: Diagram) -> None:
    """Where everything stands: a shape for each element, an edge for each flow."""
    picture = ElementTree.SubElement(root, _q("bpmndi", "BPMNDiagram"), id="Diagram")
    plane = ElementTree.SubElement(
        picture, _q("bpmndi", "BPMNPlane"), id="Plane", bpmnElement="Collaboration"
    )

    def shape(of: str, at: Rect, **more: str) -> ElementTree.Element:
        element = ElementTree.SubElement(
            plane, _q("bpmndi", "BPMNShape"), {"id": f"{of}_di", "bpmnElement": of, **more}
        )
        _bounds(element, at)
        return element

    shape("Participant", drawn.pool, isHorizontal="true")
    for lane in drawn.lanes:
        shape(lane.id, lane.at, isHorizontal="true")
    for node in drawn.nodes:
        element = shape(node.id, node.at, **({"isMarkerVisible": "true"} if node.kind == "gateway" else {}))
        if node.kind in ("start", "end", *GATEWAYS) and node.name:
            _label(element, below(node.at))
    shape("Note", drawn.note)
    for flow in drawn.flows:
        edge = ElementTree.SubElement(
            plane, _q("bpmndi", "BPMNEdge"), id=f"{flow.id}_di", bpmnElement=flow.id
        )
        for x, y in flow.points:
            ElementTree.SubElement(edge, _q("di", "waypoint"), x=_n(x), y=_n(y))
        if flow.name:
            _label(edge, beside(flow))


def _bounds(element: ElementTree.Element, at: Rect) -> None:
    ElementTree.SubElement(
        element,
        _q("dc", "Bounds"),
        x=_n(at.x),
        y=_n(at.y),
        width=_n(at.width),
        height=_n(at.height),
    )


def _label(element: ElementTree.Element, at: Rect) -> None:
    _bounds(ElementTree.SubElement(element, _q("bpmndi", "BPMNLabel")), at)


def _n(length: float) -> str:
    return f"{length:g}"
