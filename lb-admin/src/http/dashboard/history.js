// Every mapping so far has a number: what made it, what it moved, and the way back to it, which is planned first.

import { $, clock, el, percentOf } from "./dom.js";
import { ask } from "./ask.js";
import { epochs, planRollback } from "./change.js";

export async function load() {
  try {
    const { epoch, epochs: kept } = await ask("GET", "/v1/epochs");
    $("history").replaceChildren(...kept.map((one) => line(one, epoch)));
    epochs(kept.map((one) => one.epoch).filter((number) => number !== epoch));
  } catch (refused) {
    $("history").replaceChildren(el("li", { class: "bad" }, `The history can't be shown: ${refused.message}`));
  }
}

function line({ epoch, at, cause, moved_percent: moved, ideal_percent: ideal, unnecessary }, now) {
  const more = unnecessary > 0 ? `, ${unnecessary} slots unnecessarily` : "";
  const effect = `${clock(at)} · ${percentOf(moved)} moved, ideal ${percentOf(ideal)}${more}`;
  const what = el("span", {}, cause, el("br"), el("small", { class: "quiet" }, effect));
  return el("li", {}, el("b", {}, epoch), what, epoch === now ? el("span", { class: "quiet" }, "now") : back(epoch));
}

function back(epoch) {
  const plan = () => planRollback(epoch);
  return el("button", { "aria-label": `Plan to roll back to epoch ${epoch}`, onclick: plan }, "back to it…");
}
