// A link that asks for something (data-dialog) opens the same form as a dialog over the page. The page it leads to is
// the answer for everyone else, and whenever anything is out of the ordinary.
import { flush } from "./marks.js";

document.addEventListener("click", async (event) => {
  const link = event.target instanceof Element && event.target.closest("a[data-dialog]");
  const plain = !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0;
  if (!link || !plain || !window.HTMLDialogElement || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  if (link.hasAttribute("aria-busy")) return; // it is on its way
  const onward = () => location.assign(link.href);
  let body;
  link.setAttribute("aria-busy", "true");
  try {
    await flush(); // what was just typed about a lesson stands in the return
    const answer = await fetch(link.href);
    const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
    body = answer.ok && !answer.redirected && parsed.querySelector("[data-dialog-body]");
  } catch {
    body = null;
  } finally {
    link.removeAttribute("aria-busy");
  }
  if (!body) {
    onward();
    return;
  }
  open(link, document.adoptNode(body));
});

function open(link, body) {
  const dialog = document.createElement("dialog");
  dialog.className = "dialog dialog--form";
  dialog.setAttribute("aria-labelledby", body.getAttribute("aria-labelledby"));
  for (const cancel of body.querySelectorAll("[data-cancel]")) {
    cancel.addEventListener("click", (event) => {
      event.preventDefault();
      dialog.close();
    });
  }
  dialog.append(body);
  document.body.append(dialog);
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (link.isConnected && link.offsetParent) link.focus();
    else document.querySelector("#f-h, #main")?.focus({ preventScroll: true });
  });
  dialog.showModal();
}
