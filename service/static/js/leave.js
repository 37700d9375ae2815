// Signing out takes what this device still holds of the account with it: the next person here is someone else.
// What never reached the server would be lost by it, so that is asked first.
import { eraseAll, holdsChecks, unsent } from "./device.js";

for (const form of document.querySelectorAll("form[data-leaves]")) {
  form.addEventListener("submit", async (event) => {
    if (form.dataset.erased) return;
    event.preventDefault();
    const account = form.dataset.leaves;
    const checks = holdsChecks() ? await import("./checks.js") : null;
    if (((await unsent(account)) || (await checks?.count(account))) && !confirm(form.dataset.saysUnsent)) return;
    await eraseAll(account);
    await checks?.eraseAll(account).catch(() => undefined);
    form.dataset.erased = "yes";
    form.submit();
  });
}

// A draft that was sent off has arrived: no copy of it is needed here.
const signing = document.querySelector("[data-arrived]");
const [, saved] = location.search.includes("saved=1") ? (location.pathname.match(/^\/documents\/([^/]+)\/(?:preview|lessons)$/) ?? []) : [];
const account = document.querySelector("form[data-leaves]")?.dataset.leaves;
if (account && (signing || saved)) eraseAll(account, signing?.dataset.arrived ?? saved);
