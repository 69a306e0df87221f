// Keeps the page's files, so that it works without a network, and lets it have several threads.
//
// files.js, written with each export, names the files that are kept at once, and a version that
// changes with any file. Networks and the painter are kept when they were fetched first.

importScripts("files.js");

const OURS = `restyle ${self.registration.scope} `;  // Other pages of this host have caches too.
const CACHE = OURS + self.SITE.version;
const KEPT_LATER = /\.(onnx|mjs|gz)$/;

// A page may have threads only if nothing of another origin can look into it. Hosts that send
// these headers by themselves (see _headers) give threads on the first visit already.
const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

self.addEventListener("install", (event) => event.waitUntil(keepFiles()));

self.addEventListener("activate", (event) => event.waitUntil(takeOver()));

self.addEventListener("fetch", (event) => {
  const file = fileOf(event.request);
  if (file) event.respondWith(answer(event, file));
});

/** The file of the page that is asked for, or null: other pages may lie in the same folder. */
function fileOf({ method, url }) {
  const { scope } = self.registration;
  if (method !== "GET" || !url.startsWith(scope)) return null;
  const name = url.slice(scope.length).replace(/[?#].*/, "");
  if (name === "" || name === "index.html") return "./";
  return self.SITE.files.includes(name) || KEPT_LATER.test(name) ? name : null;
}

async function keepFiles() {
  const cache = await caches.open(CACHE);
  await cache.addAll(self.SITE.files.map((file) => new Request(file, { cache: "no-cache" })));
  await self.skipWaiting();
}

async function takeOver() {
  const old = (await caches.keys()).filter((name) => name.startsWith(OURS) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function answer(event, file) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(file);
  const response = kept ?? await fetch(event.request);
  if (!kept && response.ok) event.waitUntil(cache.put(file, response.clone()));
  return isolated(response);
}

function isolated(response) {
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(ISOLATION)) headers.set(name, value);
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}
