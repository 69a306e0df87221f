// The service worker: the page without a network, and with threads.

const PATIENCE = 4000;  // Milliseconds to wait for it. Without it the page works, but once.
const RELOADED = "restyle-reloaded";

/**
 * Waits until the service worker keeps what is fetched, if there can be one.
 *
 * False if the page now begins again: only pages that came by way of the service worker, or of a
 * host that sends the headers, may have threads. It begins again once, before anything is fetched.
 */
export async function readyForOffline() {
  if (!navigator.serviceWorker) return true;  // Not over plain http, nor in some private windows.
  try {
    await navigator.serviceWorker.register("service_worker.js");
    await Promise.race([controlled(), patience()]);
    if (self.crossOriginIsolated || !navigator.serviceWorker.controller) return true;
    if (sessionStorage.getItem(RELOADED)) return true;
    sessionStorage.setItem(RELOADED, "yes");
  } catch {
    return true;
  }
  location.reload();
  return false;
}

function controlled() {
  if (navigator.serviceWorker.controller) return null;
  return new Promise((resolve) =>
    navigator.serviceWorker.addEventListener("controllerchange", resolve, { once: true }));
}

const patience = () => new Promise((resolve) => setTimeout(resolve, PATIENCE));

/** A button that fetches all networks, so that each can be had without a network later. */
export function offerToKeep(button, networks) {
  if (!navigator.serviceWorker?.controller) return;
  const bytes = networks.reduce((sum, { bytes }) => sum + bytes, 0);
  button.textContent = `Keep all styles on this device (${(bytes / 1e6).toFixed(1)} MB)`;
  button.hidden = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await Promise.all(networks.map(({ file }) => fetch(file)));
      button.textContent = "All styles are kept on this device";
    } catch {
      button.textContent = "Not all styles could be fetched. Try again.";
      button.disabled = false;
    }
  });
}
