// The visitor's picture painted at its full size: at once if it is small, else in bands.

import { BandPainter, rowsThatFit, workInBands } from "./bands.js";
import { finished } from "./look.js";
import { cropped, toImageData, toPlanes } from "./planes.js";
import { bands, rowsOf } from "./rows.js";
import { Trouble } from "./trouble.js";

const BAND_MEMORY = 100e6;
const JPEG_QUALITY = 0.95;

/**
 * A file of the painted picture.
 *
 * look: {dials, share, keepColors}. task: {type, mostPixels to paint at once, convolve, progress,
 * pause}: type is that of the file, the last three are functions, see atelier.js.
 */
export async function paintFullSize(picture, network, look, task) {
  const { height, width } = picture;
  try {
    const canvas = new OffscreenCanvas(width, height);
    const rows = rowsThatFit(network.entry, width, BAND_MEMORY);
    const painted = height * width <= task.mostPixels
      ? await atOnce(picture, network, look)
      : await inBands(picture, network, look, rows, task);
    await paintOnto(canvas.getContext("2d"), picture, painted, look, rows);
    return await canvas.convertToBlob({ type: task.type, quality: JPEG_QUALITY });
  } catch (error) {
    if (error instanceof Trouble) throw error;
    throw new Trouble(`${(height * width / 1e6).toFixed(1)} megapixels are too many for this `
      + `browser (${error.message ?? error}). Save the picture as shown instead.`);
  }
}

async function atOnce(picture, network, { dials }) {
  return rowsOf(await network.paint(picture.shrunk(Infinity), dials));
}

function inBands(picture, network, { dials }, rows, task) {
  const photo = picture.rows();
  const all = workInBands(network.entry, photo, rows);
  let done = 0;
  const convolve = async (planes, kernel, bias, stride) => {
    const convolved = await task.convolve(planes, kernel, bias, stride);
    done += kernel.values.length * convolved.height * convolved.width;
    task.progress(Math.min(done / all, 1));
    await task.pause();
    return convolved;
  };
  return new BandPainter(network, photo, dials, { convolve, rows }).painted();
}

async function paintOnto(context, picture, painted, { share, keepColors }, rows) {
  for (const [first, last] of bands(picture.height, rows)) {
    const band = cropped(await painted.read(first, last), last - first, picture.width);
    const photo = toPlanes(picture.pixels(first, last));
    context.putImageData(toImageData(finished(photo, band, share, keepColors)), 0, first);
  }
}
