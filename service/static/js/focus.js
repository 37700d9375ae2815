// After a refusal or a decision, focus goes to the sentence that says so; a menu closes when one leaves it.
const target = document.querySelector("[data-focus]");
if (target && !location.hash) target.focus();

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
