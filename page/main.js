// The page: what the visitor does, and what is shown for it.

import { Camera } from "./camera.js";
import { Comparison } from "./comparison.js";
import { firstLook, lookWith, showControls } from "./controls.js";
import { showGallery } from "./gallery.js";
import { offerToKeep, readyForOffline } from "./offline.js";
import { Painter } from "./painter.js";
import { Saving } from "./saving.js";
import { Studio } from "./studio.js";
import { Trouble } from "./trouble.js";

const SAMPLE = "sample.jpg";
const element = (id) => document.getElementById(id);
const asked = new URLSearchParams(location.search);  // ?engine=wasm&network=wave

class Page {
  constructor(table) {
    this.table = table;
    this.comparison = new Comparison(element("comparison"));
    this.painter = new Painter((progress) => this.hear(progress));
    this.studio = new Studio(this.painter, {
      photo: (bitmap) => this.comparison.showPhoto(bitmap),
      painting: (bitmap) => this.camera.isOn || this.comparison.showPainting(bitmap),
      busy: (busy) => this.showBusy(busy),
      painted: (result, look) => this.showPainted(result, look),
      trouble: (error) => this.showTrouble(error),
    });
    this.camera = new Camera(this.painter, () => this.studio.look, (photo, painting, rate) =>
      this.showFrame(photo, painting, rate));
    this.saving = new Saving(this.painter, this.comparison.painting, (error) =>
      this.showTrouble(error));
    this.listen();
  }

  async start() {
    const entry = this.entry(asked.get("network")) ?? this.table.networks[0];
    this.studio.look = firstLook(entry);
    showGallery(element("gallery"), this.table.networks, entry.name, (name) => this.choose(name));
    this.showControls();
    await this.showSample();
    const base = new URL("./", location.href).href;
    const engine = { table: this.table, base, asked: asked.get("engine") ?? "auto" };
    this.studio.startWith(await this.painter.call("start", engine));
    offerToKeep(element("keep"), this.table.networks);
    await this.studio.open(await this.sample);
  }

  /** The sample as it is, while the painter is fetched. */
  async showSample() {
    this.sample = fetch(SAMPLE).then(async (response) =>
      new File([await response.blob()], SAMPLE));
    this.comparison.showPhoto(await createImageBitmap(await this.sample));
  }

  entry(name) {
    return this.table.networks.find((entry) => entry.name === name);
  }

  choose(name) {
    this.studio.look = lookWith(this.entry(name), this.studio.look);
    this.showControls();
    this.changed();
  }

  showControls() {
    const { look } = this.studio;
    showControls(element("controls"), this.entry(look.network), look, () => this.changed());
  }

  changed() {
    this.showTrouble(null);
    if (!this.camera.isOn) this.studio.changed();
  }

  open(file) {
    if (!file) return;
    this.showTrouble(null);
    this.stopCamera();
    this.openInStudio(file);
  }

  async openInStudio(file) {
    element("save").disabled = true;
    await this.studio.open(file);
  }

  listen() {
    element("choose").addEventListener("click", () => element("file").click());
    element("file").addEventListener("change", ({ target }) => {
      this.open(target.files[0]);
      target.value = "";  // The same file may be chosen again.
    });
    element("camera").addEventListener("click", () => this.toggleCamera());
    element("turn").addEventListener("click", () => {
      this.camera.turn();
      this.runCamera();
    });
    element("save").addEventListener("click", () => this.save());
    addEventListener("paste", ({ clipboardData }) => this.open(clipboardData.files[0]));
    const dragging = (isDragging) => (event) => {
      event.preventDefault();
      document.body.classList.toggle("dragging", isDragging);
    };
    addEventListener("dragover", dragging(true));
    addEventListener("dragleave", (event) => event.relatedTarget || dragging(false)(event));
    addEventListener("drop", (event) => {
      dragging(false)(event);
      this.open(event.dataTransfer.files[0]);
    });
  }

  async save() {
    if (this.camera.isOn) {
      const picture = this.camera.picture();  // Before the camera stops, and once.
      this.stopCamera();
      element("save").disabled = true;
      await this.openInStudio(await picture);
    } else {
      this.saving.open(this.studio);
    }
  }

  async toggleCamera() {
    if (this.camera.isOn) {
      this.stopCamera();
      await this.openInStudio(this.studio.file);
    } else {
      await this.runCamera();
    }
  }

  async runCamera() {
    this.showTrouble(null);
    try {
      await this.camera.open();
      this.showCamera();
      await this.camera.film();
    } catch (error) {
      this.stopCamera();
      this.showTrouble(error);
    }
  }

  stopCamera() {
    this.camera.stop();
    this.showCamera();
  }

  showCamera() {
    const { isOn } = this.camera;
    element("camera").textContent = isOn ? "Stop camera" : "Camera";
    element("save").textContent = isOn ? "Take picture" : "Save";
    element("turn").hidden = true;
    element("label").ariaLive = isOn ? "off" : "polite";  // Not each frame is to be read out.
    if (isOn) this.camera.hasSeveral().then((several) => (element("turn").hidden = !several));
  }

  showFrame(photo, painting, rate) {
    this.comparison.showFrame(photo, painting);
    this.showTitle(this.studio.look);
    element("save").disabled = false;
    element("detail").textContent = `Live, ${rate.toFixed(1)} frames per second`;
  }

  showPainted({ seconds, size }, look) {
    this.showTitle(look);
    element("save").disabled = false;
    const { width, height } = size;
    const time = seconds > 0.02 ? `, painted in ${seconds.toFixed(1)} s` : "";
    this.detail = `${width} × ${height}${time}`;
    element("detail").textContent = this.detail;
  }

  showTitle({ network, dials }) {
    const { title, styles } = this.entry(network);
    const shown = styles.filter((_, style) => dials.style_weights[style] > 0);
    const isBlend = styles.length > 1;
    element("title").textContent = isBlend ? shown.map((style) => style.title).join(", ") : title;
    const painter = shown.length === 1 ? shown[0].painter : "";
    element("painter").textContent = painter && `after ${painter}`;
  }

  showBusy(busy) {
    element("progress").hidden = !busy;
    element("progress").removeAttribute("value");
    element("comparison").setAttribute("aria-busy", busy);
    if (busy) element("detail").textContent = "Painting";
  }

  hear({ fetching, bytes, all, painting, engine }) {
    if (engine) element("engine").textContent = `Painted by ${engine}, on this device only.`;
    if (painting !== undefined) this.saving.progress(painting);
    if (!fetching) return;
    this.showBusy(true);
    if (bytes >= all) return;
    element("progress").value = bytes / all;
    element("detail").textContent = `Fetching ${fetching}, ${(all / 1e6).toFixed(1)} MB, once`;
  }

  /** error: a Trouble, which has a sentence; another error, which has none; or null for none. */
  showTrouble(error) {
    element("trouble").hidden = !error;
    if (!error) return;
    this.showBusy(false);
    element("save").disabled = !this.studio.size;
    element("detail").textContent = this.detail ?? "";
    element("trouble").textContent = error instanceof Trouble
      ? error.message
      : `Something unexpected went wrong: ${error.message}`;
  }
}

async function begin() {
  if (!self.OffscreenCanvas || !self.DecompressionStream) {
    element("detail").textContent = "This browser is too old to paint. Use one from 2023 or later.";
    return;
  }
  if (!await readyForOffline()) return;
  const table = await (await fetch("networks.json")).json();
  const page = new Page(table);
  await page.start().catch((error) => page.showTrouble(error));
}

begin();
