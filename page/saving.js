// The dialog in which a painting is saved: as large as the photo, or as it is shown.

const SUFFIXES = { "image/jpeg": "jpg", "image/png": "png" };
const element = (id) => document.getElementById(id);

export class Saving {
  /** trouble: called with what went wrong. */
  constructor(painter, painting, trouble) {
    Object.assign(this, { painter, painting, trouble, dialog: element("saving"), job: null });
    element("saving-save").addEventListener("click", (event) => {
      event.preventDefault();
      this.save();
    });
    this.dialog.addEventListener("close", () => {
      if (this.job) painter.cancel();
      this.job = null;
    });
  }

  /** studio: what is saved. */
  open(studio) {
    const { height, width } = studio.size;
    const { painting } = this;
    this.studio = studio;
    this.whole = painting.width === width && painting.height === height;
    element("full").replaceChildren(...size("Full size", width, height, "finer strokes"));
    element("shown").replaceChildren(
      ...size("As shown", painting.width, painting.height, "these strokes"));
    element("shown").closest("label").hidden = this.whole;
    if (this.whole) this.dialog.querySelector("[value=full]").checked = true;
    this.show(false);
    this.dialog.showModal();
  }

  async save() {
    const { size, type } = Object.fromEntries(new FormData(this.dialog.querySelector("form")));
    const { file, look } = this.studio;
    const job = this.job = Symbol("saving");  // The dialog may be closed, and opened for another.
    this.show(true);
    try {
      const blob = size === "full"
        ? (await this.painter.call("save", { look: structuredClone(look), type })).blob
        : await asShown(this.painting, type);
      if (job === this.job) download(blob, `${stem(file)}-${look.network}.${SUFFIXES[type]}`);
    } catch (error) {
      if (job === this.job) this.trouble(error);
    }
    if (job !== this.job) return;
    this.job = null;
    this.dialog.close();
  }

  show(busy) {
    element("saving-save").disabled = busy;
    element("saving-progress").hidden = !busy;
    element("saving-progress").removeAttribute("value");
    element("saving-detail").textContent = busy ? "Painting at full size. This may take a minute." : "";
    for (const fieldset of this.dialog.querySelectorAll("fieldset")) fieldset.disabled = busy;
  }

  /** done: from 0 to 1. */
  progress(done) {
    if (!this.job) return;
    element("saving-progress").value = done;
    element("saving-detail").textContent = `Painting at full size: ${Math.round(100 * done)}%`;
  }
}

function size(what, width, height, strokes) {
  const note = document.createElement("small");
  note.textContent = `${width} × ${height}, ${strokes}`;
  return [what, note];
}

async function asShown(painting, type) {
  const canvas = new OffscreenCanvas(painting.width, painting.height);
  canvas.getContext("2d").drawImage(painting, 0, 0);
  return canvas.convertToBlob({ type, quality: 0.95 });
}

function download(blob, name) {
  const address = URL.createObjectURL(blob);
  Object.assign(document.createElement("a"), { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60e3);
}

const stem = ({ name = "photo" }) => name.replace(/\.[^.]*$/, "");
