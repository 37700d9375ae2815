// The start of every page. Each module makes something quicker that already works without it.
import "./dialogs.js";
import "./focus.js";
import "./keys.js";
import "./leave.js";
import "./once.js";
import "./round.js";

if (document.body.dataset.idle) import("./idle.js");
if (document.querySelector("[data-upload]")) import("./upload.js");

// Only the form needs these; other pages do not load them.
if (document.querySelector("[data-form]")) {
  import("./rich.js");
  import("./paste.js");
  import("./outline.js");
  import("./keeper.js");
}
if (document.querySelector("[data-review]")) import("./review.js");
