// Keeps a draft: what changed goes to the server soon after the last key, and to this device sooner (device.js).
// Another window's save is never overwritten: both are shown and a person chooses. A session that ended is begun
// again over the page (again.js).
import { again } from "./again.js";
import { erase, held, keep, tidy } from "./device.js";

const form = document.querySelector("[data-form]");
const said = document.querySelector("[data-saved]");
const says = form.dataset;
const PAUSE = 4_000; // after the last key
const WAIT = 30_000; // and at the latest, while someone types on and on
const HOLD = 800; // until the device has it
const RETRY = [5_000, 15_000, 60_000];
const FRAME = new Set(["csrf", "do", "version", "content_version", "type"]);
const SENT = "hososo-sent";
const SMALL = 60_000; // what a browser sends on while its page goes away

const here = { account: says.account, document: says.document, tab: crypto.getRandomValues(new Uint32Array(2)).join("-") };
const answers = () => new Map([...new FormData(form)].filter(([name, value]) => !FRAME.has(name) && typeof value === "string"));

let base = answers(); // as the server has it
let dirty = "unsaved" in says;
let onDevice = false;
let stuck = ""; // "clash": a person must choose; "refused": the server said no to just this
let leaving = false;
let sending = null;
let failures = 0;
let saveAt = 0;
let holdAt = 0;
let since = 0;

const say = (words, failed = false) => {
  if (said.textContent !== words) said.textContent = words;
  said.classList.toggle("saved--not", failed);
};

const later = (pause) => {
  clearTimeout(saveAt);
  saveAt = setTimeout(save, pause);
};

function changed() {
  const now = answers();
  const same = now.size === base.size && [...now.keys()].every((name) => base.has(name));
  return same ? [...now].filter(([name, value]) => base.get(name) !== value) : null;
}

export function save(how = "") {
  if (!dirty || leaving || stuck) return Promise.resolve();
  sending ??= send(how === "whole", how === "both").finally(() => {
    sending = null;
  });
  return sending;
}

// The answers changed here with the ids of their rows: over another window's save they are laid only where the
// rows still are the same. None when rows came, went or moved here.
function apart() {
  const some = changed();
  if (!some?.length || some.some(([name]) => name.endsWith(".id"))) return null;
  const ids = new Map();
  for (const [name] of some) {
    const way = name.split(".");
    for (let end = 2; end < way.length; end += 2) {
      const id = `${way.slice(0, end).join(".")}.id`;
      if (base.has(id)) ids.set(id, base.get(id));
    }
  }
  return [...some, ...ids];
}

async function send(whole, both = false) {
  clearTimeout(saveAt);
  since = 0;
  const sent = answers();
  const some = whole ? null : both ? apart() : changed();
  const body = new FormData();
  for (const [name, value] of some ?? sent) body.set(name, value);
  if (!some) body.set("whole", "1");
  if (both) body.set("same_rows", "1");
  body.set("content_version", form.elements.content_version.value);
  let octets = 0;
  for (const [name, value] of body) octets += name.length + value.length * 3 + 120;
  let answer;
  try {
    const headers = { "X-CSRF-Token": form.elements.csrf.value };
    answer = await fetch(form.action, { method: "PATCH", body, headers, keepalive: octets < SMALL, redirect: "manual" });
  } catch {
    return both ? waiting(says.saysOffline) : failed();
  }
  if (both && !answer.ok) return refusedBoth(answer);
  if (answer.status === 401 || answer.status === 403 || answer.type === "opaqueredirect") return signedOut();
  if (answer.status >= 500) return failed();
  if (answer.headers.get("content-type")?.startsWith("text/html")) return clash(await answer.text());
  const found = await answer.json();
  if (found.code === "whole") return send(true);
  if (!answer.ok) {
    stuck = "refused"; // until something else is typed
    say(found.sentence, true);
    return undefined;
  }
  failures = 0;
  form.elements.content_version.value = found.content_version;
  if (both) {
    leaving = true;
    await erase(here);
    return location.reload(); // what the other window wrote is shown, too
  }
  base = sent;
  form.dispatchEvent(new CustomEvent("kept", { detail: found.rows }));
  dirty = [...answers()].some(([name, value]) => base.get(name) !== value) || answers().size !== base.size;
  if (dirty) {
    hold();
    later(PAUSE);
    return undefined;
  }
  clearTimeout(holdAt);
  onDevice = false;
  say(`${says.saysKept} ${found.at}`);
  return erase(here);
}

function failed() {
  later(RETRY[Math.min(failures, RETRY.length - 1)]);
  failures += 1;
  say(onDevice ? says.saysDevice : says.saysOffline, true);
}

async function signedOut() {
  say(says.saysGone, true);
  await hold();
  if (document.visibilityState === "hidden") return undefined; // asked when the person is back
  const tried = failures;
  const back = await again().catch(() => false);
  if (back && tried < 3) {
    failures = tried + 1;
    return send(false);
  }
  stuck = back ? stuck : "gone";
  return undefined;
}

