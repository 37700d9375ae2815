// Single keys follow the link that carries them (data-key): j k n p r s. Off inside fields and with modifiers.
// No key decides anything: a decision asks for the PIN or a comment on its own page.
const typing = (element) =>
  element instanceof HTMLElement && (element.isContentEditable || element.matches("input, textarea, select"));

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
  if (event.key === "/") {
    const search = document.querySelector("input[type=search]");
    if (search) {
      event.preventDefault();
      search.focus();
    }
    return;
  }
  if (!/^[a-z]$/.test(event.key)) return;
  const link = document.querySelector(`[data-key="${event.key}"]`);
  if (!link) return;
  event.preventDefault();
  link.click();
});
