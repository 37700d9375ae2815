// Sends the spot checks that wait on this phone, each until the server's receipt and no longer. A check carries one
// key from its first touch, so the server knows one that comes twice. What the server refuses stays here, with the
// reason, until the person has seen it; nothing leaves without a receipt or the person's own press.
import { all, count, drop, put, remember, settle } from "./checks.js";

const RETRY = [5_000, 15_000, 60_000];
const heard = new Set();
let going = null;
let more = false;
let failures = 0;
let timer = 0;

// What became of a try: `{network, session, csrf, says, rows, sent}`; told to every listener.
export const listen = (told) => heard.add(told);

// A try for everything that waits. Asked for in the middle of one, another follows: the first may have looked before
// the last press.
export function flush(account) {
  more = true;
  going ??= tries(account).finally(() => {
    going = null;
  });
  return going;
}

async function tries(account) {
  const alone = navigator.locks ? (act) => navigator.locks.request("hososo-outbox", act) : (act) => act();
  let found;
  while (more) {
    more = false;
    found = await alone(() => attempt(account));
  }
  return found;
}

async function attempt(account) {
  clearTimeout(timer);
  const found = { network: true, session: true, sent: [] };
  try {
    const server = await asked();
    if (server?.account === account) {
      Object.assign(found, server);
      await remember(account, server.key);
      for (const row of await all(account)) {
        if (waits(row) && (await send(account, row, server.csrf))) found.sent.push(row.check);
      }
    } else {
      found.session = false;
    }
    failures = 0;
  } catch {
    found.network = false; // or a server that cannot answer now
  }
  found.rows = await all(account);
  if (!found.network || (found.session && found.rows.some(waits))) {
    timer = setTimeout(() => flush(account), RETRY[Math.min(failures, RETRY.length - 1)]);
    failures += 1;
  }
  for (const told of heard) told(found);
  return found;
}

export const waits = ({ content }) => Boolean(content?.ready && !content.refused);

// Who is signed in here, their form token and key; null where nobody is. Throws without a network.
async function asked() {
  const answer = await fetch("/spot/device", { cache: "no-store", headers: { Accept: "application/json" }, redirect: "manual" });
  if (answer.status >= 500) throw new Error("away");
  return answer.ok ? answer.json() : null;
}

// True once the server has it. Refused: why is kept with it. What changed here meanwhile stays as it is: it goes the
// next time, and the server then tells what it holds already.
async function send(account, { check, at, content }, csrf) {
  const body = new FormData();
  for (const [name, value] of content.answers) body.append(name, value);
  body.set("key", content.key);
  body.set("recorded_at", content.recorded_at);
  const headers = { Accept: "application/json", "X-CSRF-Token": csrf };
  const answer = await fetch(`/spot/${check}`, { method: "POST", body, headers, redirect: "manual" });
  const spoken = answer.headers.get("content-type")?.includes("json");
  if (!spoken || answer.status === 429 || answer.status >= 500) throw new Error("away");
  if (answer.ok) return drop(account, check, at);
  await put(account, check, { ...content, refused: await answer.json() }, at);
  return false;
}

// Whose browser this is now, and the moments at which a try is worth it.
export async function start(account) {
  await settle(account);
  addEventListener("online", () => flush(account));
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && flush(account));
}

// Any other page of the inspector: what waits goes, and a line says so.
async function beside(account) {
  await start(account);
  if (!(await count(account))) return;
  listen(line);
  flush(account);
}

const leaves = document.querySelector("form[data-leaves]");
if (leaves && !document.querySelector("[data-spot]")) beside(leaves.dataset.leaves);

// The line at the head of a page that is not about checks.
function line({ says, rows, sent }) {
  if (!says) return;
  const words = [];
  if (sent.length) words.push(says.sent.replace("{n}", sent.length));
  if (rows.length) words.push(says.waiting.replace("{n}", rows.length));
  let shown = document.querySelector("[data-outbox-line]");
  if (!shown) {
    shown = document.createElement("p");
    shown.className = "remind";
    shown.dataset.outboxLine = "";
    shown.setAttribute("role", "status");
    document.querySelector("header.top").after(shown);
  }
  const link = document.createElement("a");
  link.href = "/spot";
  link.textContent = says.look;
  shown.replaceChildren(...words.flatMap((sentence) => [sentence, " "]), link);
}
