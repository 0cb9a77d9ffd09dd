// The slots as a ring: one arc a seat, as long as its share; outside it, thin, the shares that a pending plan would
// make. Pointing at an arc, or reaching it by Tab and the arrow keys, shows which slots it is.

import { $, colour, count, el, percent, say, seatOf, svg } from "./dom.js";
import { ask } from "./ask.js";
import { fillIn } from "./change.js";

const OUTER = 97;
const INNER = 57;
const GHOST = { outer: 110, inner: 103 };
const LABELLED = 0.055;
/** So many characters fit the width of an arc. */
const LABEL_FITS = 6;
const RANGES_SHOWN = 60;
const HINT = "Each arc is a replica's share of the slots. Point at one, or Tab to it, to see which slots it has.";

let backends = [];
let summary = null;
let shown = null;
let current = null;
let plan = null;
let drawn = "";

export function show(newSummary, newBackends, changed) {
  [summary, backends] = [newSummary, newBackends];
  const shares = backends.map((backend) => `${backend.name} ${backend.share}`).join() + summary.ring.digest;
  if (changed || drawn !== shares) draw();
  drawn = shares;
  if (!backends.some((backend) => backend.name === current)) current = null;
  const { max_over_mean: spread } = summary.ring;
  say($("ring-note"), spread == null ? "" : `largest share ${spread.toFixed(3)} of the mean`);
}

/** What a plan would make of the shares; `null`: there is none. */
export function ghost(effect) {
  plan = effect;
  if (summary) draw();
}

/** Shows a replica and fills it in where one is changed. */
export function select(name) {
  current = name;
  fillIn(name);
  draw();
}

function draw() {
  const owners = backends.filter((backend) => backend.share > 0).sort((a, b) => a.seat - b.seat);
  const focused = document.activeElement?.getAttribute("data-arc");
  const ready = backends.filter((backend) => backend.state === "ready" && !backend.drained).length;
  const reach = owners.some(({ name }) => name === current) ? current : owners[0]?.name;
  const placed = around(owners, (owner) => owner.share);
  const arcs = placed.map(({ item, from, to }) => arcOf(item, from, to, item.name === reach));
  const ghosts = plan ? ghostArcs(plan.shares) : [];
  const figure = svg("text", { y: 2, class: "big" }, ready);
  const words = svg("text", { y: 18 }, `of ${backends.length} take requests`);
  const middle = svg("g", { class: "middle", "aria-hidden": "true" }, figure, words);
  const empty = svg("circle", { r: (OUTER + INNER) / 2, class: "empty" });
  $("ring").replaceChildren(hatch(), empty, ...arcs, ...ghosts, middle);
  if (focused) $("ring").querySelector(`[data-arc="${CSS.escape(focused)}"]`)?.focus();
  detail();
}

function ghostArcs(shares) {
  const owners = shares.filter((share) => share.after > 0).sort((a, b) => a.seat - b.seat);
  return around(owners, (share) => share.after).map(({ item, from, to }) => {
    const known = backends.find((backend) => backend.name === item.name);
    const seat = known ? seatOf(known) : `seat ${item.seat}`;
    const title = svg("title", {}, `${item.name} after the plan: ${percent(item.after)}`);
    return svg("path", { d: arc(GHOST.outer, GHOST.inner, from, to), class: `ghost ${colour(seat)}` }, title);
  });
}

/** Where each begins and ends, in turns from 12 o'clock. */
function around(items, share) {
  let at = 0;
  return items.map((item) => ({ item, from: at, to: (at += share(item)) }));
}

function arcOf(backend, from, to, reachable) {
  const shape = arc(OUTER, INNER, from, to);
  const down = backend.state !== "ready";
  const [show, leave] = [() => peek(backend.name), () => peek(null)];
  return svg(
    "g",
    {
      role: "button",
      "data-arc": backend.name,
      "aria-label": `${backend.name}: ${percent(backend.share)} of the slots, ${backend.state}`,
      "aria-pressed": String(backend.name === current),
      tabindex: reachable ? 0 : -1,
      onpointerenter: show,
      onpointerleave: leave,
      onfocus: show,
      onblur: leave,
      onclick: () => select(backend.name),
      onkeydown: move,
    },
    svg("path", { d: shape, class: `arc ${colour(seatOf(backend))}` }),
    down && svg("path", { d: shape, class: "hatched" }),
    to - from >= LABELLED && labelOf(backend.name, (from + to) / 2, down),
  );
}

