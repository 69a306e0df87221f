// The photo and the painting over one another, and the divider between them.

const RESTING = 30;  // Percent of the photo that is left to see beside a new painting.
const REVEAL_SECONDS = 1.2;
const STEP = 5;  // Percent for an arrow key.

export class Comparison {
  constructor(element) {
    this.element = element;
    [this.photo, this.painting] = element.querySelectorAll("canvas");
    this.input = element.querySelector("input");
    this.input.addEventListener("input", () => {
      this.stopReveal();
      this.divide(Number(this.input.value));
    });
    this.input.addEventListener("keydown", (event) => this.step(event));
    this.divide(0);
  }

  /** Shows a new photo, not painted yet. */
  showPhoto(bitmap) {
    this.stopReveal();
    this.element.classList.remove("painted");
    this.shape(bitmap);
    this.draw(this.photo, bitmap);
  }

  /** Shows a painting of the photo; the first one is drawn across it like a curtain. */
  showPainting(bitmap) {
    this.draw(this.painting, bitmap);
    if (this.element.classList.contains("painted")) return;
    this.element.classList.add("painted");
    this.reveal();
  }

  /** Shows a frame of the camera and its painting. */
  showFrame(photo, painting) {
    this.shape(photo);
    this.draw(this.photo, photo);
    this.draw(this.painting, painting);
    this.element.classList.add("painted");
  }

  shape({ width, height }) {
    this.element.parentElement.style.setProperty("--ratio", width / height);
  }

  draw(canvas, bitmap) {
    const { width, height } = bitmap;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    canvas.getContext("bitmaprenderer").transferFromImageBitmap(bitmap);
  }

  /** So many percent of the photo, on the left. */
  divide(percent) {
    this.input.value = percent;
    this.input.setAttribute("aria-valuetext", `${Math.round(percent)} percent photo`);
    this.element.style.setProperty("--position", `${percent}%`);
    this.element.classList.toggle("all-painting", percent < 12);
    this.element.classList.toggle("all-photo", percent > 86);
  }

  step(event) {
    const forward = { ArrowLeft: -STEP, ArrowDown: -STEP, ArrowRight: STEP, ArrowUp: STEP };
    if (!(event.key in forward)) return;
    event.preventDefault();
    this.stopReveal();
    this.divide(Math.min(Math.max(Number(this.input.value) + forward[event.key], 0), 100));
  }

  reveal() {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.divide(RESTING);
      return;
    }
    const start = performance.now();
    const frame = (now) => {
      const time = Math.min(Math.max(now - start, 0) / 1000 / REVEAL_SECONDS, 1);
      const eased = 1 - (1 - time) ** 3;
      this.divide(100 + (RESTING - 100) * eased);
      this.revealing = time < 1 ? requestAnimationFrame(frame) : null;
    };
    this.divide(100);
    this.revealing = requestAnimationFrame(frame);
  }

  stopReveal() {
    cancelAnimationFrame(this.revealing);
  }
}
