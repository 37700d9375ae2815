// Headings of folded lessons follow what is typed; the list to jump by follows them; a link to a place in a folded
// lesson opens it.
const form = document.querySelector("[data-form]");
const vi = document.documentElement.lang !== "en";
const sprite = document.querySelector("use[href*='sprite.svg']").getAttribute("href").split("#")[0];

const fieldOf = (row, kind) => row.querySelector(`:scope > .lesson__b > .fields > .field--${kind} :is(input, select)`);
const chosen = (control) => (control?.value ? control.options[control.selectedIndex].text : "");

function name(row) {
  const [subject, title, class_, day] = ["subject", "line", "class", "day"].map((kind) => fieldOf(row, kind));
  const put = (place, words) => {
    const target = row.querySelector(`:scope > summary > .lesson__${place}`);
    if (target && target.textContent !== words) target.textContent = words;
  };
  put("m", subject?.value || "–");
  if (title?.value) put("t", title.value);
  put("c", [chosen(class_), day?.value.slice(0, 5)].filter(Boolean).join(" · "));
}

form.addEventListener("input", (event) => {
  const row = event.target.closest("details.lesson");
  if (row) name(row);
});

// After a save: what is wrong and what is missing in each, `{"lessons.0": [faults, missing]}`.
form.addEventListener("kept", (event) => {
  for (const [path, [wrong, missing]] of Object.entries(event.detail ?? {})) {
    const place = document.getElementById(`f-${path.replaceAll(".", "-")}`)?.querySelector(":scope > summary > [data-state]");
    if (!place || (place.dataset.state === "told" && !wrong)) continue; // a reviewer's mark stays
    const [mark, words] = wrong
      ? ["late", vi ? `${wrong} lỗi` : `${wrong} ${wrong === 1 ? "fault" : "faults"}`]
      : missing
        ? ["draft", vi ? `Còn thiếu ${missing} mục` : `${missing} missing`]
        : ["ok", vi ? "Đủ" : "Complete"];
    if (place.textContent.trim() === words) continue;
    const state = document.createElement("span");
    state.className = wrong ? "st st--bad" : "st";
    state.innerHTML = `<svg class="m m--${mark}" viewBox="0 0 16 16" aria-hidden="true"><use href="${sprite}#m-${mark}"/></svg>`;
    const said = document.createElement("span");
    said.textContent = words;
    state.append(said);
    place.replaceChildren(state);
  }
});

// The list to jump by is made anew whenever it is opened.
for (const jump of document.querySelectorAll("[data-jump]")) {
  jump.addEventListener("toggle", () => {
    if (!jump.open) return;
    const list = jump.querySelector("ol");
    const model = list.firstElementChild;
    const rows = [...form.querySelectorAll(`[data-list="${jump.dataset.jump}"] > [data-row]`)];
    list.replaceChildren(
      ...rows.map((row) => {
        const item = model.cloneNode(true);
        const link = item.querySelector("a");
        const said = (place) => row.querySelector(`:scope > summary > .lesson__${place}`)?.textContent.trim() ?? "";
        link.href = `#${row.id}`;
        link.querySelector(".num").textContent = said("p");
        link.querySelector("b").textContent = said("m");
        while (link.lastChild.nodeType === Node.TEXT_NODE) link.lastChild.remove();
        link.append(` ${said("c")} ${said("t")}`);
        return item;
      }),
    );
  });
  document.addEventListener("click", (event) => {
    if (jump.open && !jump.contains(event.target)) jump.open = false;
  });
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#f-']");
  const place = link && document.getElementById(link.hash.slice(1));
  if (!place) return;
  event.preventDefault();
  const jump = link.closest("[data-jump]");
  if (jump) jump.open = false;
  for (let lesson = place.closest("details"); lesson; lesson = lesson.parentElement.closest("details")) lesson.open = true;
  // The editors of a lesson come with its opening, and a rich text's id with its editor.
  requestAnimationFrame(() =>
    setTimeout(() => {
      const target = document.getElementById(link.hash.slice(1));
      target.scrollIntoView({ block: target.matches("details") ? "start" : "center" });
      (target.querySelector(":scope > summary") ?? target).focus({ preventScroll: true });
    }),
  );
});
