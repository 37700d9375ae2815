// The idle lock: after so many minutes without a touch the page is covered and asks for the password over it.
// The server locks the session by itself; this hides what stands on the screen of someone who went away. What was
// typed stays in the page. Touches in another tab of the same browser count.
import { again } from "./again.js";

const body = document.body;
const LIMIT = Number(body.dataset.idle) * 60_000;
const KEY = "hososo-touched";
let touched = Date.now();
let locked = false;

const shared = () => {
  try {
    return Number(localStorage.getItem(KEY)) || 0;
  } catch {
    return 0; // no storage here: each tab counts for itself
  }
};

function touch() {
  if (locked || Date.now() - touched < 5_000) return;
  touched = Date.now();
  try {
    localStorage.setItem(KEY, String(touched));
  } catch {
    // as above
  }
}

async function lock() {
  locked = true;
  body.classList.add("locked");
  const csrf = document.querySelector("input[name=csrf]")?.value || body.dataset.csrf;
  await fetch("/lock", { method: "POST", headers: { "X-CSRF-Token": csrf } }).catch(() => {});
  while (!(await again().catch(() => false))) {
    // Put off, or no network: the cover stays, and a touch asks once more.
    await new Promise((resolve) => addEventListener("pointerdown", resolve, { once: true }));
  }
  body.classList.remove("locked");
  locked = false;
  touched = Date.now();
}

for (const kind of ["pointerdown", "keydown", "wheel", "touchstart"]) {
  addEventListener(kind, touch, { passive: true, capture: true });
}
setInterval(() => {
  if (!locked && Date.now() - Math.max(touched, shared()) >= LIMIT) lock();
}, 5_000);
