// A file to be checked: dropped or chosen, sent with its progress shown. Without this the form sends it whole.
import { size } from "./sizes.js";

const form = document.querySelector("[data-verify]");
const input = form.elements.file;
const drop = form.querySelector("[data-drop]");
const shown = form.querySelector("[data-progress]");
const bar = shown.querySelector("progress");
const said = shown.querySelector("[data-said]");
const failed = form.querySelector("[data-failed]");
const send = form.querySelector("[data-send]");

const fail = (words) => {
  shown.hidden = true;
  failed.hidden = false;
  failed.querySelector("[data-why]").textContent = words;
  send.removeAttribute("aria-busy");
  send.disabled = false;
  delete form.dataset.sent;
};

const fits = (file) => {
  if (file.size <= Number(form.dataset.most)) return true;
  fail(form.dataset.saysLarge);
  return false;
};

function check(file) {
  failed.hidden = true;
  if (!fits(file)) return;
  shown.hidden = false;
  shown.querySelector("[data-name]").textContent = file.name;
  shown.querySelector("[data-size]").textContent = size(file.size);
  bar.value = 0;
  send.setAttribute("aria-busy", "true");
  const about = new FormData(form);
  about.set("file", file, file.name);
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.setRequestHeader("Accept", "application/json");
  request.upload.addEventListener("progress", (event) => {
    if (!event.lengthComputable) return;
    bar.value = (100 * event.loaded) / event.total;
    said.textContent = form.dataset.saysSent.replace("{n}", size(event.loaded)).replace("{m}", size(event.total));
  });
  request.upload.addEventListener("load", () => {
    bar.removeAttribute("value");
    said.textContent = form.dataset.saysChecking;
  });
  request.addEventListener("error", () => fail(form.dataset.saysLost));
  request.addEventListener("load", () => {
    let answer = {};
    try {
      answer = JSON.parse(request.responseText);
    } catch {
      // An answer of the server in front of ours.
    }
    if (answer.next) location.assign(answer.next);
    else fail(answer.sentence || form.dataset.saysLost);
  });
  request.send(about);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (input.files[0]) check(input.files[0]);
});

form.querySelector("[data-dropping]").hidden = false;
drop.addEventListener("dragover", (event) => event.preventDefault());
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  const [file] = event.dataTransfer.files;
  if (!file) return;
  input.files = event.dataTransfer.files;
  check(file);
});
