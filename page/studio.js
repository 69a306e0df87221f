// The picture on show: asks the painter for what the visitor wants, the latest wish first.

const QUIET = 300;  // Milliseconds without a wish before an estimate is replaced by the painting.
const FIRST_SPEED = { gpu: 2e-7, thread: 7e-6 };  // Seconds a pixel, until one was measured.
const SECONDS = 2;  // That a picture on show may take.
const FEWEST_PIXELS = 480 * 360, MOST_PIXELS = 1200 * 900;

export class Studio {
  /** show: {photo(bitmap), painting(bitmap), busy(bool), painted(result, look), trouble(error)}. */
  constructor(painter, show) {
    Object.assign(this, { painter, show, look: null, file: null, size: null });
    this.wish = 0;  // Grows with each.
    this.done = 0;
    this.opening = 0;
    this.working = false;
  }

  startWith(label) {
    const threads = Number(/(\d+) thread/.exec(label)?.[1] ?? 0);
    this.speed = threads ? FIRST_SPEED.thread / threads : FIRST_SPEED.gpu;
  }

  /** Shows a picture, a Blob, and paints it. What cannot be read leaves all as it was. */
  async open(file) {
    const opening = ++this.opening;
    const pixels = Math.min(Math.max(SECONDS / this.speed, FEWEST_PIXELS), MOST_PIXELS);
    try {
      const { height, width, bitmap } = await this.painter.call("open", { file, pixels });
      if (opening !== this.opening) return;
      this.size = { height, width };
      this.file = file;
      this.show.photo(bitmap);
      this.changed();
    } catch (error) {
      this.show.trouble(error);
    }
  }

  /** To be called after the look was changed. */
  changed() {
    this.wish++;
    this.changedAt = performance.now();
    if (!this.working && this.size) this.work();
  }

  async work() {
    this.working = true;
    let failed = false;
    while (this.done < this.wish) {
      const { wish } = this;
      failed = false;
      try {
        await this.fulfill(wish, structuredClone(this.look));
      } catch (error) {
        failed = true;
        this.done = wish;
        if (wish === this.wish) this.show.trouble(error);
      }
    }
    this.working = false;
    this.show.busy(false);
    if (!failed) this.prepare();
  }

  async fulfill(wish, look) {
    const estimate = await this.painter.call("estimate", look);
    if (estimate && this.size) this.show.painting(estimate.bitmap);
    if (estimate) await this.quiet(wish);
    if (wish !== this.wish) return;
    this.show.busy(true);
    const opening = this.opening;
    const result = await this.painter.call("paint", look);
    if (opening !== this.opening) return;
    this.measure(result);
    this.done = Math.max(this.done, wish);
    this.show.painting(result.bitmap);
    this.show.painted(result, look);
  }

  /** Waits until there was no other wish for a while; not once there is one. */
  async quiet(wish) {
    while (wish === this.wish && performance.now() < this.changedAt + QUIET) {
      await new Promise(requestAnimationFrame);
    }
  }

  measure({ seconds, size }) {
    const speed = seconds / (size.height * size.width);
    if (seconds > 0.02) this.speed = speed;  // Else it was painted before.
  }

  /** While there is nothing else to do: what estimates for the next wishes will be mixed of. */
  async prepare() {
    const { wish, look } = this;
    while (wish === this.wish && await this.painter.call("prepare", structuredClone(look)));
  }
}
