// Choosing for a signing round: a box for each group, and how many are chosen.
const form = document.querySelector("form[data-round]");

if (form) {
  const said = form.querySelector("[data-count]");
  const boxes = [...form.querySelectorAll("input[name=item]")];

  const show = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    said.textContent = said.dataset.says.replace("{n}", String(chosen));
    for (const group of form.querySelectorAll("[data-group]")) {
      const own = [...group.querySelectorAll("input[name=item]")];
      const all = group.querySelector("[data-all]");
      const count = own.filter((box) => box.checked).length;
      all.hidden = false;
      all.checked = count === own.length;
      all.indeterminate = count > 0 && count < own.length;
    }
  };

  form.addEventListener("change", (event) => {
    if (event.target.matches("[data-all]")) {
      for (const box of event.target.closest("[data-group]").querySelectorAll("input[name=item]")) {
        box.checked = event.target.checked;
      }
    }
    show();
  });
  addEventListener("pageshow", show);
  show();
}
