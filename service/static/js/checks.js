// Spot checks kept on this phone until the server has them, and what lets it show their pages without a network.
// Each is encrypted under its inspector's key. The key stays here too, in a form no script can read it back from,
// while its owner is the one who uses this browser: signing out, or somebody else signing in, takes it and the kept
// pages away. What somebody else left unsent waits unreadable until its owner is back; only a person drops it.
import { able, CHECKS, keyOf, seal, unseal } from "./device.js";

const NAME = "hososo-checks";
export const PAGES = "hososo-spot-pages"; // as in spot_worker.js
export const FILES = "hososo-spot-files";

export { able };

// Signed out from this very page: what is still under way here keeps nothing more.
let over = false;
export const ended = () => over;

let opened;
function open() {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("records", { keyPath: "key" });
      asked.result.createObjectStore("keys", { keyPath: "account" });
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = asked.onblocked = () => reject(asked.error);
  });
  return opened;
}

async function run(store, mode, act) {
  const database = await open();
  return new Promise((resolve, reject) => {
    const done = database.transaction(store, mode);
    const asked = act(done.objectStore(store));
    done.oncomplete = () => resolve(asked?.result);
    done.onerror = done.onabort = () => reject(done.error);
  });
}

function note() {
  try {
    localStorage.setItem(CHECKS, "yes");
  } catch {
    // without it only the pages of checks look after what is kept
  }
}

// --- the key --------------------------------------------------------------------------------------------------

export async function remember(account, base64) {
  if (over || (await keyFor(account))) return;
  const key = await keyOf(base64);
  await run("keys", "readwrite", (store) => store.put({ account, key }));
  note();
}

export const keyFor = async (account) => (await run("keys", "readonly", (store) => store.get(account)))?.key;

// --- the records ----------------------------------------------------------------------------------------------

const address = (account, check) => `${account}|${check}`;
const of = (account) => IDBKeyRange.bound(`${account}|`, `${account}|\uffff`);

// When it was kept. With `seen`, only if nothing was kept since that moment (else 0). Throws when this phone cannot.
export async function put(account, check, content, seen = null) {
  const found = await seal(await keyFor(account), content);
  note();
  const at = Date.now();
  const done = await unchanged(account, check, seen, (store) => store.put({ key: address(account, check), at, ...found }));
  return done ? at : 0;
}

// As above: true once it is gone.
export const drop = (account, check, seen = null) => unchanged(account, check, seen, (store) => store.delete(address(account, check)));

async function unchanged(account, check, seen, act) {
  let done = seen === null;
  await run("records", "readwrite", (store) => {
    if (done) return act(store);
    const asked = store.get(address(account, check));
    asked.onsuccess = () => {
      done = asked.result?.at === seen;
      if (done) act(store);
    };
    return asked;
  });
  return done;
}

// Everything of an account as `{check, at, content}`, the oldest first; `content` is null where no key opens it.
export async function all(account) {
  const [key, rows] = await Promise.all([keyFor(account), run("records", "readonly", (store) => store.getAll(of(account)))]);
  const read = async (row) => {
    const content = key ? await unseal(key, row).catch(() => null) : null;
    return { check: row.key.slice(account.length + 1), at: row.at, content };
  };
  return (await Promise.all(rows.map(read))).sort((one, other) => one.at - other.at);
}

export const get = async (account, check) => (await all(account)).find((row) => row.check === check);

// How many an account has here, finished or not.
export const count = (account) => (able ? run("records", "readonly", (store) => store.count(of(account))).catch(() => 0) : 0);

// --- who uses this browser ------------------------------------------------------------------------------------

// Now it is this account's: the pages and the keys of anybody else go, their unsent records stay sealed.
export async function settle(account) {
  const held = await run("keys", "readonly", (store) => store.getAll());
  const others = held.filter((row) => row.account !== account);
  if (!others.length) return;
  await forgetPages();
  for (const row of others) await run("keys", "readwrite", (store) => store.delete(row.account));
}

// At the sign-out: all of it.
export async function eraseAll(account) {
  if (!able) return;
  over = true;
  await forgetPages();
  await run("records", "readwrite", (store) => store.delete(of(account)));
  await run("keys", "readwrite", (store) => store.clear());
  const left = await run("records", "readonly", (store) => store.count());
  if (!left) localStorage.removeItem(CHECKS);
}

async function forgetPages() {
  if (!globalThis.caches) return;
  await Promise.all([PAGES, FILES].map((name) => caches.delete(name)));
}
