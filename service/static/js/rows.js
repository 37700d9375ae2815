// Rows of the form: added, taken away, moved and doubled on the page, as the server would do it (forms.change_rows).
// A new row is the server's own drawing of an empty one; only names and numbers are put right here.
const form = document.querySelector("[data-form]");

export const listAt = (path) => form.querySelector(`[data-list="${path}"]`);
export const rowsOf = (list) => [...list.children].filter((row) => "row" in row.dataset);
const dashed = (path) => path.replaceAll(".", "-");
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const changed = () => form.dispatchEvent(new Event("rows"));

// Every name, id and reference in a row that holds its old path gets the new one.
function rename(row, from, to) {
  if (from === to) return;
  const dots = new RegExp(`(^|:)${escaped(from)}(?=\\.|$)`);
  const dashes = new RegExp(`(^|[\\s#])f-${escaped(dashed(from))}(?=[-\\s]|$)`, "g");
  for (const element of [row, ...row.querySelectorAll("*")]) {
    for (const name of ["name", "data-list", "value"]) {
      if (name === "value" && element.tagName !== "BUTTON") continue;
      const text = element.getAttribute(name);
      if (text) element.setAttribute(name, text.replace(dots, `$1${to}`));
    }
    for (const name of ["id", "for", "href", "aria-describedby"]) {
      const text = element.getAttribute(name);
      if (text?.includes("f-")) element.setAttribute(name, text.replace(dashes, `$1f-${dashed(to)}`));
    }
  }
}

const pathOf = (row) => row.querySelector("input[type=hidden][name$='.id']").name.slice(0, -".id".length);

function number(list) {
  const rows = rowsOf(list);
  // In two rounds, by names nothing else has: two rows that change places never share one.
  rows.forEach((row, n) => rename(row, pathOf(row), `${list.dataset.list}.n${n}`));
  rows.forEach((row, n) => {
    rename(row, pathOf(row), `${list.dataset.list}.${n}`);
    say(row, n + 1);
  });
}

function say(row, n) {
  const said = row.querySelector("[data-n]");
  if (said) said.textContent = n;
  for (const control of row.tagName === "TR" ? row.querySelectorAll("[aria-label]") : []) {
    control.setAttribute("aria-label", control.getAttribute("aria-label").replace(/\d+$/, n));
  }
}

const fresh = () => [...crypto.getRandomValues(new Uint8Array(4))].map((b) => b.toString(16).padStart(2, "0")).join("");

function blank(list) {
  const path = list.dataset.list;
  const pattern = path.replace(/\.\d+\./g, ".__.");
  const holder = document.querySelector(`template[data-blank="${pattern}"]`);
  const row = holder.content.querySelector("[data-row]").cloneNode(true);
  rename(row, `${pattern}.__`, `${path}.${rowsOf(list).length}`);
  renew(row);
  return row;
}

function renew(row) {
  for (const key of row.querySelectorAll("input[type=hidden][name$='.id']")) key.value = fresh();
}

// Empty rows at the end of a list, up to its limit; the rows added.
export function add(list, count = 1) {
  const added = [];
  for (let left = Math.min(count, list.dataset.most - rowsOf(list).length); left > 0; left -= 1) {
    const row = blank(list);
    list.append(row);
    say(row, rowsOf(list).length);
    added.push(row);
  }
  if (added.length) changed();
  return added;
}

export function remove(row) {
  const list = row.parentElement;
  row.remove();
  number(list);
  changed();
}

function copy(row) {
  const list = row.parentElement;
  if (rowsOf(list).length >= list.dataset.most) return null;
  const twin = row.cloneNode(true);
  for (const surface of twin.querySelectorAll(".area--page, .rich__tools")) surface.remove();
  for (const box of twin.querySelectorAll("[data-rich]")) {
    const area = box.querySelector("textarea");
    box.dataset.rich = "";
    area.hidden = false;
    area.id = area.id.replace(/-text$/, "");
  }
  // What was typed is a property of the controls, and a clone has only their attributes.
  const typed = row.querySelectorAll("input, select, textarea");
  twin.querySelectorAll("input, select, textarea").forEach((control, n) => {
    control.value = typed[n].value;
  });
  rename(twin, pathOf(row), `${list.dataset.list}.twin`);
  renew(twin);
  row.after(twin);
  number(list);
  changed();
  return twin;
}

function moved(row, step) {
  const rows = rowsOf(row.parentElement);
  const other = rows[rows.indexOf(row) + step];
  if (!other) return null;
  if (step < 0) other.before(row);
  else other.after(row);
  number(row.parentElement);
  changed();
  return row;
}

// The next row is mostly of the same class and subject, in a table of periods of the same session too: start from the
// one above (forms._carries).
const CARRIED = ["class", "subject", "week"].flatMap((kind) => [`.field--${kind}`, `td.tf--${kind}`]);
CARRIED.push("td.tf--day", "td.tf--choice");
function carry(row, before) {
  for (const place of CARRIED) {
    const [one, other] = [row, before].map((r) => r?.querySelector(`${place} select, ${place} input`));
    if (one && other) one.value = other.value;
  }
}

function go(row) {
  if (row.tagName === "DETAILS") row.open = true;
  row.scrollIntoView({ block: "nearest" });
  row.querySelector("summary, input:not([type=hidden]), select")?.focus({ preventScroll: true });
}

form.addEventListener("click", (event) => {
  const button = event.target.closest("button[name=do]");
  const [verb, path] = button?.value.split(":") ?? [];
  if (!path) return;
  if (verb === "add") {
    const list = listAt(path);
    if (!list) return; // an empty list is the server's to begin
    event.preventDefault();
    const before = rowsOf(list).at(-1);
    const [row] = add(list);
    if (!row) return;
    carry(row, before);
    go(row);
    return;
  }
  const row = button.closest("[data-row]");
  if (!row || pathOf(row) !== path) return;
  event.preventDefault();
  if (verb === "remove") {
    const near = row.nextElementSibling ?? row.previousElementSibling;
    remove(row);
    near?.querySelector("summary, input:not([type=hidden]), select")?.focus();
  } else {
    const result = verb === "copy" ? copy(row) : moved(row, verb === "up" ? -1 : 1);
    if (result) go(result);
    if (result && verb !== "copy") result.querySelector(`button[value^="${verb}:"]`)?.focus();
  }
});
