// Signing out takes what this device still holds of the account with it: the next person here is someone else.
import { eraseAll } from "./device.js";

for (const form of document.querySelectorAll("form[data-leaves]")) {
  form.addEventListener("submit", async (event) => {
    if (form.dataset.erased) return;
    event.preventDefault();
    await eraseAll(form.dataset.leaves);
    form.dataset.erased = "yes";
    form.submit();
  });
}

// A submitted draft has arrived: no copy of it is needed here.
const arrived = document.querySelector("[data-arrived]");
if (arrived) eraseAll(arrived.dataset.account, arrived.dataset.arrived);
