// The split page: htmx brings the next record, this gives it the focus and says its name, follows the pages one scrolls
// through, steps through differences, and fetches the next record's first pages ahead, within a bound of bytes.
const AHEAD = 700_000;
const announced = document.querySelector("[data-announce]");
let began = null;

const heading = () => document.getElementById("f-h");
const papers = () => [...document.querySelectorAll(".split__p .paper[id]")];

function begin(first) {
  const head = heading();
  if (!head || head === began) return;
  began = head;
  document.querySelector(".queue [aria-current]")?.scrollIntoView({ block: "nearest" });
  if (!first) {
    const said = document.querySelector("#main [data-focus]") || head;
    said.focus({ preventScroll: true });
    announced.className = "vh";
    announced.textContent = head.dataset.says;
  }
  follow();
  if (head.dataset.changed) frame(head);
  if (document.readyState === "complete") ahead(head);
  else addEventListener("load", () => ahead(head), { once: true });
}

// --- pages -----------------------------------------------------------------------------------------------

function present() {
  const all = papers();
  const pane = document.querySelector(".split__p");
  const middle = getComputedStyle(pane).overflowY === "visible" ? innerHeight / 2 : pane.getBoundingClientRect().top + pane.clientHeight / 2;
  const at = all.findIndex((paper) => paper.getBoundingClientRect().bottom > middle);
  return at < 0 ? all.length - 1 : at;
}

let drawing = false;
function follow() {
  drawing = false;
  const said = document.querySelector("[data-page-now]");
  if (!said) return;
  const all = papers();
  const at = present();
  said.textContent = said.dataset.says.replace("{n}", String(at + 1));
  document.querySelector("[data-page-back]")?.setAttribute("href", `#${all[Math.max(0, at - 1)].id}`);
  document.querySelector("[data-page-on]")?.setAttribute("href", `#${all[Math.min(all.length - 1, at + 1)].id}`);
  const large = document.querySelector("[data-large]");
  const address = new URL(large.href);
  address.searchParams.set("page", String(at + 1));
  large.href = address.href;
}

document.addEventListener(
  "scroll",
  () => {
    if (drawing) return;
    drawing = true;
    requestAnimationFrame(follow);
  },
  { capture: true, passive: true },
);

// Within the page no address is pushed: “back” leads to the record before, not through every page.
document.addEventListener("click", (event) => {
  const link = event.target instanceof Element && event.target.closest("[data-review] a[href^='#p']");
  const paper = link && document.getElementById(link.getAttribute("href").slice(1));
  if (!paper) return;
  event.preventDefault();
  paper.scrollIntoView({ block: "start" });
});

// --- differences -----------------------------------------------------------------------------------------

document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element) || !event.target.closest("[data-next-diff]")) return;
  event.preventDefault();
  const all = [...document.querySelectorAll("[data-diff]")];
  if (!all.length) return;
  const next = all[(all.indexOf(document.activeElement) + 1) % all.length];
  const fold = next.closest("details");
  if (fold) fold.open = true;
  next.focus();
  next.click();
});

// Frames around what changed on the pages: the server compares them while one begins to read.
const SVG = "http://www.w3.org/2000/svg";
const rect = (name, x, y, width, height) => {
  const made = document.createElementNS(SVG, "rect");
  made.setAttribute("class", name);
  for (const [key, value] of Object.entries({ x, y, width, height })) made.setAttribute(key, value);
  return made;
};

async function frame(head) {
  let found;
  try {
    const answer = await fetch(head.dataset.changed);
    if (!answer.ok) return;
    found = await answer.json();
  } catch {
    return; // the list of changes and the page that compares say the same
  }
  if (head !== began) return;
  for (const [page, boxes] of Object.entries(found.pages)) {
    const paper = document.getElementById(`p${page}`);
    if (!paper) continue;
    const drawn = document.createElementNS(SVG, "svg");
    for (const [name, value] of [["class", "frames"], ["viewBox", "0 0 1000 1000"], ["preserveAspectRatio", "none"], ["aria-hidden", "true"]]) drawn.setAttribute(name, value);
    for (const [left, top, right, bottom] of boxes) {
      drawn.append(rect("chg", left - 6, top - 3, right - left + 12, bottom - top + 6), rect("chg-b", Math.max(0, left - 24), top - 3, 6, bottom - top + 6));
    }
    paper.append(drawn);
  }
}

// --- the next record ---------------------------------------------------------------------------------------

async function ahead(head) {
  if (navigator.connection?.saveData || /2g/.test(navigator.connection?.effectiveType || "")) return;
  let left = AHEAD;
  for (const address of head.dataset.ahead.split(" ").filter(Boolean)) {
    if (left <= 0 || head !== began) return;
    try {
      const answer = await fetch(address, { priority: "low" });
      left -= (await answer.blob()).size;
    } catch {
      return;
    }
  }
}

document.addEventListener("htmx:afterSettle", () => begin(false));
document.addEventListener("htmx:historyRestore", () => begin(false));
document.addEventListener("htmx:beforeSwap", (event) => {
  // A refusal is a page of its own words: it is shown in place of the record.
  if (event.detail.boosted && event.detail.xhr.status >= 400) event.detail.shouldSwap = true;
});
document.addEventListener("htmx:sendError", () => {
  announced.className = "remind";
  announced.textContent = announced.dataset.saysOffline;
});
begin(true);
