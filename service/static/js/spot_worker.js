// Lets the pages of spot checks open without a network. It only reads what a page put aside (spot.js): pages of the
// inspector who uses this browser, and the files they need. The network comes first; nothing else is answered here.
const PAGES = "hososo-spot-pages";
const FILES = "hososo-spot-files";
const PATIENCE = 4_000; // for a network that neither answers nor fails, once a kept page could be shown
const OLDEST = 7 * 24 * 3600 * 1000;
const NO_PAGE = "/spot/no-network";

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(request, pathname));
  else if (pathname.startsWith("/static/")) event.respondWith(file(request));
});

async function page(request, pathname) {
  const kept = await held(pathname);
  const asked = fetch(request);
  const wait = new Promise((_, reject) => kept && setTimeout(() => reject(new Error("slow")), PATIENCE));
  try {
    const answer = await Promise.race([asked, wait]);
    return kept && answer.status >= 502 ? kept : answer; // the server behind the proxy is away
  } catch {
    asked.catch(() => undefined);
    return kept ?? (await (await caches.open(PAGES)).match(NO_PAGE, { ignoreVary: true })) ?? Response.error();
  }
}

async function held(pathname) {
  const pages = await caches.open(PAGES);
  const found = await pages.match(pathname, { ignoreVary: true });
  if (!found || Number(found.headers.get("x-kept-at")) > Date.now() - OLDEST) return found;
  await pages.delete(pathname);
  return undefined;
}

async function file(request) {
  return (await caches.match(request.url, { cacheName: FILES, ignoreVary: true })) ?? fetch(request);
}
