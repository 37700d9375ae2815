// Drafts that did not reach the server yet, kept on this device. Phones and staff-room computers are shared:
// each copy is encrypted under a key only its owner's signed-in pages are given, small in number and age, and
// erased once it is saved or its owner signs out. Without IndexedDB or encryption (plain HTTP) nothing is kept.
const NAME = "hososo";
const STORE = "drafts";
const LONGEST = 4 << 20; // bytes of one draft
const MOST = 30; // drafts on one device
const OLDEST = 30 * 24 * 3600 * 1000;

// Set while this browser holds something of spot checks (checks.js, which other pages then load, too).
export const CHECKS = "hososo-checks";
export function holdsChecks() {
  try {
    return Boolean(localStorage.getItem(CHECKS));
  } catch {
    return false;
  }
}

export const able = Boolean(globalThis.indexedDB && globalThis.crypto?.subtle);

let opened;
function open() {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: "key" });
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
    asked.onblocked = () => reject(new Error("blocked"));
  });
  return opened;
}

async function run(mode, act) {
  const database = await open();
  return new Promise((resolve, reject) => {
    const done = database.transaction(STORE, mode);
    const asked = act(done.objectStore(STORE));
    done.oncomplete = () => resolve(asked?.result);
    done.onerror = done.onabort = () => reject(done.error);
  });
}

// The key of an account (base64, as its pages carry it), in a form no script can read it back from.
export const keyOf = (base64) =>
  crypto.subtle.importKey("raw", Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)), "AES-GCM", false, ["encrypt", "decrypt"]);

export async function seal(key, content) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const plain = new TextEncoder().encode(JSON.stringify(content));
  return { iv, sealed: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, plain) };
}

export async function unseal(key, { iv, sealed }) {
  return JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, sealed)));
}

// A draft of one window: `{account, document, tab}` say whose; `content` is kept encrypted. True once it is kept.
export async function keep(secret, { account, document, tab }, content) {
  if (!able) return false;
  try {
    const found = await seal(await keyOf(secret), content);
    if (found.sealed.byteLength > LONGEST) return false;
    await run("readwrite", (store) => store.put({ key: `${account}|${document}|${tab}`, at: Date.now(), ...found }));
    return true;
  } catch {
    return false; // private windows, a full disk: the page still holds what was typed
  }
}

// The drafts of a document this device holds, the newest first, as `{tab, at, content}`.
export async function held(secret, account, document) {
  if (!able) return [];
  try {
    const begins = `${account}|${document}|`;
    const rows = await run("readonly", (store) => store.getAll(IDBKeyRange.bound(begins, `${begins}\uffff`)));
    const key = await keyOf(secret);
    const found = [];
    for (const row of rows) {
      try {
        found.push({ tab: row.key.slice(begins.length), at: row.at, content: await unseal(key, row) });
      } catch {
        await run("readwrite", (store) => store.delete(row.key)); // another installation's key: nobody can read it
      }
    }
    return found.sort((one, other) => other.at - one.at);
  } catch {
    return [];
  }
}

export async function erase({ account, document, tab }) {
  if (!able) return;
  await run("readwrite", (store) => store.delete(`${account}|${document}|${tab}`)).catch(() => undefined);
}

// How many drafts of an account this device holds that did not reach the server.
export async function unsent(account) {
  if (!able) return 0;
  const range = IDBKeyRange.bound(`${account}|`, `${account}|\uffff`);
  return run("readonly", (store) => store.count(range)).catch(() => 0);
}

// Everything of an account (at its sign-out), or of one document of it (once it is submitted).
export async function eraseAll(account, document = "") {
  if (!able) return;
  const begins = document ? `${account}|${document}|` : `${account}|`;
  await run("readwrite", (store) => store.delete(IDBKeyRange.bound(begins, `${begins}\uffff`))).catch(() => undefined);
}

// What is too old or too much goes, the oldest first.
export async function tidy() {
  if (!able) return;
  try {
    const rows = (await run("readonly", (store) => store.getAll())).sort((one, other) => other.at - one.at);
    for (const row of rows.filter((one, n) => n >= MOST || one.at < Date.now() - OLDEST)) {
      await run("readwrite", (store) => store.delete(row.key));
    }
  } catch {
    // nothing is held here
  }
}