function clash(html) {
  stuck = "clash";
  const parsed = new DOMParser().parseFromString(html, "text/html");
  const note = document.importNode(parsed.querySelector("#clash"), true);
  document.getElementById("clash")?.remove();
  note.querySelector("[data-both]").hidden = !apart();
  document.querySelector("[data-clash]").append(note);
  say(says.saysClash, true);
  hold();
}

// The two could not be put together now: the choice stays open.
function waiting(sentence) {
  stuck = "clash";
  form.elements.content_version.value = 0; // of neither: what is chosen sets it
  say(sentence, true);
}

async function refusedBoth(answer) {
  if (answer.status === 401 || answer.status === 403 || answer.type === "opaqueredirect") return waiting(says.saysGone);
  const found = answer.headers.get("content-type")?.startsWith("application/json") ? await answer.json() : {};
  if (found.code === "whole" && !found.sentence) return send(true); // saved elsewhere once more: shown anew
  if (found.code === "whole") document.querySelector("#clash [data-both]").hidden = true; // rows moved there
  return waiting(found.sentence ?? says.saysOffline);
}

async function hold() {
  clearTimeout(holdAt);
  onDevice = await keep(says.device, here, { version: form.elements.content_version.value, answers: [...answers()] });
}

function touched() {
  dirty = true;
  if (stuck !== "clash") stuck = "";
  if (!stuck) {
    say(says.saysUnsaved, true);
    since ||= Date.now();
    later(Math.max(0, Math.min(PAUSE, since + WAIT - Date.now())));
  }
  clearTimeout(holdAt);
  holdAt = setTimeout(hold, HOLD);
}

form.addEventListener("input", (event) => {
  if (event.target.type !== "file") touched();
});
form.addEventListener("rows", touched); // rows.js: added, moved, taken away
form.addEventListener("submit", () => {
  leaving = true;
  if (!dirty) return;
  hold(); // until the next page shows that it arrived
  sessionStorage.setItem(SENT, JSON.stringify({ ...here, version: Number(form.elements.content_version.value) }));
});

// The page before sent its draft off: a save later than its own means that it arrived.
async function arrived() {
  const sent = JSON.parse(sessionStorage.getItem(SENT) ?? "null");
  sessionStorage.removeItem(SENT);
  const saved = sent?.document === here.document && Number(form.elements.content_version.value) > sent.version;
  if (saved && !("unsaved" in says)) await erase(sent);
}
document.addEventListener("click", (event) => {
  const chosen = event.target.closest("[data-keep], [data-both]");
  if (chosen && stuck === "clash") {
    event.preventDefault();
    form.elements.content_version.value = chosen.dataset.keep ?? chosen.dataset.both;
    stuck = "";
    if (chosen.dataset.both) {
      save("both");
      return;
    }
    document.getElementById("clash").remove();
    save("whole");
  } else if (event.target.closest("[data-drop]")) {
    leaving = true;
    erase(here);
  }
});
addEventListener("beforeunload", (event) => {
  if (dirty && !leaving && !onDevice) event.preventDefault();
});
addEventListener("pageshow", () => {
  leaving = false;
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") {
    if (dirty) hold();
    save();
  } else if (stuck === "gone" || (dirty && !stuck)) {
    if (stuck === "gone") stuck = "";
    save();
  }
});
addEventListener("online", () => {
  failures = 0;
  save();
});

// After a crash or a dead battery: what this device holds and the server has not. The server puts the two together.
async function offer() {
  await tidy();
  await arrived();
  const rows = (await held(says.device, says.account, says.document)).filter((row) => row.tab !== here.tab);
  const differs = (row) => {
    const kept = new Map(row.content.answers);
    return kept.size !== base.size || [...kept].some(([name, value]) => base.get(name) !== value);
  };
  const newer = rows.filter(differs);
  for (const row of rows) if (!newer.includes(row)) await erase({ ...here, tab: row.tab });
  if (!newer.length) return;
  const box = document.querySelector("[data-recovered]");
  box.querySelector("[data-at]").textContent = moment(newer[0].at);
  box.hidden = false;
  box.querySelector("[data-use]").addEventListener("click", () => use(newer[0].content));
  box.querySelector("[data-forget]").addEventListener("click", async () => {
    for (const row of newer) await erase({ ...here, tab: row.tab });
    box.hidden = true;
  });
}

// As everywhere on the pages: 21:41 26/11, Vietnam's time whatever the device is set to.
function moment(at) {
  const part = (asked) => new Intl.DateTimeFormat("en-GB", { timeZone: "Asia/Ho_Chi_Minh", ...asked }).format(new Date(at));
  return `${part({ hour: "2-digit", minute: "2-digit" })} ${part({ day: "2-digit", month: "2-digit" })}`;
}

function use(content) {
  const back = document.createElement("form");
  back.method = "post";
  back.enctype = "multipart/form-data";
  back.action = form.action;
  const frame = [["csrf", form.elements.csrf.value], ["version", form.elements.version.value], ["content_version", content.version], ["do", "save"]];
  for (const [name, value] of [...frame, ...content.answers]) {
    const field = document.createElement("textarea");
    field.name = name;
    field.value = value;
    field.hidden = true;
    back.append(field);
  }
  document.body.append(back);
  leaving = true;
  back.submit();
}

if (dirty) hold();
offer();
