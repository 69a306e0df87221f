// A network on a picture of any size, in bounded memory: the same picture as at once.
//
// The same way as restyle/paint/bands.py, which says why it is the same: the statistics of each
// instance norm are taken over the whole picture, band by band, before the first band passes it.

import { added, convolved, enlarged, moments, normalized, stored } from "./rows.js";

const MOST_ROWS = 64, FEWEST_ROWS = 8;
const BYTES_OF_ROW = 48;  // For each channel of the width and column, as in band_plan.py.

/** How many bytes the network takes for so many pixels at once. As in band_plan.py. */
export const bytesWhole = (entry, pixels) => pixels * (24 + 30 * entry.width);

/** How many rows a band has, so that it takes about so many bytes. */
export function rowsThatFit(entry, width, bytes) {
  const rows = Math.floor(bytes / (BYTES_OF_ROW * entry.width * width));
  return Math.min(Math.max(rows, FEWEST_ROWS), MOST_ROWS);
}

export class BandPainter {
  /**
   * photo: a source of rows, see rows.js; height and width multiples of 4.
   * convolve: runs a convolution on planes. rows: of a band.
   */
  constructor(network, photo, dials, { convolve, rows }) {
    Object.assign(this, { network, photo, dials, rows });
    this.convolve = convolve;
  }

  /** The picture as a source of rows, when all statistics are known; before that, most is done. */
  async painted() {
    this.condition = await this.network.condition(this.dials);
    let values = await this.normalizedAgain(this.photo, "in");
    for (const name of ["down2", "down4"]) values = await this.normalized(values, name, 2);
    for (let block = 1; block <= this.network.entry.residual_blocks; block++) {
      let changed = await this.normalized(values, `residual${block}a`);
      changed = await this.normalized(changed, `residual${block}b`, 1, false);
      values = await stored(added(values, changed), this.rows);
    }
    values = await this.normalized(enlarged(values), "up2");
    values = await this.normalizedAgain(enlarged(values), "up1");
    return sigmoid(this.convolved(values, "out"));
  }

  convolved(source, name, stride = 1) {
    const [kernel, bias] = ["kernel", "bias"].map((each) =>
      this.network.weight(`${name}_conv/${each}`));
    return convolved(source, kernel, bias, stride, this.convolve);
  }

  /** A convolution, stored, and its norm. */
  async normalized(source, name, stride = 1, rectify = true) {
    const values = await stored(this.convolved(source, name, stride), this.rows);
    return normalized(values, await this.affine(values, name), rectify);
  }

  /** A convolution, computed again whenever it is asked for, and its norm. */
  async normalizedAgain(source, name) {
    const values = this.convolved(source, name);
    return normalized(values, await this.affine(values, name), true);
  }

  /** Instance norm as a factor and a summand for each channel. */
  async affine(values, name) {
    const { mean, variance } = await moments(values, this.rows);
    const [gamma, beta] = ["gamma", "beta"].map((each) => this.blended(`${name}_norm/${each}`));
    const scale = variance.map((each, c) => gamma[c] / Math.sqrt(each + this.network.entry.epsilon));
    return { scale, shift: mean.map((each, c) => beta[c] - each * scale[c]) };
  }

  /** A vector of a norm: of several conditions the sum, weighted. */
  blended(name) {
    const { values, shape } = this.network.weight(name);
    if (shape.length === 1) return values;
    const [conditions, channels] = shape;
    return Float64Array.from({ length: channels }, (_, c) => {
      let sum = 0;
      for (let k = 0; k < conditions; k++) sum += this.condition[k] * values[k * channels + c];
      return sum;
    });
  }
}

/** All numbers that the convolutions multiply, for progress. */
export function workInBands(entry, { height, width }, rows) {
  const pixels = height * width;
  const again = (rows + 8) / rows;  // Rows that two bands share are computed for both.
  let work = 0;
  for (const [name, { shape }] of Object.entries(entry.weights)) {
    if (name.endsWith("_conv/kernel")) {
      const share = pixelShare(name);
      const times = name.startsWith("in_") || name.startsWith("up1_") ? 2 * again : again;
      work += times * share * pixels * shape.reduce((product, side) => product * side, 1);
    }
  }
  return work;
}

function pixelShare(name) {
  if (/^(in|up1|out)_/.test(name)) return 1;
  return /^(down2|up2)_/.test(name) ? 1 / 4 : 1 / 16;
}

function sigmoid(source) {
  const read = async (first, last) => {
    const band = await source.read(first, last);
    return { ...band, values: band.values.map((value) => 1 / (1 + Math.exp(-value))) };
  };
  return { ...source, read };
}
