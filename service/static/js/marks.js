// Notes on lessons, and the comments of a return, are kept as they are typed: the server has them a moment after the
// last key, and before one goes on. Without this script the button keeps them.
const PAUSE = 700;
const waiting = new Map(); // what is to be sent: one entry for a lesson
let timer = 0;
let sending = Promise.resolve();

const said = () => document.querySelector("[data-marks-said]");

function say(words, failed) {
  const place = said();
  if (!place) return;
  place.textContent = words;
  place.classList.toggle("saved--not", failed);
}

async function send([key, body], form) {
  let answer;
  try {
    answer = await fetch(body.get("to"), {
      method: "POST",
      body,
      headers: { "X-Autosave": "1", "X-CSRF-Token": body.get("csrf") },
      redirect: "manual",
      keepalive: true,
    });
  } catch {
    if (!waiting.has(key)) waiting.set(key, body);
    say(form?.dataset.saysNot, true);
    clearTimeout(timer);
    timer = setTimeout(flush, 10_000);
    return;
  }
  if (answer.status === 401 || answer.type === "opaqueredirect") {
    say(form?.dataset.saysGone, true);
    return;
  }
  if (!answer.headers.get("content-type")?.startsWith("application/json")) {
    say(form?.dataset.saysNot, true);
    return;
  }
  const found = await answer.json();
  say(answer.ok ? `${form?.dataset.saysKept} ${found.at}` : found.sentence, !answer.ok);
}

// Sends everything that waits, in order; resolves when the server has it.
export function flush() {
  clearTimeout(timer);
  const form = document.querySelector("form[data-marks]");
  const all = [...waiting];
  waiting.clear();
  for (const one of all) sending = sending.then(() => send(one, form));
  return sending;
}

function later(key, body) {
  waiting.set(key, body);
  clearTimeout(timer);
  timer = setTimeout(flush, PAUSE);
}

function note(row) {
  const form = row.closest("form");
  const part = row.dataset.part;
  const named = (name) => row.querySelector(`[name="${name}.${part}"]`);
  const body = new FormData();
  body.set("to", form.getAttribute("action"));
  body.set("csrf", form.elements.csrf.value);
  body.set("revision", form.elements.revision.value);
  body.set("part", part);
  for (const name of ["seen", "mend"]) if (named(name).checked) body.set(`${name}.${part}`, "1");
  body.set(`comment.${part}`, named("comment").value);
  later(part, body);
  draw(row, named);
}

function draw(row, named) {
  const state = named("mend").checked ? "ret" : named("seen").checked ? "ok" : "todo";
  const shape = row.querySelector("svg.m");
  shape.setAttribute("class", `m m--${state}`);
  const use = shape.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#m-\w+$/, `#m-${state}`));
  const count = document.querySelector("[data-seen-count]");
  const seen = row.closest("form").querySelectorAll("input[name^='seen.']:checked").length;
  count.textContent = count.dataset.says.replace("{n}", String(seen));
}

document.addEventListener("input", (event) => {
  const field = event.target;
  const row = field.closest("form[data-marks] [data-part]");
  if (row) {
    const mend = row.querySelector("[name^='mend.']");
    if (field.matches("textarea") && field.value.trim()) mend.checked = true;
    if (field === mend && mend.checked) row.querySelector("details").open = true;
    note(row);
    return;
  }
  if (field.dataset.draft === undefined) return;
  const form = field.closest("form[data-drafts]");
  const body = new FormData();
  body.set("to", form.dataset.drafts);
  body.set("csrf", form.elements.csrf.value);
  body.set("revision", form.dataset.revision);
  body.set("only", "comment");
  body.set("part", field.dataset.draft);
  body.set(`comment.${field.dataset.draft}`, field.value);
  later(`draft ${field.dataset.draft}`, body);
  // The same comment beside its lesson, on the page under the dialog.
  const beside = field.dataset.draft && document.querySelector(`form[data-marks] [name="comment.${field.dataset.draft}"]`);
  if (beside) {
    beside.value = field.value;
    beside.closest("details").open = Boolean(field.value);
  }
});

for (const leaving of ["htmx:beforeRequest", "pagehide"]) addEventListener(leaving, () => flush());
document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && flush());
// Sent with the return itself: what still waits would only come after it and begin the drafts anew.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-drafts], form[data-marks]")) return;
  clearTimeout(timer);
  waiting.clear();
});
