// Runs before anything of the page is shown: a key pressed while the modules are still on their way waits here, and
// keys.js presses it. Nothing that is typed into a field is kept.
window.early = [];
document.addEventListener("keydown", (event) => {
  const nowhere = [null, document.body, document.documentElement].includes(document.activeElement);
  if (nowhere && window.early?.length < 5 && !event.ctrlKey && !event.metaKey) window.early.push(event);
});
