// Signing in over the page: the page stays as it is, its forms get the new session's token.
const form = document.querySelector("[data-form], [data-spot], [data-upload]") || document.body;
let asking = null;

function renew(csrf) {
  for (const field of document.querySelectorAll("input[name=csrf]")) field.value = csrf;
}

// Is someone signed in? Their forms' token is taken over; true when it is this page's account.
export async function present() {
  const answer = await fetch("/session", { cache: "no-store" });
  if (!answer.ok) return false;
  const found = await answer.json();
  if (found.account !== form.dataset.account) return false;
  renew(found.csrf);
  return true;
}

// Resolves to true once this page's account is signed in again, to false when the person puts it off.
export function again() {
  asking ??= ask().finally(() => {
    asking = null;
  });
  return asking;
}

async function ask() {
  if (await present()) return true;
  const answer = await fetch(`/sign-in/again?name=${encodeURIComponent(form.dataset.name)}`);
  if (!answer.ok) return false;
  const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
  const dialog = document.importNode(parsed.querySelector("[data-again]"), true);
  if (!dialog.showModal) return false; // an old browser: the sign-in page takes over when the form is sent
  document.body.append(dialog);
  const writing = document.activeElement;
  dialog.showModal();
  try {
    return await new Promise((resolve) => {
      dialog.addEventListener("close", () => resolve(dialog.returnValue === "in"));
      for (const later of dialog.querySelectorAll("[data-later]")) later.addEventListener("click", () => dialog.close());
      dialog.addEventListener("submit", (event) => {
        event.preventDefault();
        enter(dialog, event.target);
      });
      addEventListener("focus", async () => {
        if (dialog.open && (await present().catch(() => false))) dialog.close("in"); // signed in in another tab
      });
    });
  } finally {
    dialog.remove();
    writing?.focus?.();
  }
}

async function enter(dialog, box) {
  const button = box.querySelector(".btn--go");
  button.setAttribute("aria-busy", "true");
  let found = {};
  try {
    const answer = await fetch(box.action, { method: "POST", body: new FormData(box) });
    found = await answer.json();
  } catch {
    found = { sentence: form.dataset.saysOffline };
  }
  button.removeAttribute("aria-busy");
  if (found.account === form.dataset.account && found.csrf) {
    renew(found.csrf);
    dialog.close("in");
    return;
  }
  const [password, code] = dialog.querySelectorAll("form");
  if (found.half) {
    code.elements.half.value = found.half;
    step(password, code);
    return;
  }
  const here = found.over ? password : box; // too late for the code: from the password on
  if (found.over) step(code, password);
  const refused = here.querySelector("[data-refused]");
  refused.textContent = found.sentence || "";
  refused.hidden = false;
  const secret = here.elements.code || here.elements.password;
  secret.value = "";
  secret.focus();
}

// One of the two forms leaves, the other comes.
function step(from, to) {
  from.hidden = true;
  to.hidden = false;
  const secret = to.elements.code || to.elements.password;
  secret.value = "";
  secret.focus();
}
