// What tests/test_page_browser.py does inside the page; each function is called by its name there.

/** A painter beside the page's own, with a photo of these bytes; the name of its engine. */
async function opened({ bytes, asked, pixels }) {
  const { Painter } = await import("./painter.js");
  const painter = new Painter(() => {});
  const table = await (await fetch("networks.json")).json();
  const engine = await painter.call("start", { table, base: document.baseURI, asked });
  await painter.call("open", { file: new Blob([Uint8Array.from(bytes)]), pixels });
  return [painter, engine];
}

/** The engine, and the bytes of the picture as it is saved at once and in bands. */
async function paintTwice({ look, ...photo }) {
  const [painter, engine] = await opened({ ...photo, pixels: 1000 });
  const pictures = [];
  for (const mostPixels of [1e9, 0]) {
    const { blob } = await painter.call("save", { look, type: "image/png", mostPixels });
    pictures.push(Array.from(new Uint8Array(await blob.arrayBuffer())));
  }
  painter.worker.terminate();
  return [engine, pictures];
}

/** An estimate before there is any painting to mix it of; the levels of one then, of a painting. */
async function estimate({ look, ...photo }) {
  const [painter] = await opened({ ...photo, pixels: 1e6 });
  const before = await painter.call("estimate", look);
  while (await painter.call("prepare", look));
  const pictures = [];
  for (const kind of ["estimate", "paint"]) {
    const { bitmap } = await painter.call(kind, look);
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    canvas.getContext("2d").drawImage(bitmap, 0, 0);
    const { data } = canvas.getContext("2d").getImageData(0, 0, bitmap.width, bitmap.height);
    pictures.push(Array.from(data));
  }
  painter.worker.terminate();
  return [before, ...pictures];
}

/** Presses Cancel as soon as the picture to be saved is being painted. */
function cancelWhenBegun() {
  const detail = document.getElementById("saving-detail");
  const observer = new MutationObserver(() => {
    if (!detail.textContent.includes("%")) return;
    observer.disconnect();
    document.getElementById("saving-cancel").click();
  });
  observer.observe(detail, { childList: true });
}

/** The color of a text, and of the ground behind it. */
function colorsOf(selector) {
  const element = document.querySelector(selector);
  let wall = element;
  while (getComputedStyle(wall).backgroundColor === "rgba(0, 0, 0, 0)") wall = wall.parentElement;
  return [getComputedStyle(element).color, getComputedStyle(wall).backgroundColor];
}

/** What can be used but has no name. */
function nameless() {
  const all = document.querySelectorAll(
    "button, input:not([hidden]), canvas:not([aria-hidden]), progress");
  return [...all].filter(each => !(each.ariaLabel || each.textContent.trim()
    || [...(each.labels ?? [])].some(label => label.textContent.trim())))
    .map(each => each.outerHTML);
}
