// Cells of Excel or Word pasted in a row fill the rows and columns from there on; the server says what each cell
// means (service/pasting.py), here the answers are written, and taken back by “Hoàn tác”.
import { enhanceOpen, post, refresh } from "./rich.js";
import { add, listAt, remove, rowsOf } from "./rows.js";

const form = document.querySelector("[data-form]");
const says = form.dataset;
const listOf = (control) => control?.name && control.closest("[data-list]");
const touch = (control) => control.dispatchEvent(new Event("input", { bubbles: true }));

export const countOf = (control) => (listOf(control) ? rowsOf(listOf(control)).length : 0);

function write(control, value) {
  control.value = value;
  if (control.tagName === "TEXTAREA") refresh(control);
}

// Write what the server found: `{fill: {list, rows, answers}, sentence}`.
export function lay({ fill, sentence }) {
  const list = listAt(fill.list);
  const added = add(list, fill.rows - rowsOf(list).length);
  for (const row of added) enhanceOpen(row);
  const before = [];
  for (const [name, value] of fill.answers) {
    const control = form.elements[name];
    if (!control) continue;
    before.push([control, control.value]);
    write(control, value);
  }
  if (before.length) touch(before[0][0]);
  tell(list, sentence, () => {
    for (const [control, value] of before) write(control, value);
    for (const row of added.reverse()) remove(row);
    if (before.length) touch(before[0][0]);
  });
}

function tell(list, sentence, undo) {
  document.querySelector("[data-laid]")?.remove();
  const note = document.createElement("div");
  note.className = `note note--laid ${undo ? "note--ok" : "note--warn"} mt-2`;
  note.setAttribute("role", "status");
  note.dataset.laid = "";
  const words = document.createElement("p");
  words.textContent = sentence;
  note.append(words);
  if (undo) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn--s push";
    button.textContent = says.saysUndo;
    button.addEventListener("click", () => {
      undo();
      note.remove();
    });
    note.append(button);
  }
  (list.closest(".scroll") ?? list).after(note); // in view by its style: the page stays where one pasted
}

document.addEventListener("paste", async (event) => {
  const control = event.target.closest?.("input, select");
  if (!control || control.form !== form || !listOf(control)) return;
  const html = event.clipboardData.getData("text/html");
  const text = event.clipboardData.getData("text/plain");
  const block = text.includes("\t") || text.trim().includes("\n") || /<table/i.test(html);
  if (!block) return;
  event.preventDefault();
  try {
    const answer = await post(says.pasted, { html, text, at: control.name, rows: countOf(control) });
    const found = await answer.json();
    if (found.fill) lay(found);
    else if (control.tagName === "INPUT") control.setRangeText(text.replace(/\s+/g, " ").trim());
    if (!found.fill) touch(control);
  } catch {
    // All cells in one would only be taken out again: say so, what was copied is still on the clipboard.
    tell(listOf(control), says.saysUnpasted);
  }
});
