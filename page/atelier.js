// All that the worker has: an engine, networks, the visitor's picture and what was painted of it.

import { bytesWhole } from "./bands.js";
import { Engine, waysHere } from "./engine.js";
import { paintFullSize } from "./full_size.js";
import { dialShare, finished } from "./look.js";
import { Network } from "./network.js";
import { Picture } from "./picture.js";
import { toImageData } from "./planes.js";
import { Trouble } from "./trouble.js";

const MEMORY = 600e6;  // Bytes that a network may take; larger pictures are painted in bands.
const KEPT_BYTES = 160e6;  // Of paintings as the networks made them.

export class Atelier {
  /** table: networks.json. base: the address of the page. say: is told of progress, as an object. */
  constructor(table, base, say) {
    Object.assign(this, { table, base, say });
    this.networks = new Map();
    this.paintings = new Map();
    this.isCanceled = () => false;
  }

  /** Starts the fastest engine that works. asked: "auto", "webgpu" or "wasm". */
  async start({ asked }) {
    this.ways = await waysHere(asked);
    return this.nextEngine();
  }

  async nextEngine() {
    const progress = (bytes, all) => this.say({ fetching: "the painter", bytes, all });
    for (let way; (way = this.ways.shift());) {
      try {
        this.engine = await Engine.start(way, this.table, this.base, progress);
        this.networks.clear();
        this.say({ engine: this.engine.label });
        return this.engine.label;
      } catch (error) {
        if (!this.ways.length) throw connected(error);
        console.info(`Paints without ${way}: ${error.message}`);
      }
    }
  }

  /** Does something with a network; with the next engine, if this one fails at it. */
  async with(name, act) {
    for (;;) {
      try {
        return await act(await this.network(name));
      } catch (error) {
        if (error instanceof Trouble || !this.ways.length) throw error;
        console.info(`Paints without ${this.engine.label}: ${error.message}`);
        await this.nextEngine();
      }
    }
  }

  async network(name) {
    const entry = this.entry(name);
    if (!this.networks.has(name)) {
      const progress = (bytes) => this.say({ fetching: entry.title, bytes, all: entry.bytes });
      const loading = Network.load(entry, this.engine, this.base, progress).catch((error) => {
        this.networks.delete(name);
        throw connected(error, entry.title);
      });
      this.networks.set(name, loading);
    }
    return this.networks.get(name);
  }

  entry(name) {
    return this.table.networks.find((entry) => entry.name === name);
  }

  /** Takes a picture, to be shown with at most so many pixels. */
  async open({ file, pixels }) {
    const picture = await Picture.open(file);
    this.picture?.close();
    this.picture = picture;
    this.shown = picture.shrunk(Math.min(pixels, this.mostPixels()));
    this.paintings.clear();
    const { height, width } = picture;
    return { height, width, bitmap: await createImageBitmap(toImageData(this.shown)) };
  }

  /** How many pixels each of the networks can paint at once. */
  mostPixels() {
    return Math.min(...this.table.networks.map((entry) =>
      Math.min(MEMORY / bytesWhole(entry, 1), this.engine.mostNumbers / (2 * entry.width))));
  }

  /** Paints the picture as it is shown. look: {network, dials, keepColors}. */
  async paint(look) {
    const start = performance.now();
    const raw = await this.raw(look);
    const seconds = (performance.now() - start) / 1000;
    return { seconds, size: sizeOf(this.shown), bitmap: await this.bitmap(raw, look) };
  }

  /**
   * At once, what `paint` would give, or nearly: paintings with other settings, mixed. Null if
   * they are not there yet.
   */
  async estimate(look) {
    const entry = this.entry(look.network);
    const exact = this.paintings.get(keyOf(entry, look.dials));
    if (exact) return { bitmap: await this.bitmap(exact, look) };
    const parts = this.parts(look).map(({ key, weight }) => [this.paintings.get(key), weight]);
    if (parts.some(([painting]) => !painting)) return null;
    const values = new Float32Array(this.shown.values.length);
    for (const [painting, weight] of parts) {
      painting.values.forEach((value, i) => (values[i] += weight * value));
    }
    const share = look.dials.strength;  // Once more of the photo is a good likeness of less style.
    return { bitmap: await this.bitmap({ ...this.shown, values }, look, share) };
  }

