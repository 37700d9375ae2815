// A file goes up piece by piece and goes on after a broken line or a reload; without this the form sends it whole.
import { again as signIn } from "./again.js";
import { size } from "./sizes.js";

const page = document.querySelector("[data-upload]");
const base = `/documents/${page.dataset.document}`;
const MOST = 30 * 1024 * 1024;
const chunk = Number(page.dataset.chunk);

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// --- being converted: look until it is done ---------------------------------------------------------------

async function watch() {
  for (let pause = 700; ; pause = Math.min(pause * 1.3, 5000)) {
    await wait(pause);
    try {
      const answer = await fetch(`${base}/body/state`, { headers: { Accept: "application/json" }, redirect: "manual" });
      if (!answer.ok) continue;
      const found = await answer.json();
      if (found.upload?.state !== page.dataset.state || !found.upload) break;
    } catch {
      continue; // no network: the file is converted all the same
    }
  }
  location.reload();
}

if (["waiting", "converting"].includes(page.dataset.state)) watch();

// --- sending ----------------------------------------------------------------------------------------------

const form = page.querySelector("form[enctype]");

if (form && globalThis.crypto?.subtle) {
  const input = form.elements.file;
  const shown = form.querySelector("[data-progress]");
  const bar = shown.querySelector("progress");
  const said = shown.querySelector("[data-said]");
  const failed = form.querySelector("[data-failed]");
  const send = form.querySelector("[data-send]");
  let stopped = true;
  let going = null;

  const fail = (words) => {
    stopped = true;
    shown.hidden = true;
    failed.hidden = false;
    failed.querySelector("[data-why]").textContent = words;
    send.removeAttribute("aria-busy");
    delete form.dataset.sent;
    send.disabled = false;
  };

  const say = (words, sent, whole) => {
    said.textContent = words.replace("{n}", size(sent)).replace("{m}", size(whole));
    bar.value = whole ? (100 * sent) / whole : 0;
  };

  const post = (path, body, signal) =>
    fetch(base + path, { method: "POST", body, headers: { "X-CSRF-Token": form.elements.csrf.value }, redirect: "manual", signal });

  // What a refusal says; null when trying again may help.
  async function why(answer) {
    if (answer.status === 401 || answer.type === "opaqueredirect") return page.dataset.saysGone;
    if (answer.status >= 500 && answer.status !== 503) return null;
    if (answer.headers.get("content-type")?.startsWith("application/json")) {
      return (await answer.json()).sentence || page.dataset.saysOther;
    }
    return page.dataset.saysOther;
  }

  // Try until there is an answer; wait longer each time, and no longer once the network is back.
  async function persist(make, sent, whole) {
    for (let pause = 1000; !stopped; pause = Math.min(pause * 2, 30000)) {
      let again = page.dataset.saysAgain;
      try {
        const answer = await make();
        if (answer.ok || answer.status === 409 || answer.status === 404) return answer;
        // The session ended: one signs in over the page, and the same piece goes again.
        if ((answer.status === 401 || answer.type === "opaqueredirect") && (await signIn())) continue;
        const words = await why(answer);
        if (words) {
          fail(words);
          return null;
        }
        again = answer.status === 507 ? page.dataset.saysFull : page.dataset.saysBusy;
      } catch (error) {
        if (error.name === "AbortError") return null;
      }
      say(again, sent, whole);
      await Promise.race([wait(pause), new Promise((resolve) => addEventListener("online", resolve, { once: true }))]);
    }
    return null;
  }

  async function digest(file) {
    const hash = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
    return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  // The file another window sends to this draft, or made its content, since ours began; "" where there is none.
  async function another() {
    const answer = await persist(() => fetch(`${base}/body/state`, { redirect: "manual", signal: going.signal }), 0, 0);
    const { upload, body } = answer?.ok ? await answer.json() : {};
    return upload?.name || (body && body.id !== page.dataset.body ? body.name : "");
  }

  async function upload(file) {
    const about = new FormData();
    about.set("name", file.name);
    about.set("size", String(file.size));
    try {
      about.set("sha256", await digest(file));
    } catch {
      fail(page.dataset.saysOther); // the device took the file away meanwhile
      return;
    }
    let begun = await persist(() => post("/uploads", about, going.signal), 0, file.size);
    if (begun && begun.status !== 201) {
      fail((await why(begun)) || page.dataset.saysOther);
      return;
    }
    if (!begun) return;
    let state = await begun.json();
    while (!stopped && state.state === "receiving") {
      say(page.dataset.saysSent, state.received, file.size);
      const piece = file.slice(state.received, state.received + chunk);
      const path = `/uploads/${state.id}?offset=${state.received}`;
      const answer = await persist(() => post(path, piece, going.signal), state.received, file.size);
      if (!answer) return;
      if (answer.status === 404) {
        const other = await another();
        if (other) {
          fail(page.dataset.saysOvertaken.replace("{name}", other));
          return;
        }
        begun = await persist(() => post("/uploads", about, going.signal), 0, file.size);
        if (!begun?.ok) return;
        state = await begun.json();
      } else if (answer.status === 409) {
        const found = await answer.json();
        if (found.received === undefined) {
          fail(found.sentence || page.dataset.saysOther);
          return;
        }
        state.received = found.received;
      } else {
        state = await answer.json();
      }
    }
    if (!stopped) {
      say(page.dataset.saysSent, file.size, file.size);
      location.assign(`${base}/body`);
    }
  }

  function start(file) {
    if (!file || !stopped) return;
    failed.hidden = true;
    if (file.size > MOST) return fail(page.dataset.saysLarge);
    if (file.size === 0) return fail(page.dataset.saysEmpty);
    stopped = false;
    going = new AbortController();
    send.disabled = true;
    shown.hidden = false;
    shown.querySelector("[data-name]").textContent = file.name;
    shown.querySelector("[data-size]").textContent = size(file.size);
    said.textContent = page.dataset.saysHash;
    bar.removeAttribute("value");
    upload(file);
  }

  input.addEventListener("change", () => start(input.files[0]));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    start(input.files[0]);
  });
  shown.querySelector("[data-stop]").addEventListener("click", () => {
    stopped = true;
    going.abort();
    location.reload(); // what is here stays, and the page offers to go on or to drop it
  });

  const drop = form.querySelector("[data-drop]");
  drop.querySelector("[data-dropping]").hidden = false;
  for (const kind of ["dragover", "drop"]) {
    drop.addEventListener(kind, (event) => {
      event.preventDefault();
      if (kind === "drop" && event.dataTransfer.files.length) start(event.dataTransfer.files[0]);
    });
  }
}
