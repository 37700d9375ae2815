// Opens BPMN files with bpmn-moddle, the reader of bpmn.io's tools, and says what it found: JSON, one a file.
import { readFileSync } from 'node:fs';
import { BpmnModdle } from 'bpmn-moddle';

const found = [];
for (const path of process.argv.slice(2)) {
  const { rootElement, warnings, references } = await new BpmnModdle().fromXML(readFileSync(path, 'utf8'));
  const process_ = rootElement.rootElements.find((e) => e.$type === 'bpmn:Process');
  const plane = rootElement.diagrams[0].plane;
  const box = ({ x, y, width, height }) => ({ x, y, width, height });
  found.push({
    warnings: warnings.map((w) => w.message),
    references: references.length,
    lanes: process_.laneSets[0].lanes.map((l) => ({ id: l.id, name: l.name, holds: l.flowNodeRef.map((n) => n.id) })),
    nodes: process_.flowElements.filter((e) => e.$type !== 'bpmn:SequenceFlow').map((e) => ({
      id: e.id, type: e.$type, name: e.name,
      incoming: (e.incoming ?? []).map((f) => f.id), outgoing: (e.outgoing ?? []).map((f) => f.id),
    })),
    flows: process_.flowElements.filter((e) => e.$type === 'bpmn:SequenceFlow')
      .map((f) => ({ id: f.id, name: f.name ?? '', source: f.sourceRef.id, target: f.targetRef.id })),
    notes: (process_.artifacts ?? []).map((a) => a.id),
    shapes: plane.planeElement.filter((e) => e.$type === 'bpmndi:BPMNShape')
      .map((e) => ({ of: e.bpmnElement.id, type: e.bpmnElement.$type, at: box(e.bounds), label: e.label ? box(e.label.bounds) : null })),
    edges: plane.planeElement.filter((e) => e.$type === 'bpmndi:BPMNEdge')
      .map((e) => ({ of: e.bpmnElement.id, points: e.waypoint.map(({ x, y }) => ({ x, y })), label: e.label ? box(e.label.bounds) : null })),
  });
}
console.log(JSON.stringify(found));
