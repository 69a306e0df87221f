// Activations that are never there as a whole: sources of rows that ask one another for rows.
//
// The same as restyle/paint/rows.py. A source is {channels, height, width, read}; read(first, last)
// promises the planes of these rows.

/** (first, last) of each band from top to bottom. */
export function* bands(height, rows) {
  for (let first = 0; first < height; first += rows) yield [first, Math.min(first + rows, height)];
}

/**
 * Reflection padding by half the kernel, and a convolution.
 *
 * convolve: what runs it on planes that are padded.
 */
export function convolved(source, kernel, bias, stride, convolve) {
  const edge = kernel.shape[2] >> 1;
  const read = async (first, last) => {
    const [above, below] = [first * stride - edge, (last - 1) * stride + edge + 1];
    const [top, bottom] = [Math.max(above, 0), Math.min(below, source.height)];
    const band = await source.read(top, bottom);
    return convolve(mirrored(band, top - above, below - bottom, edge), kernel, bias, stride);
  };
  const [height, width] = [source.height, source.width].map((side) => Math.ceil(side / stride));
  return { channels: kernel.shape[0], height, width, read };
}

/** values * scale + shift for each channel, and ReLU if asked for. */
export function normalized(source, { scale, shift }, rectify) {
  const read = async (first, last) => {
    const band = await source.read(first, last);
    const values = new Float32Array(band.values.length);
    const size = band.height * band.width;
    for (let c = 0, i = 0; c < band.channels; c++) {
      const [a, b] = [scale[c], shift[c]];
      for (const end = i + size; i < end; i++) {
        const value = band.values[i] * a + b;
        values[i] = rectify && value < 0 ? 0 : value;
      }
    }
    return { ...band, values };
  };
  return { ...source, read };
}

/** Twice the height and width, each value four times. */
export function enlarged(source) {
  const read = async (first, last) => {
    const above = first >> 1;
    const band = await source.read(above, (last + 1) >> 1);
    const width = 2 * band.width;
    const values = new Float32Array(band.channels * (last - first) * width);
    let at = 0;
    for (let c = 0; c < band.channels; c++) {
      for (let row = first; row < last; row++) {
        const from = (c * band.height + (row >> 1) - above) * band.width;
        for (let x = 0; x < band.width; x++) values[at++] = values[at++] = band.values[from + x];
      }
    }
    return { channels: band.channels, height: last - first, width, values };
  };
  return { channels: source.channels, height: 2 * source.height, width: 2 * source.width, read };
}

/** The sum of two of the same shape. */
export function added(one, other) {
  const read = async (first, last) => {
    const [a, b] = [await one.read(first, last), await other.read(first, last)];
    return { ...a, values: a.values.map((value, i) => value + b.values[i]) };
  };
  return { ...one, read };
}

/** The same rows, computed once and kept. */
export async function stored(source, rows) {
  const { channels, height, width } = source;
  const kept = new Float32Array(channels * height * width);
  for (const [first, last] of bands(height, rows)) {
    const { values } = await source.read(first, last);
    const size = (last - first) * width;
    for (let c = 0; c < channels; c++) {
      kept.set(values.subarray(c * size, (c + 1) * size), (c * height + first) * width);
    }
  }
  return rowsOf({ channels, height, width, values: kept });
}

/** Planes as a source of their rows. */
export function rowsOf({ channels, height, width, values }) {
  const read = async (first, last) => {
    const size = (last - first) * width;
    const read = new Float32Array(channels * size);
    for (let c = 0; c < channels; c++) {
      const from = (c * height + first) * width;
      read.set(values.subarray(from, from + size), c * size);
    }
    return { channels, height: last - first, width, values: read };
  };
  return { channels, height, width, read };
}

/** Mean and variance of each channel over all positions. Numbers of 64 bits, row by row. */
export async function moments(source, rows) {
  const { channels, height, width } = source;
  const [sums, squares] = [new Float64Array(channels), new Float64Array(channels)];
  for (const [first, last] of bands(height, rows)) {
    const { values } = await source.read(first, last);
    const size = (last - first) * width;
    for (let c = 0, i = 0; c < channels; c++) {
      let [sum, square] = [0, 0];
      for (const end = i + size; i < end; i++) {
        sum += values[i];
        square += values[i] * values[i];
      }
      sums[c] += sum;
      squares[c] += square;
    }
  }
  const count = height * width;
  const mean = sums.map((sum) => sum / count);
  const variance = squares.map((square, c) => Math.max(square / count - mean[c] ** 2, 0));
  return { mean, variance };
}

/** Planes with so many rows mirrored above and below, and `edge` columns on either side. */
function mirrored({ channels, height, width, values }, above, below, edge) {
  const [tall, wide] = [height + above + below, width + 2 * edge];
  const result = new Float32Array(channels * tall * wide);
  let at = 0;
  for (let c = 0; c < channels; c++) {
    for (let row = -above; row < height + below; row++, at += wide) {
      const shown = row < 0 ? -row : row < height ? row : 2 * (height - 1) - row;
      const from = (c * height + shown) * width;
      result.set(values.subarray(from, from + width), at + edge);
      for (let x = 1; x <= edge; x++) {
        result[at + edge - x] = values[from + x];
        result[at + edge + width - 1 + x] = values[from + width - 1 - x];
      }
    }
  }
  return { channels, height: tall, width: wide, values: result };
}
