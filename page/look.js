// What is done to a painting after the network: strength, and the photo's colors.

const LUMA = [0.299, 0.587, 0.114];  // The Y of YIQ, as in restyle/color.py.

/** What a network made of a photo, with so large a share, and with the photo's colors if asked. */
export function finished(photo, raw, share, keepColors) {
  const painted = mixed(photo, raw, share);
  return keepColors ? withColorsOf(photo, painted) : painted;
}

/** photo + share (painted - photo). */
function mixed(photo, painted, share) {
  if (share === 1) return painted;
  const values = photo.values.map((value, i) => value + share * (painted.values[i] - value));
  return { ...painted, values };
}

/** How much of the network's picture a dial lets through: StrengthDial in models/layers.py. */
export const dialShare = (strength) => 1 - (1 - strength) ** 4;

/** The brightness of the painting in the colors of the photo: keep_luminance, restyle/color.py. */
function withColorsOf(photo, painted) {
  const size = painted.width * painted.height;
  const values = new Float32Array(3 * size);
  const chroma = [0, 0, 0];
  for (let i = 0; i < size; i++) {
    const target = luminance(painted.values, i, size);
    const before = luminance(photo.values, i, size);
    let share = 1;  // The largest that keeps the color between 0 and 1.
    for (let c = 0; c < 3; c++) {
      chroma[c] = photo.values[c * size + i] - before;
      const room = chroma[c] > 0 ? 1 - target : target;
      if (room < share * Math.abs(chroma[c])) share = room / Math.abs(chroma[c]);
    }
    for (let c = 0; c < 3; c++) values[c * size + i] = target + share * chroma[c];
  }
  return { ...painted, values };
}

function luminance(values, i, size) {
  return LUMA[0] * values[i] + LUMA[1] * values[size + i] + LUMA[2] * values[2 * size + i];
}
