// The start of every page. Each module makes something quicker that already works without it.
import { holdsChecks } from "./device.js";
import "./dialogs.js";
import "./focus.js";
import { goOn } from "./keys.js";
import "./leave.js";
import "./once.js";
import "./round.js";

const more = [];
const load = (wanted, ...names) => wanted && more.push(...names.map((name) => import(`./${name}.js`)));
load(document.body.dataset.idle, "idle");
load(document.querySelector("[data-upload]"), "upload");
load(document.querySelector("[data-verify]"), "verify");
// Only the form needs these; other pages do not load them.
load(document.querySelector("[data-form]"), "rich", "paste", "outline", "keeper");
load(document.querySelector("[data-review]"), "review");
load(document.querySelector("[data-board]"), "board");
load(document.querySelector("[data-spot]"), "spot");
load(document.querySelector("[data-sketch]"), "sketch");
load(holdsChecks(), "outbox"); // what waits goes from any page

// By now htmx has taken up the links that are its own. The mark says to whoever looks that every script listens.
document.addEventListener("DOMContentLoaded", async () => {
  await Promise.allSettled(more);
  document.documentElement.dataset.ready = "";
  goOn();
});
