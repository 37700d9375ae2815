// A small editor over each rich-text field. The textarea stays what is sent; without this script it is the field.
// What leaves here is cleaned again by the server: that is the law, this is only manners.
import { countOf, lay } from "./paste.js";
import { exported, imported, lines } from "./vocabulary.js";

const form = document.querySelector("[data-form]");
const vi = document.documentElement.lang !== "en";
const t = (one, other) => (vi ? one : other);
const sprite = document.querySelector("use[href*='sprite.svg']").getAttribute("href").split("#")[0];

const TOOLS = [
  ["bold", "bold", t("Đậm", "Bold")],
  ["italic", "italic", t("Nghiêng", "Italic")],
  ["insertUnorderedList", "list", t("Gạch đầu dòng", "Bullets")],
  ["insertOrderedList", "ol", t("Đánh số", "Numbers")],
  ["table", "table", t("Thêm hàng bảng", "Add a table row")],
  ["image", "image", t("Chèn ảnh", "Insert a picture")],
];

const shown = (src) => `${form.dataset.images}/${src.slice("image:".length)}`;
const stored = (address) => `image:${address.split("/").pop()}`;

export function enhance(box) {
  if (box.dataset.rich === "on") return;
  box.dataset.rich = "on";
  const area = box.querySelector("textarea");
  const page = document.createElement("div");
  page.className = "area area--page";
  page.contentEditable = "true";
  page.id = `${area.id}-page`;
  page.setAttribute("role", "textbox");
  page.setAttribute("aria-multiline", "true");
  const label = area.getAttribute("aria-label") || document.querySelector(`label[for="${area.id}"]`)?.textContent.trim();
  page.setAttribute("aria-label", label || "");
  for (const name of ["aria-describedby", "aria-invalid"]) {
    if (area.hasAttribute(name)) page.setAttribute(name, area.getAttribute(name));
  }
  page.append(imported(area.value, shown));
  const writing = document.activeElement === area;
  area.hidden = true;
  box.append(page);
  // A link in the summary of faults leads to the field one sees.
  area.id = `${area.id}-text`;
  page.id = page.id.slice(0, -"-page".length);

  const keep = () => {
    area.value = exported(page, stored);
    area.dispatchEvent(new Event("input", { bubbles: true }));
  };
  page.addEventListener("input", (event) => {
    event.stopPropagation();
    keep();
  });
  page.addEventListener("paste", (event) => {
    const data = event.clipboardData;
    const picture = [...data.files].find((file) => file.type.startsWith("image/"));
    const html = data.getData("text/html");
    event.preventDefault();
    if (picture && !wordsOf(html)) {
      insertPicture(page, picture, keep);
      return;
    }
    if (html) {
      event.stopPropagation();
      insertPasted(page, html, keep);
      return;
    }
    put(page, lines(data.getData("text/plain")));
    keep();
  });
  // The toolbar belongs to one field at a time: it appears with the cursor.
  page.addEventListener("focus", () => toolbar(box, page, keep), { once: true });
  document.execCommand("defaultParagraphSeparator", false, "p");
  if (writing) page.focus();
}

function wordsOf(html) {
  return html && new DOMParser().parseFromString(html, "text/html").body.textContent.trim();
}

function put(page, fragment) {
  const selection = getSelection();
  if (!selection.rangeCount || !page.contains(selection.anchorNode)) {
    page.append(fragment);
    return;
  }
  const holder = document.createElement("div");
  holder.append(fragment);
  document.execCommand("insertHTML", false, holder.innerHTML);
}

function toolbar(box, page, keep) {
  const bar = document.createElement("div");
  bar.className = "rich__tools";
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", t("Định dạng chữ", "Formatting"));
  for (const [command, icon, label] of TOOLS) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "tool";
    button.title = label;
    button.innerHTML = `<svg class="i" viewBox="0 0 20 20" aria-hidden="true"><use href="${sprite}#i-${icon}"/></svg>`;
    const words = document.createElement("span");
    words.className = "vh";
    words.textContent = label;
    button.append(words);
    button.addEventListener("mousedown", (event) => event.preventDefault()); // keeps the selection
    button.addEventListener("click", () => {
      page.focus();
      if (command === "table") tableRow(page);
      else if (command === "image") choosePicture(page, keep);
      else document.execCommand(command);
      keep();
    });
    bar.append(button);
  }
  box.insertBefore(bar, page);
}

