// The visitor's camera, painted frame by frame.

import { Trouble } from "./trouble.js";

const SECONDS = 0.12;  // That a frame may take.
const SHORTEST = 160, LONGEST = 720;  // Long side of a frame in pixels.

export class Camera {
  /** show: called with (photo, painting, frames per second). look: gives the look of now. */
  constructor(painter, look, show) {
    Object.assign(this, { painter, look, show, facing: "user", longSide: 320, stream: null });
    this.video = Object.assign(document.createElement("video"), { muted: true, playsInline: true });
  }

  get isOn() {
    return this.stream !== null;
  }

  /** Starts to film. */
  async open() {
    if (!navigator.mediaDevices) {
      throw new Trouble("The camera works only on pages served over https.");
    }
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: this.facing, width: { ideal: 1280 } },
      });
    } catch (error) {
      const missing = error.name === "NotFoundError";
      throw new Trouble(missing ? "No camera was found." : "The camera could not be opened. "
        + "Allow it for this page, and make sure that no other program is using it.");
    }
    this.video.srcObject = this.stream;
    await this.video.play();
  }

  /** Whether there is more than one; known only while one is on. */
  async hasSeveral() {
    const devices = await navigator.mediaDevices.enumerateDevices();
    return devices.filter(({ kind }) => kind === "videoinput").length > 1;
  }

  /** Paints what it films until `stop`, or until it was opened again. */
  async film() {
    const { stream } = this;
    this.rate = 0;
    while (this.stream === stream) await this.paintFrame(stream);
  }

  /** The camera on the other side is the next to be opened. */
  turn() {
    this.stop();
    this.facing = this.facing === "user" ? "environment" : "user";
  }

  stop() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
  }

  async paintFrame(stream) {
    const start = performance.now();
    const [bitmap, photo] = [this.frame(this.longSide), this.frame(this.longSide)];
    const painting = await this.painter.call("frame", { bitmap, look: this.look() }, [bitmap]);
    if (this.stream !== stream) return;
    const seconds = (performance.now() - start) / 1000;
    this.rate = this.rate ? 0.8 * this.rate + 0.2 / seconds : 1 / seconds;
    this.show(photo, painting.bitmap, this.rate);
    this.adapt(seconds);
    await new Promise(requestAnimationFrame);
  }

  /** What the camera sees, with a long side of so many pixels; as in a mirror, if it sees us. */
  frame(longSide) {
    const { videoWidth, videoHeight } = this.video;
    const scale = Math.min(1, longSide / Math.max(videoWidth, videoHeight));
    const [width, height] = [videoWidth, videoHeight].map((side) => Math.round(side * scale));
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d");
    if (this.facing === "user") context.setTransform(-1, 0, 0, 1, width, 0);
    context.drawImage(this.video, 0, 0, width, height);
    return canvas.transferToImageBitmap();
  }

  /** What the camera sees now, as large as it is, as a file. */
  async picture() {
    const bitmap = this.frame(Infinity);
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    canvas.getContext("2d").drawImage(bitmap, 0, 0);
    return canvas.convertToBlob({ type: "image/png" });
  }

  /** Larger frames where there is time for them, smaller ones where there is not. */
  adapt(seconds) {
    const fitting = this.longSide * Math.sqrt(SECONDS / seconds);
    const next = Math.min(Math.max(0.7 * this.longSide + 0.3 * fitting, SHORTEST), LONGEST);
    if (Math.abs(next - this.longSide) > 16) this.longSide = Math.round(next / 16) * 16;
  }
}
