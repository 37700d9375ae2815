// The frame of every page about spot checks: says when there is no network, what waits on this phone and what became
// of it, and puts the pages of the day aside so that they open without a network (spot_worker.js).
import { again } from "./again.js";
import { able, all, drop, ended, FILES, PAGES, put } from "./checks.js";
import { flush, listen, start, waits } from "./outbox.js";
import { begin } from "./spot_form.js";

const root = document.querySelector("[data-spot]");
const { account } = root.dataset;
const strip = document.querySelector("[data-offline]");
const box = document.querySelector("[data-outbox]");
const row = box.querySelector("template");
let asked = false;

function show(found) {
  strip.hidden = found.network;
  root.classList.toggle("is-offline", !found.network);
  for (const shown of document.querySelectorAll("[data-if-offline]")) shown.hidden = found.network;
  for (const shown of document.querySelectorAll("[data-if-online]")) shown.hidden = !found.network;
  box.querySelector("[data-gone]").hidden = found.session || !found.network;
  list(found.rows);
}

// --- what this phone holds ------------------------------------------------------------------------------------

function list(rows) {
  const waiting = rows.filter(waits).length;
  for (const words of strip.querySelectorAll("[data-waiting]")) {
    words.hidden = !waiting;
    words.textContent = words.dataset.waiting.replace("{n}", waiting);
  }
  const others = rows.filter((one) => one.check !== root.dataset.check || one.content?.refused || !form);
  const before = box.querySelector("ul").textContent;
  box.querySelector("ul").replaceChildren(...others.map(drawn));
  box.querySelector("[data-held]").hidden = !others.length;
  if (others.some((one) => one.content?.refused) && box.querySelector("ul").textContent !== before) box.querySelector("h2").focus();
}

function drawn({ check, at, content }) {
  const made = row.content.cloneNode(true);
  const part = (name) => made.querySelector(`[data-${name}]`);
  const state = content === null ? "unread" : content.refused ? "refused" : content.ready ? "waits" : "begun";
  part("title").textContent = content?.title ?? "";
  part("title").href = `/spot/${check}`;
  part("at").textContent = moment(at);
  for (const words of made.querySelectorAll("[data-when]")) words.hidden = words.dataset.when !== state;
  if (content?.refused) refused(part, content.refused);
  part("send").hidden = state !== "begun" && (state !== "refused" || content.refused.code !== "invalid"); // else it stores nothing
  part("send").addEventListener("click", async () => {
    await put(account, check, { ...content, ready: true, refused: undefined, recorded_at: content.recorded_at || new Date().toISOString() });
    flush(account);
  });
  part("drop").addEventListener("click", async () => {
    if (!confirm(box.dataset.saysDrop)) return;
    await drop(account, check);
    if (form && check === root.dataset.check) location.reload();
    else list(await all(account));
  });
  return made;
}

// Why the server did not take it; what stands there and what is here, one beside the other.
function refused(part, { sentence, faults = [], stands, ours }) {
  part("why").textContent = [sentence, ...faults.map((fault) => fault.sentence)].join(" ");
  for (const [name, version] of Object.entries({ stands, ours })) {
    if (!version || !stands) continue;
    part(name).hidden = false;
    part(`${name}-title`).textContent = version.title;
    part(`${name}-rows`).append(
      ...version.rows.flatMap(([label, value]) => [said("dt", label), said("dd", value)]),
    );
  }
  if (stands?.address) {
    part("open").href = stands.address;
    part("open").hidden = false;
  }
}

function said(tag, words) {
  const made = document.createElement(tag);
  made.textContent = words;
  return made;
}

// As everywhere on the pages: 21:41 26/11, Vietnam's time whatever the phone is set to.
function moment(at) {
  const part = (wanted) => new Intl.DateTimeFormat("en-GB", { timeZone: "Asia/Ho_Chi_Minh", ...wanted }).format(new Date(at));
  return `${part({ hour: "2-digit", minute: "2-digit" })} ${part({ day: "2-digit", month: "2-digit" })}`;
}

// --- pages for a corridor without network ---------------------------------------------------------------------

async function keepPages(rows) {
  if (!navigator.serviceWorker || !globalThis.caches) return;
  await navigator.serviceWorker.register("/spot/worker.js", { scope: "/spot", updateViaCache: "none" });
  const wanted = new Set([...JSON.parse(root.dataset.pages), ...rows.map((one) => `/spot/${one.check}`)]);
  const pages = await caches.open(PAGES);
  let fresh = true;
  for (const address of wanted) {
    const answer = await fetch(address, { redirect: "manual" });
    if (ended()) return;
    if (answer.ok && answer.headers.get("x-keep") === account) await pages.put(address, await dated(answer));
    else if (rows.some((one) => address === `/spot/${one.check}`)) fresh = false; // its copy from before stays
    else await pages.delete(address); // sent, taken back, or nothing for this phone
  }
  for (const { url } of await pages.keys()) {
    if (!wanted.has(new URL(url).pathname)) await pages.delete(url);
  }
  const files = await caches.open(FILES);
  const here = new URL("..", import.meta.url).href; // …/static/<version>/
  const used = performance.getEntriesByType("resource").map((one) => one.name.split("#")[0]).filter((url) => url.startsWith(here));
  for (const url of new Set(used)) if (!ended() && !(await files.match(url))) await files.put(url, await fetch(url));
  if (!fresh) return;
  for (const { url } of await files.keys()) if (!url.startsWith(here)) await files.delete(url);
}

// With the phone's own moment of keeping, so that the worker drops what is old.
async function dated(answer) {
  const headers = new Headers(answer.headers);
  headers.set("x-kept-at", Date.now());
  for (const name of ["content-encoding", "content-length"]) headers.delete(name); // the body is unpacked here
  return new Response(await answer.blob(), { headers });
}

// --- from the start -------------------------------------------------------------------------------------------

listen(async (found) => {
  show(found);
  if (found.network && found.session) {
    await keepPages(found.rows).catch(() => undefined);
    document.documentElement.dataset.kept = ""; // says to whoever looks that the network may go now
  } else if (found.network && !asked && document.visibilityState === "visible") {
    asked = true;
    if (await again().catch(() => false)) {
      asked = false;
      flush(account);
    }
  }
});

const form = document.querySelector("[data-marks]");
form?.addEventListener("submit", () => {
  asked = false; // put off before: this press asks once more
});
async function run() {
  document.querySelector("[data-unable]").hidden = able && "serviceWorker" in navigator;
  if (!able) return;
  await start(account);
  if (form) await begin(form, account, root.dataset.check);
  list(await all(account));
  strip.hidden = navigator.onLine;
  addEventListener("offline", () => flush(account));
  await flush(account);
}
run();
