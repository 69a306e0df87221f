// Paints beside the page, so that the page never freezes: takes {id, kind, data}, answers
// {id, result}, {id, trouble} or {id, error}, and tells of progress.

import { Atelier } from "./atelier.js";
import { Trouble } from "./trouble.js";

let atelier = null;
let before = Promise.resolve();  // One thing after another.
let canceledBefore = 0;  // What was asked for under smaller ids is not wanted any more.

const KINDS = ["start", "open", "paint", "estimate", "prepare", "frame", "save"];

self.addEventListener("message", ({ data: { id, kind, data } }) => {
  if (kind === "cancel") {
    canceledBefore = id;
    return;
  }
  before = before.then(() => answer(id, kind, data));
});

async function answer(id, kind, data) {
  try {
    if (!KINDS.includes(kind)) throw new Error(`no such kind: ${kind}`);
    atelier ??= new Atelier(data.table, data.base, (progress) => self.postMessage({ progress }));
    atelier.isCanceled = () => id < canceledBefore;
    const result = await atelier[kind](data);
    const moved = result?.bitmap ? [result.bitmap] : [];
    self.postMessage({ id, result }, moved);
  } catch (error) {
    const isTrouble = error instanceof Trouble;
    self.postMessage(isTrouble ? { id, trouble: error.message } : { id, error: String(error) });
  }
}
