// The form of one spot check: every touch is kept on this phone, the last press marks it to be sent (outbox.js).
import { able, get, put } from "./checks.js";
import { flush, listen } from "./outbox.js";

const FRAME = new Set(["csrf", "key", "recorded_at"]);

let form;
let account;
let check;
let content;
let shownAt = 0;
let dirty = false; // touched since it was kept
let kept = false; // this phone has it
let keeping = Promise.resolve();

const answers = () => [...new FormData(form)].filter(([name]) => !FRAME.has(name));
const field = (name) => form.elements[name];
const clock = () => new Intl.DateTimeFormat("en-GB", { timeZone: "Asia/Ho_Chi_Minh", hour: "2-digit", minute: "2-digit" }).format(new Date());

export async function begin(...given) {
  [form, account, check] = given;
  form.noValidate = true; // said by ourselves, in the page's language
  content = { key: field("key").value, title: form.dataset.title, answers: answers(), ready: false, begun: false };
  await restore();
  if (form.dataset.code) {
    field(form.dataset.scanned).value = form.dataset.code;
    touched();
  }
  form.addEventListener("input", (event) => touched(event.target));
  form.addEventListener("submit", submit);
  document.addEventListener("visibilitychange", () => (document.visibilityState === "visible" ? restore() : keep()));
  listen(({ sent, rows }) => {
    if (sent.includes(check)) location.replace(`/spot/${check}/sent`);
    const here = rows.find((row) => row.check === check);
    if (here?.content && !dirty && here.at >= shownAt) content = here.content;
    if (dirty) keep(); // what was read from a code on the very first page waited for this phone's key
    say();
  });
  reasons();
}

// What this phone has of the check, unless this very page wrote it.
async function restore() {
  const row = dirty ? null : await get(account, check);
  if (!row?.content || row.at <= shownAt) return;
  content = row.content;
  shownAt = row.at;
  kept = true;
  dirty = false;
  const given = new Map(content.answers);
  for (const one of form.elements) {
    if (!one.name || FRAME.has(one.name) || one.type === "submit") continue;
    if (one.type === "radio" || one.type === "checkbox") one.checked = given.get(one.name) === one.value;
    else if (given.has(one.name)) one.value = given.get(one.name);
  }
  field("key").value = content.key;
  reasons();
  say();
}

function touched(target = null) {
  if (!content.begun && target?.name !== "started") field("started").value = clock();
  const settled = content.refused?.stands ? content.refused : undefined; // no other answers will be taken either
  Object.assign(content, { answers: answers(), begun: true, ready: false, refused: settled });
  dirty = true;
  reasons();
  const verdict = form.querySelector(`[data-verdict="${target?.name}"]`);
  verdict?.replaceChildren(); // it was about another code
  if (!document.querySelector("[data-missing]").hidden) tell(lacking());
  keep();
}

// One after the other, each with the latest; true once this phone has it.
function keep() {
  form.dataset.kept = dirty ? "no" : form.dataset.kept;
  keeping = keeping.then(write);
  return keeping;
}

async function write() {
  if (!dirty) return kept;
  dirty = false;
  try {
    shownAt = await put(account, check, content);
    kept = true;
  } catch {
    kept = false; // no key yet, a full disk, a private window
    dirty = true;
  }
  form.dataset.kept = kept && !dirty ? "yes" : "no";
  say();
  return kept;
}

function say() {
  const state = !content.begun || content.refused ? "" : !kept ? "lost" : content.ready ? "waits" : "kept";
  for (const words of form.querySelectorAll("[data-state]")) words.hidden = words.dataset.state !== state;
}

// What goes with the printed substitute, or with the code of one; and the teacher's own look at the words.
function reasons() {
  const printed = field("lesson_plan").value === "printed";
  form.querySelector("[data-printed]").hidden = !printed && !field("lesson_code").value;
  field("lesson_plan_reason").required = printed;
  field("read_back").required = Boolean(field("words").value.trim());
}

// --- the last press -------------------------------------------------------------------------------------------

async function submit(event) {
  if (event.submitter?.value === "look") {
    event.preventDefault();
    return look(event.submitter);
  }
  if (!able) return undefined; // this phone keeps nothing: the plain way
  event.preventDefault();
  if (!complete()) return undefined;
  if (content.ready && !dirty) return flush(account); // pressed again while it waits
  if (!field("ended").value) field("ended").value = clock();
  const recorded = new Date().toISOString();
  field("recorded_at").value = recorded;
  Object.assign(content, { answers: answers(), ready: true, begun: true, refused: undefined, recorded_at: recorded });
  dirty = true;
  if (!(await keep())) {
    return form.submit(); // the plain way; what was typed stays on the page
  }
  const button = form.querySelector(".btn--go");
  button.setAttribute("aria-busy", "true");
  await flush(account);
  button.removeAttribute("aria-busy");
  form.querySelector("[data-state=waits]").focus();
  return undefined;
}

// A sentence for each thing missing, above the form, as the server says it.
function complete() {
  const missing = lacking();
  tell(missing);
  if (missing.length) document.querySelector("[data-missing]").focus();
  return !missing.length;
}

function lacking() {
  return [...new Map([...form.elements].filter((one) => one.willValidate && !one.checkValidity()).map((one) => [one.name, one])).values()];
}

function tell(missing) {
  const box = document.querySelector("[data-missing]");
  box.hidden = !missing.length;
  box.querySelector("ul").replaceChildren(
    ...missing.map((one) => {
      const line = document.createElement("li");
      const link = document.createElement("a");
      link.href = `#${one.id}`;
      link.textContent = one.closest("[data-lacks]").dataset.lacks;
      line.append(link);
      return line;
    }),
  );
}

// Is the code of the paper that of this teacher's approved plan? Without a network the server says so later.
async function look(button) {
  const name = button.dataset.look;
  const shown = form.querySelector(`[data-verdict=${name}]`);
  button.setAttribute("aria-busy", "true");
  try {
    const query = new URLSearchParams({ name, code: field(name).value });
    const answer = await fetch(`/spot/${check}/print?${query}`, { redirect: "manual" });
    if (!answer.ok) throw new Error("away");
    const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
    shown.replaceChildren(...document.importNode(parsed.body, true).childNodes);
  } catch {
    shown.textContent = shown.dataset.saysLater;
  }
  button.removeAttribute("aria-busy");
}
