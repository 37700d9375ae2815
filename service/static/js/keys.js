// Single keys press the link or button that carries them (data-key). Off inside fields, with modifiers, behind a
// dialog, and where the person switched them off (/keys). No key decides anything: a decision asks for the PIN or
// a comment. Ctrl+Enter sends what the page or dialog asks for; Escape leaves a field, then follows the page's way back.
const typing = (element) =>
  element instanceof HTMLElement &&
  (element.isContentEditable || element.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=submit])"));

let busy = true; // the page's scripts or the next record are on their way: what is pressed meanwhile waits for them
const pressed = [];

// A dialog that is asked for takes the keys at once, not only when it has come: what follows is meant for it.
const asked = () => document.querySelector("dialog[open], [data-dialog][aria-busy]");

function press(key) {
  if (key === "/") {
    const search = [...document.querySelectorAll("main input[type=search]")].find((field) => field.offsetParent);
    if (search) {
      search.focus();
      search.select();
      return true;
    }
  }
  const target = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (target) target.click();
  return Boolean(target);
}

function take(event) {
  const field = event.target;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    const asking = "form[data-once], form[data-round]";
    const open = document.querySelector("dialog[open]") || document.querySelector("main");
    const form = (field instanceof Element && field.closest("form")) || open?.querySelector(asking);
    if (!form?.matches(asking)) return;
    event.preventDefault();
    form.requestSubmit(form.querySelector(".btn--go"));
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || asked()) return;
  if (event.key === "Escape" && typing(field)) {
    field.blur();
    return;
  }
  if (document.body.dataset.keys === "off" || typing(field) || !/^([a-z/?]|Escape)$/.test(event.key)) return;
  if (event.repeat && !/[np]/.test(event.key)) return;
  if (busy) {
    if (pressed.length < 5) pressed.push(event.key);
    event.preventDefault();
  } else if (press(event.key)) event.preventDefault();
}

document.addEventListener("keydown", take);
for (const event of window.early ?? []) take(event);
window.early = null;

// What waited is pressed, unless the focus has meanwhile come to where one types.
export function goOn() {
  busy = false;
  // After the page's own scripts have taken the new record up.
  setTimeout(() => {
    while (!busy && pressed.length) {
      const key = pressed.shift();
      if (!typing(document.activeElement) && !asked()) press(key);
    }
  });
}

document.addEventListener("htmx:beforeRequest", (event) => {
  busy = Boolean(event.detail.boosted);
});
for (const end of ["htmx:afterSettle", "htmx:sendError", "htmx:responseError", "htmx:timeout"]) document.addEventListener(end, goOn);
