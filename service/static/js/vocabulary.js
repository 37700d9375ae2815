// The rich text's small vocabulary, in and out of an editing surface. The server's cleaner has the last word
// (tasks/rich_text.py); this keeps the surface tidy and never lets foreign markup into the page.
const MARKS = { B: "strong", STRONG: "strong", I: "em", EM: "em", U: "u", INS: "u", SUB: "sub", SUP: "sup", S: "s", STRIKE: "s", DEL: "s" };
const BLOCKS = new Set(["P", "DIV", "H1", "H2", "H3", "H4", "H5", "H6", "BLOCKQUOTE", "PRE", "SECTION", "ARTICLE"]);
const KEPT = new Set(["UL", "OL", "LI", "TABLE", "TBODY", "TR", "TD", "TH"]);
const DROPPED = new Set(["SCRIPT", "STYLE", "TITLE", "HEAD", "META", "LINK", "IFRAME", "OBJECT", "SVG", "MATH", "TEMPLATE"]);
const IMAGE = /^image:[0-9a-f]{64}$/;
const DEEPEST = 30;

// Plain text as nodes, a line a paragraph: nothing in it is markup, `a<b` least of all.
export function lines(text) {
  const fragment = document.createDocumentFragment();
  for (const line of text.split(/\r?\n/)) {
    const paragraph = document.createElement("p");
    if (line) paragraph.textContent = line;
    else paragraph.append(document.createElement("br"));
    fragment.append(paragraph);
  }
  return fragment;
}

// What a field holds, text or HTML, as nodes for the editing surface; `shown` gives a picture's address.
export function imported(source, shown) {
  if (!/<[a-z!/]/i.test(source)) return lines(source);
  const fragment = document.createDocumentFragment();
  // A parsed document is inert: nothing in it runs or loads.
  const parsed = new DOMParser().parseFromString(source, "text/html");
  copy(parsed.body, fragment, shown, 0);
  return fragment;
}

function copy(from, into, shown, depth) {
  for (const node of from.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) {
      into.append(node.textContent.replace(/\s+/g, " "));
      continue;
    }
    if (!(node instanceof Element) || DROPPED.has(node.tagName)) continue;
    if (node.tagName === "BR") {
      into.append(document.createElement("br"));
      continue;
    }
    if (node.tagName === "IMG") {
      const src = node.getAttribute("src") || "";
      if (!IMAGE.test(src)) continue;
      const picture = document.createElement("img");
      picture.src = shown(src);
      picture.alt = node.getAttribute("alt") || "";
      into.append(picture);
      continue;
    }
    const name = MARKS[node.tagName] || (BLOCKS.has(node.tagName) ? "p" : KEPT.has(node.tagName) ? node.tagName.toLowerCase() : "");
    let target = into;
    if (name && depth < DEEPEST) {
      target = document.createElement(name);
      for (const span of ["colspan", "rowspan"]) {
        if (node.hasAttribute(span)) target.setAttribute(span, node.getAttribute(span));
      }
      into.append(target);
    }
    copy(node, target, shown, depth + 1);
  }
}

// The surface as HTML to send; `stored` gives a picture's name back. Nothing but empty lines is nothing.
export function exported(page, stored) {
  // Copied into a document without a window: there a picture's stored name is no address to load.
  const copyOf = document.implementation.createHTMLDocument("").importNode(page, true);
  for (const picture of copyOf.querySelectorAll("img")) {
    picture.setAttribute("src", stored(picture.getAttribute("src")));
  }
  const html = copyOf.innerHTML;
  return copyOf.textContent.trim() || copyOf.querySelector("img, table") ? html : "";
}
