// What has happened, newest first, in plain words.

import { $, clock, el } from "./dom.js";

const SHOWN_MAX = 200;

// kind: what is said of `name`, the mark on the strip and how much it matters.
const KINDS = {
  started: ["was started", null],
  ready: ["takes requests", ["●", "good"]],
  down: ["is down", ["✕", "bad"]],
  died: ["died", ["✕", "bad"]],
  ejected: ["is out of the ring", null],
  added: ["was added", null],
  removed: ["was removed", null],
  stopped: ["has stopped", null],
  replacing: ["gets a replacement in its seat", null],
  start_failed: ["could not be started", ["✕", "bad"]],
  connect_refused: ["refused a connection", null],
  scaled: ["", null],
  changed: ["changed", null],
  // Whatever changes the mapping is told so, too: one mark is enough for it.
  mapped: ["", ["◆", "change"]],
  fail_open: ["Checks are suspected, all are routed to", ["✕", "bad"]],
  fail_open_ended: ["Checks are believed again", ["●", "good"]],
};

let kept = [];

export const recent = () => kept;
export const markOf = (kind) => KINDS[kind]?.[1] ?? null;

export function sentence({ kind, name, detail }) {
  const words = KINDS[kind]?.[0] ?? kind.replaceAll("_", " ");
  // Some are nobody's in particular.
  const subject = kind === "mapped" || kind.startsWith("fail_open") ? "" : name;
  return [[subject, words].filter((part) => part).join(" "), detail].filter((part) => part).join(": ");
}

export function replace(all) {
  kept = [...all];
  $("events").replaceChildren(...all.slice(-SHOWN_MAX).reverse().map(line));
}

export function add(event) {
  // What a reconnect sends again is known.
  if (kept.length > 0 && event.id <= kept.at(-1).id) return;
  kept.push(event);
  if (kept.length > 1000) kept.shift();
  $("events").prepend(line(event));
  while ($("events").children.length > SHOWN_MAX) $("events").lastElementChild.remove();
}

function line(event) {
  const weight = markOf(event.kind)?.[1] ?? "";
  const time = el("time", { datetime: event.at }, clock(event.at));
  return el("li", { class: weight }, time, " ", el("span", {}, sentence(event)));
}
