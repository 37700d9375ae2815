// A cell of the board opens beside it; the page the link leads to is the answer whenever anything is out of the
// ordinary. The arrow keys go from cell to cell, Escape back to the one that was opened.
const board = document.querySelector("[data-board]");
const beside = () => board.querySelector("#detail");
let chosen = null;

async function show(link) {
  let found = null;
  link.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(link.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    found = answer.ok && !answer.redirected && page.querySelector("#detail");
  } catch {
    found = null;
  } finally {
    link.removeAttribute("aria-busy");
  }
  if (!found) {
    location.assign(link.href);
    return;
  }
  chosen?.removeAttribute("aria-current");
  chosen = link;
  link.setAttribute("aria-current", "true");
  const detail = document.createElement("aside");
  detail.className = "detail";
  detail.id = "detail";
  detail.setAttribute("aria-labelledby", "d-h");
  detail.append(...document.adoptNode(found).childNodes);
  // On its own page it is the first heading; here the board's comes before it.
  const first = detail.querySelector("h1");
  const heading = document.createElement("h2");
  heading.id = "d-h";
  heading.tabIndex = -1;
  heading.append(...first.childNodes);
  first.replaceWith(heading);
  beside().replaceWith(detail);
  heading.focus();
}

board.addEventListener("click", (event) => {
  const link = event.target.closest(".matrix a.cell");
  const plain = !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0;
  if (!link || !plain) return;
  event.preventDefault();
  if (!link.hasAttribute("aria-busy")) show(link);
});

// Of a whole year the week in the middle comes into view.
const scroll = board.querySelector(".scroll");
const now = scroll.querySelector("thead .now");
if (now.offsetLeft + now.offsetWidth > scroll.clientWidth) {
  scroll.scrollLeft = now.offsetLeft - scroll.clientWidth + 2 * now.offsetWidth;
}

const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

// The next cell in that direction that leads somewhere; cells of weeks that are not due do not.
function next(link, [down, right]) {
  const rows = [...board.querySelectorAll(".matrix tbody tr:not(.grp)")];
  let row = rows.indexOf(link.closest("tr"));
  let at = link.closest("td").cellIndex;
  for (;;) {
    row += down;
    at += right;
    const cell = rows[row]?.cells[at];
    if (!cell) return null;
    const found = cell.querySelector("a.cell");
    if (found) return found;
  }
}

board.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const link = event.target.closest(".matrix a.cell");
  if (link && STEPS[event.key]) {
    event.preventDefault();
    next(link, STEPS[event.key])?.focus();
  } else if (event.key === "Escape" && chosen && event.target.closest("#detail")) {
    chosen.focus();
  }
});