// In a table: one more row below; elsewhere: a new table of two columns.
function tableRow(page) {
  const node = getSelection().anchorNode;
  const row = (node instanceof Element ? node : node?.parentElement)?.closest("tr");
  if (row && page.contains(row)) {
    const added = row.cloneNode(true);
    for (const cell of added.children) cell.replaceChildren(document.createElement("br"));
    row.after(added);
    return;
  }
  put(page, imported("<table><tr><td><br></td><td><br></td></tr><tr><td><br></td><td><br></td></tr></table><p><br></p>", shown));
}

function choosePicture(page, keep) {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = "image/png,image/jpeg,image/webp";
  input.addEventListener("change", () => input.files[0] && insertPicture(page, input.files[0], keep));
  input.click();
}

async function insertPicture(page, file, keep) {
  let found;
  try {
    const answer = await post(form.dataset.images, { image: file });
    found = answer.headers.get("content-type")?.startsWith("application/json")
      ? await answer.json()
      : { sentence: form.dataset.saysGone };
  } catch {
    found = { sentence: form.dataset.saysOffline };
  }
  if (!found.shown) {
    refuse(page, found.sentence);
    return;
  }
  const picture = document.createElement("img");
  picture.src = found.shown;
  picture.alt = "";
  const paragraph = document.createElement("p");
  paragraph.append(picture);
  put(page, paragraph);
  keep();
}

// The server knows what Word means; without it the local vocabulary does.
async function insertPasted(page, html, keep) {
  let cleaned = html;
  let note = "";
  try {
    // A lesson table of Word pasted in a phase becomes phases: the server knows one when it sees it.
    const area = page.parentElement.querySelector("textarea");
    const answer = await post(form.dataset.pasted, { html, at: area.name, rows: countOf(area) });
    const found = answer.ok || answer.status === 422 ? await answer.json() : {};
    if (found.fill) {
      lay(found);
      return;
    }
    if (found.sentence) {
      refuse(page, found.sentence);
      return;
    }
    cleaned = found.html ?? html;
    note = found.note ?? "";
  } catch {
    // No network: the vocabulary below is enough, the server cleans when it is saved.
  }
  put(page, imported(cleaned, shown));
  keep();
  refuse(page, note);
}

export function post(address, values) {
  const body = new FormData();
  for (const [name, value] of Object.entries(values)) body.set(name, value);
  const csrf = form.elements.csrf.value;
  body.set("csrf", csrf);
  return fetch(address, { method: "POST", body, headers: { "X-CSRF-Token": csrf } });
}

// Says above the field what was not taken; what an earlier paste said goes.
function refuse(page, sentence) {
  page.parentElement.parentElement.querySelector(".err--script")?.remove();
  if (!sentence) return;
  const words = document.createElement("p");
  words.className = "err err--script";
  words.setAttribute("role", "alert");
  words.textContent = sentence;
  page.parentElement.before(words);
}

// What a text area holds was changed by someone else (pasted cells, an undo): the surface follows.
export function refresh(area) {
  const page = area.parentElement.querySelector(".area--page");
  if (page) page.replaceChildren(imported(area.value, shown));
}

// Editors of a closed lesson wait until it is opened: twenty lessons hold two hundred of them.
export function enhanceOpen(root) {
  for (const box of root.querySelectorAll("[data-rich]")) {
    if (!box.closest("details:not([open])")) enhance(box);
  }
}
document.addEventListener(
  "toggle",
  (event) => {
    if (event.target.open) enhanceOpen(event.target);
  },
  true,
);
enhanceOpen(document);
