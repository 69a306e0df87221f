// The visitor's picture: decoded upright by the browser, read as planes, whole or by rows.

import { mirroredToMultiple, taken, toPlanes } from "./planes.js";
import { Trouble } from "./trouble.js";

const READABLE = "Choose a JPEG, PNG, WebP or AVIF picture.";

export class Picture {
  /** file: a Blob; its name, if it has one, is said when it cannot be read. */
  static async open(file) {
    try {
      return new Picture(await createImageBitmap(file, { imageOrientation: "from-image" }));
    } catch {
      throw new Trouble(`${file.name ? `“${file.name}”` : "This"} cannot be read. ${READABLE}`);
    }
  }

  constructor(bitmap) {
    this.bitmap = bitmap;
    [this.height, this.width] = [bitmap.height, bitmap.width];
  }

  /** The whole picture shrunk to about so many pixels; never enlarged. */
  shrunk(pixels) {
    const scale = Math.min(1, Math.sqrt(pixels / (this.width * this.height)));
    const [height, width] = [this.height, this.width].map((side) =>
      Math.max(1, Math.round(side * scale)));
    return toPlanes(this.pixels(0, this.height, { height, width }));
  }

  /** As a source of rows (rows.js), mirrored below and on the right to multiples of 4. */
  rows() {
    const rows = mirroredToMultiple(this.height);
    const columns = mirroredToMultiple(this.width);
    const read = async (first, last) => {
      const shown = rows.subarray(first, last);
      const [top, bottom] = [Math.min(...shown), Math.max(...shown) + 1];
      return taken(toPlanes(this.pixels(top, bottom)), shown.map((row) => row - top), columns);
    };
    return { channels: 3, height: rows.length, width: columns.length, read };
  }

  /** The ImageData of some rows, on white, at another size if one is given. */
  pixels(first, last, { height, width } = { height: last - first, width: this.width }) {
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.fillStyle = "white";
    context.fillRect(0, 0, width, height);
    context.imageSmoothingQuality = "high";
    context.drawImage(this.bitmap, 0, first, this.width, last - first, 0, 0, width, height);
    return context.getImageData(0, 0, width, height);
  }

  close() {
    this.bitmap.close();
  }
}
