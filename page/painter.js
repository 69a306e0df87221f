// The page's side of worker.js: calls that promise a result.

import { Trouble } from "./trouble.js";

export class Painter {
  /** hear: is told of progress. */
  constructor(hear) {
    this.calls = new Map();
    this.next = 0;
    this.worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    this.worker.addEventListener("message", ({ data }) => {
      if (data.progress) hear(data.progress);
      else this.settle(data);
    });
    this.worker.addEventListener("error", (event) => this.failAll(event.message));
  }

  /** What the worker's method of this name gives; a Trouble, if it has a sentence for the visitor. */
  call(kind, data, moved = []) {
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.calls.set(id, { resolve, reject });
      this.worker.postMessage({ id, kind, data }, moved);
    });
  }

  /** Ends what was asked for so far, if it can be ended: a picture painted in bands. */
  cancel() {
    this.worker.postMessage({ id: this.next, kind: "cancel" });
  }

  settle({ id, result, trouble, error }) {
    const { resolve, reject } = this.calls.get(id);
    this.calls.delete(id);
    if (trouble) reject(new Trouble(trouble));
    else if (error) reject(new Error(error));
    else resolve(result);
  }

  failAll(message) {
    for (const { reject } of this.calls.values()) reject(new Error(message));
    this.calls.clear();
  }
}
