// Pictures as planes of float32 in [0, 1]: all of red, then green, then blue, each row by row.

/** The planes of an ImageData, which has laid what is transparent on white. */
export function toPlanes({ data, width, height }) {
  const size = width * height;
  const values = new Float32Array(3 * size);
  for (let channel = 0; channel < 3; channel++) {
    const first = channel * size;
    for (let i = 0, j = channel; i < size; i++, j += 4) values[first + i] = data[j] / 255;
  }
  return { channels: 3, height, width, values };
}

/** The levels of 8 bits of three planes, opaque: what a canvas takes. Undoes `toPlanes`. */
export function toImageData({ width, height, values }) {
  const size = width * height;
  const levels = new Uint8ClampedArray(4 * size);  // Rounds, and keeps within 0 and 255.
  for (let i = 0, j = 0; i < size; i++, j += 4) {
    levels[j] = values[i] * 255;
    levels[j + 1] = values[size + i] * 255;
    levels[j + 2] = values[2 * size + i] * 255;
    levels[j + 3] = 255;
  }
  return new ImageData(levels, width, height);
}

/**
 * Which row each row of a padded picture shows: 0 1 2 1 0 1 ... for 3 rows. A network takes
 * multiples of 4, at least 8; as PadToMultiple in models/layers.py.
 */
export function mirroredToMultiple(size, multiple = 4, least = 8) {
  const padded = Math.max(Math.ceil(size / multiple) * multiple, least);
  const period = Math.max(2 * (size - 1), 1);
  return Int32Array.from({ length: padded }, (_, i) =>
    Math.min(i % period, period - (i % period)));
}

/** The rows and columns of these indices. */
export function taken(planes, rows, columns) {
  const { channels, height, width, values } = planes;
  const result = new Float32Array(channels * rows.length * columns.length);
  let at = 0;
  for (let channel = 0; channel < channels; channel++) {
    for (const row of rows) {
      const first = (channel * height + row) * width;
      for (const column of columns) result[at++] = values[first + column];
    }
  }
  return { channels, height: rows.length, width: columns.length, values: result };
}

/** The upper left part of this size. */
export function cropped(planes, height, width) {
  const values = new Float32Array(planes.channels * height * width);
  let at = 0;
  for (let channel = 0; channel < planes.channels; channel++) {
    for (let row = 0; row < height; row++, at += width) {
      const first = (channel * planes.height + row) * planes.width;
      values.set(planes.values.subarray(first, first + width), at);
    }
  }
  return { channels: planes.channels, height, width, values };
}