function labelOf(name, turn, over) {
  const [x, y] = at((OUTER + INNER) / 2, turn);
  const kind = `label${over ? " over" : ""}${name.length > LABEL_FITS ? " long" : ""}`;
  return svg("text", { x, y: y + 3, class: kind }, abbreviated(name));
}

const abbreviated = (name) => (name.length > 8 ? `${name.slice(0, 7)}…` : name);

function arc(outer, inner, from, to) {
  // A whole turn has no direction; a little less has.
  const end = Math.min(to, from + 0.9999);
  const point = (radius, turn) => at(radius, turn).map((value) => value.toFixed(2)).join(" ");
  const large = end - from > 0.5 ? 1 : 0;
  const there = `M${point(outer, from)}A${outer} ${outer} 0 ${large} 1 ${point(outer, end)}`;
  return `${there}L${point(inner, end)}A${inner} ${inner} 0 ${large} 0 ${point(inner, from)}Z`;
}

const at = (radius, turn) => [radius * Math.sin(turn * 2 * Math.PI), -radius * Math.cos(turn * 2 * Math.PI)];

function hatch() {
  const place = { width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" };
  return svg("defs", {}, svg("pattern", { id: "hatch", ...place }, svg("path", { d: "M0 0V6", class: "hatch" })));
}

function move(event) {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (step) {
    const arcs = [...$("ring").querySelectorAll("[data-arc]")];
    arcs.at((arcs.indexOf(event.currentTarget) + step) % arcs.length).focus();
  } else if (event.key === "Enter" || event.key === " ") {
    select(event.currentTarget.dataset.arc);
  } else {
    return;
  }
  event.preventDefault();
}

let peeked = null;

function peek(name) {
  peeked = name;
  detail();
}

/** Beside the ring: who is pointed at, else who is selected, else how to. */
async function detail() {
  const backend = backends.find(({ name }) => name === (peeked ?? current));
  const key = backend ? `${backend.name} ${backend.share} ${backend.state} ${summary.ring.digest}` : "";
  if (shown === key) return;
  shown = key;
  const box = $("ring-detail");
  if (!backend) {
    box.replaceChildren(el("p", { class: "quiet" }, HINT));
    return;
  }
  const ranges = el("p", { class: "ranges" }, "…");
  const swatch = el("i", { class: `swatch ${colour(seatOf(backend))}`, "aria-hidden": "true" });
  const parts = [
    el("h3", {}, swatch, backend.name, " ", el("small", {}, backend.state)),
    el("p", {}, `${count(backend.slots)} slots, ${percent(backend.share, 2)}`, el("br"),
      el("span", { class: "quiet" }, `due ${percent(backend.share_ideal, 2)} by weight ${backend.weight}`)),
    backend.supervised && el("p", {}, output(backend.name)),
    ranges,
  ];
  box.replaceChildren(...parts.filter((part) => part));
  try {
    const { ranges: list, ranges_total: total } = await ask("GET", `/v1/ring?name=${encodeURIComponent(backend.name)}`);
    if (shown !== key) return;
    const few = list.slice(0, RANGES_SHOWN).map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`));
    const more = total > RANGES_SHOWN ? ", …" : "";
    ranges.replaceChildren(el("span", { class: "quiet" }, `${count(total)} ranges: `), few.join(", "), more);
  } catch (refused) {
    ranges.textContent = `Its ranges can't be shown: ${refused.message}`;
  }
}

/** What the replica itself has printed. */
function output(name) {
  const href = `/v1/backends/${encodeURIComponent(name)}/logs?tail=100`;
  return el("a", { href, target: "_blank", rel: "noopener" }, "what it has printed");
}
