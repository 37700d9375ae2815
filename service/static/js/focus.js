// After a refusal or a decision, focus goes to the sentence that says so; a menu closes when one leaves it.
const target = document.querySelector("[data-focus]");
if (target && !location.hash) target.focus();

// After “add a row” (`?open=`) one goes on in its first field; after “remove”, at the list that lost one.
const opened = new URLSearchParams(location.search).has("open") && document.getElementById(location.hash.slice(1));
if (opened) {
  const list = opened.getAttribute("tabindex") === "-1";
  const first = list ? opened : opened.querySelector("input:not([type=hidden]), select, textarea");
  // Going to the fragment takes the focus away once more, in the frame after the page is loaded.
  const go = () => requestAnimationFrame(() => setTimeout(() => first?.focus({ preventScroll: true })));
  if (document.readyState === "complete") go();
  else addEventListener("load", go, { once: true });
}

for (const menu of document.querySelectorAll("details.who")) {
  document.addEventListener("click", (event) => {
    if (menu.open && !menu.contains(event.target)) menu.open = false;
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}
