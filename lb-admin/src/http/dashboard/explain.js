// Where a key goes, and why: the balancer's own answer, from the key to the one who gets it, and who had it before.

import { $, count, el } from "./dom.js";
import { ask } from "./ask.js";

async function explain(key) {
  const box = $("explained");
  try {
    box.replaceChildren(...view(await ask("GET", `/v1/explain?key=${encodeURIComponent(key)}`)));
  } catch (refused) {
    box.replaceChildren(el("p", { class: "bad" }, `Refused: ${refused.message}`));
  }
}

function view(found) {
  const steps = [
    ["key", found.key],
    ["hash", found.hash],
    ["slot", count(found.slot)],
    ["owner", found.owner ?? "nobody"],
    ["goes to", found.routed_to ?? "nobody: no one takes requests"],
  ];
  const refuses = "refuses it with 503: its places and its queue are full";
  const takes = found.refused ? refuses : found.waits ? "takes it, once a place is free" : "takes it";
  const candidates = found.candidates.map(({ name, state, chosen, skipped, load }) => {
    const why = chosen ? takes : skipped ? `skipped: ${skipped}` : `${state}, would be next`;
    const busy = load === null ? "" : ` · ${sessions(load)}`;
    return el("li", { class: chosen ? "chosen" : "" }, el("b", {}, name), ` ${why}${busy}`);
  });
  const history = spans(found.history).map(
    ({ first, last, owner }) => `${first === last ? `epoch ${first}` : `epochs ${first}–${last}`}: ${owner ?? "nobody"}`,
  );
  return [
    el("dl", { class: "steps" }, ...steps.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))),
    el("h3", {}, "In this order"),
    el("ol", { class: "candidates" }, ...candidates),
    el("h3", {}, "Its owner so far"),
    el("p", { class: "quiet" }, history.join(" · ")),
  ];
}

function sessions({ open, places, waiting }) {
  const of = places === null ? "" : ` of ${count(places)}`;
  return `${count(open)}${of} sessions${waiting > 0 ? `, ${count(waiting)} wait` : ""}`;
}

/** Neighbouring epochs with one owner are one span, newest first. */
function spans(history) {
  const found = [];
  for (const { epoch, owner } of history) {
    if (found.length > 0 && found.at(-1).owner === owner) found.at(-1).first = epoch;
    else found.push({ first: epoch, last: epoch, owner });
  }
  return found;
}

$("explain-form").addEventListener("submit", (event) => {
  event.preventDefault();
  if ($("explain-key").value !== "") explain($("explain-key").value);
});
