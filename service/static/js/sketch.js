// A signature is drawn in a frame: strokes that can be taken back, sent as a picture. Without this the page uploads.
const section = document.querySelector("[data-sketch]");
const form = section.querySelector("form");
const canvas = section.querySelector("canvas");
const pen = canvas.getContext("2d");
const [undo, clear, use] = ["undo", "clear", "use"].map((name) => section.querySelector(`[data-${name}]`));
const said = section.querySelector("[data-said]");
const INK = "#1d3f9a";
const strokes = [];
let drawing = null;

section.hidden = false;

// Where a pointer is, in the canvas's own pixels: what was drawn stays when the phone is turned.
function place(event) {
  const box = canvas.getBoundingClientRect();
  return {
    x: ((event.clientX - box.left) / box.width) * canvas.width,
    y: ((event.clientY - box.top) / box.height) * canvas.height,
    at: event.timeStamp,
  };
}

// A quick hand leaves a thin line.
function width(from, to) {
  const speed = Math.hypot(to.x - from.x, to.y - from.y) / Math.max(1, to.at - from.at);
  return Math.max(4, 9 - speed * 1.6);
}

function draw(stroke, first = 1) {
  if (stroke.length === 1) {
    pen.beginPath();
    pen.arc(stroke[0].x, stroke[0].y, 5, 0, 2 * Math.PI);
    pen.fill();
    return;
  }
  for (let n = Math.max(1, first); n < stroke.length; n += 1) {
    const [before, from, to] = [stroke[n - 2] ?? stroke[n - 1], stroke[n - 1], stroke[n]];
    to.wide = ((from.wide ?? 7) * 3 + width(from, to)) / 4;
    pen.lineWidth = to.wide;
    pen.beginPath();
    pen.moveTo((before.x + from.x) / 2, (before.y + from.y) / 2);
    pen.quadraticCurveTo(from.x, from.y, (from.x + to.x) / 2, (from.y + to.y) / 2);
    pen.stroke();
  }
}

function show() {
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.strokeStyle = INK;
  pen.fillStyle = INK;
  pen.lineCap = "round";
  pen.lineJoin = "round";
  for (const stroke of strokes) draw(stroke);
  for (const button of [undo, clear, use]) button.disabled = !strokes.length;
  said.textContent = strokes.length ? said.dataset.says.replace("{n}", strokes.length) : "";
}

canvas.addEventListener("pointerdown", (event) => {
  if (drawing || !event.isPrimary || event.button !== 0) return; // the palm, the other button
  event.preventDefault();
  canvas.setPointerCapture(event.pointerId);
  drawing = { pointer: event.pointerId, points: [place(event)] };
  strokes.push(drawing.points);
});

canvas.addEventListener("pointermove", (event) => {
  if (event.pointerId !== drawing?.pointer) return;
  const known = drawing.points.length;
  const moves = event.getCoalescedEvents?.() ?? [];
  for (const move of moves.length ? moves : [event]) {
    const [last, next] = [drawing.points[drawing.points.length - 1], place(move)];
    if (Math.hypot(next.x - last.x, next.y - last.y) > 2) drawing.points.push(next);
  }
  draw(drawing.points, known);
});

for (const end of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(end, (event) => {
    if (event.pointerId !== drawing?.pointer) return;
    drawing = null;
    show();
  });
}

undo.addEventListener("click", () => {
  strokes.pop();
  show();
  if (!strokes.length) canvas.scrollIntoView({ block: "nearest" });
});

clear.addEventListener("click", () => {
  strokes.length = 0;
  show();
});

form.addEventListener("submit", () => {
  form.elements.drawn.value = canvas.toDataURL("image/png");
});

show();
