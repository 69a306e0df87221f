// A network as restyle/page/network.py wrote it.

import { fetched } from "./engine.js";
import { cropped, mirroredToMultiple, taken } from "./planes.js";

const CHECKED_SIDE = 32;

export class Network {
  /** entry: of networks.json. progress: called with the bytes that have come. */
  static async load(entry, engine, base, progress) {
    const bytes = await fetched(new URL(entry.file, base), progress);
    const network = new Network(entry, bytes, engine, await engine.session(bytes));
    await engine.check(network.session, bytes, network.feeds(noise(CHECKED_SIDE), fullDials(entry)));
    return network;
  }

  constructor(entry, bytes, engine, session) {
    Object.assign(this, { entry, bytes, engine, session });
    this.weights = new Map();
  }

  /**
   * The picture that the network makes of a photo, of the same size; the dial has not seen it yet.
   *
   * dials: {strength, ..., style_weights}, those that the network has.
   */
  async paint(photo, dials) {
    const { height, width } = photo;
    const whole = taken(photo, mirroredToMultiple(height), mirroredToMultiple(width));
    const { painted } = await this.session.run(this.feeds(whole, dials));
    return cropped({ ...whole, values: painted.data }, height, width);
  }

  /** What its norms blend by, or null. */
  async condition(dials) {
    if (!this.session.outputNames.includes("condition")) return null;
    const { condition } = await this.session.run(this.feeds(noise(8), dials));
    return condition.data;
  }

  feeds({ height, width, values }, dials) {
    const feeds = { photo: this.engine.tensor(values, [1, 3, height, width]) };
    for (const name of this.session.inputNames) {
      if (name !== "photo") {
        const given = Float32Array.from([dials[name]].flat());
        feeds[name] = this.engine.tensor(given, [1, given.length]);
      }
    }
    return feeds;
  }

  /** A weight by its name in Keras: {values, shape}, float32. */
  weight(name) {
    if (!this.weights.has(name)) {
      const { offset, shape } = this.entry.weights[name];
      const count = shape.reduce((product, side) => product * side, 1);
      const halves = new Uint16Array(this.bytes.slice(offset, offset + 2 * count).buffer);
      this.weights.set(name, { values: Float32Array.from(halves, fromHalf), shape });
    }
    return this.weights.get(name);
  }
}

/** The dials of a network that paints as strongly as it can, all its styles alike. */
export function fullDials(entry) {
  const dials = Object.fromEntries(entry.dials.map((name) => [name, 1]));
  return { ...dials, style_weights: entry.styles.map(() => 1 / entry.styles.length) };
}

/** The number of 16 bits that these bits mean (IEEE 754). */
function fromHalf(bits) {
  const sign = bits >> 15 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function noise(side) {
  const values = Float32Array.from({ length: 3 * side * side }, (_, i) => ((i * 7919) % 251) / 250);
  return { channels: 3, height: side, width: side, values };
}