  /** Paints one of those that `estimate` would mix; false if all are there. */
  async prepare(look) {
    const missing = this.parts(look).find(({ key }) => !this.paintings.has(key));
    if (missing) await this.raw({ ...look, dials: missing.dials });
    return Boolean(missing);
  }

  /**
   * What a look lies between: single styles at full strength, and dials at 0, 1/2 or 1, each with
   * its weight. The weights sum to one.
   */
  parts({ network, dials }) {
    const entry = this.entry(network);
    let parts = dials.style_weights.map((weight, style) => {
      const alone = dials.style_weights.map((_, other) => Number(other === style));
      return { weight, dials: { ...dials, strength: 1, style_weights: alone } };
    });
    for (const name of entry.dials.filter((each) => each !== "strength")) {
      parts = parts.flatMap((part) => [0, 0.5, 1].map((knot) => ({
        weight: part.weight * Math.max(0, 1 - 2 * Math.abs(dials[name] - knot)),
        dials: { ...part.dials, [name]: knot },
      })));
    }
    return parts.filter(({ weight }) => weight > 0)
      .map((part) => ({ ...part, key: keyOf(entry, part.dials) }));
  }

  /** What the network makes of the picture as it is shown; kept. */
  async raw({ network, dials }) {
    const key = keyOf(this.entry(network), dials);
    const photo = this.shown;
    if (!this.paintings.has(key)) {
      const painting = await this.with(network, (each) => each.paint(photo, dials));
      if (photo === this.shown) this.keep(key, painting);
      return painting;
    }
    return this.paintings.get(key);
  }

  keep(key, painting) {
    this.paintings.set(key, painting);
    const most = Math.max(2, Math.floor(KEPT_BYTES / painting.values.byteLength));
    while (this.paintings.size > most) this.paintings.delete(this.paintings.keys().next().value);
  }

  /** The bitmap of what a network made, as the look asks for it. */
  bitmap(raw, look, share = this.share(look)) {
    return createImageBitmap(toImageData(finished(this.shown, raw, share, look.keepColors)));
  }

  share({ network, dials }) {
    const { strength } = dials;
    return this.entry(network).dials.includes("strength") ? dialShare(strength) : strength;
  }

  /** Paints a frame of the camera. */
  async frame({ bitmap, look }) {
    const photo = new Picture(bitmap).shrunk(Infinity);
    bitmap.close();
    const raw = await this.with(look.network, (network) => network.paint(photo, look.dials));
    const painted = toImageData(finished(photo, raw, this.share(look), look.keepColors));
    return { bitmap: await createImageBitmap(painted) };
  }

  /** The picture, painted at its full size, as a file. type: image/jpeg or image/png. */
  async save({ look, type, mostPixels }) {
    await this.pause();
    const share = this.share(look);
    const task = {
      mostPixels: mostPixels ?? this.mostPixels(),
      convolve: (...given) => this.engine.convolve(...given),
      progress: (painting) => this.say({ painting }),
      pause: () => this.pause(),
    };
    return this.with(look.network, async (network) => ({
      blob: await paintFullSize(this.picture, network, { ...look, share }, { type, ...task }),
    }));
  }

  /** Lets messages come in, such as to cancel. */
  async pause() {
    await new Promise((resolve) => setTimeout(resolve));
    if (this.isCanceled()) throw new Trouble("Canceled. Nothing was saved.");
  }
}

/** What decides the network's picture of a photo, as a string. */
function keyOf(entry, dials) {
  const weights = entry.styles.length > 1 ? dials.style_weights : [];
  return JSON.stringify([entry.name, entry.dials.map((name) => dials[name]), weights]);
}

const sizeOf = ({ height, width }) => ({ height, width });

/** A sentence, if a file could not be fetched; else the error itself. */
function connected(error, what = "The painter") {
  const failed = error instanceof TypeError || /answered \d|fetch/i.test(error.message);
  if (error instanceof Trouble || !failed) return error;
  return new Trouble(`${what} could not be fetched. Check the connection, and try again.`);
}
