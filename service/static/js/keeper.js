// Keeps a draft: saves it a little after the last change, says so, and warns before an unsaved page is left.
// Nothing is stored on the device: records belong to the school, and phones are shared.
const form = document.querySelector("[data-form]");
const said = document.querySelector("[data-saved]");
const PAUSE = 20_000;

let dirty = false;
let leaving = false;
let timer = 0;
let changes = 0;

const say = (words, failed = false) => {
  said.textContent = words;
  said.classList.toggle("saved--not", failed);
};

const later = (pause = PAUSE) => {
  clearTimeout(timer);
  timer = setTimeout(save, pause);
};

async function save() {
  if (!dirty || leaving) return;
  const at = changes;
  const body = new FormData(form);
  body.set("do", "save");
  let answer;
  try {
    answer = await fetch(form.action, {
      method: "POST",
      body,
      headers: { "X-Autosave": "1", "X-CSRF-Token": String(body.get("csrf")) },
      redirect: "manual",
    });
  } catch {
    say(form.dataset.saysOffline, true);
    later();
    return;
  }
  if (answer.status === 401 || answer.type === "opaqueredirect") {
    say(form.dataset.saysGone, true);
    return;
  }
  if (!answer.headers.get("content-type")?.startsWith("application/json")) {
    say(form.dataset.saysOffline, true);
    later();
    return;
  }
  const found = await answer.json();
  if (!answer.ok) {
    say(found.sentence, true);
    return;
  }
  form.elements.content_version.value = found.content_version;
  if (at === changes) dirty = false;
  else later();
  say(`${form.dataset.saysKept} ${found.at}`);
}

form.addEventListener("input", (event) => {
  if (event.target.type === "file") return;
  dirty = true;
  changes += 1;
  say(form.dataset.saysUnsaved, true);
  later();
});
form.addEventListener("submit", () => {
  leaving = true;
});
addEventListener("beforeunload", (event) => {
  if (dirty && !leaving) event.preventDefault();
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") save();
});
