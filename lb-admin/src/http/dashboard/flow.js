// Five minutes of requests a second, one band a seat, with a mark for each event that moved something. The bands are
// steps of a second, since that is what is known; a second of which nothing is known stays empty.

import { $, clock, colour, count, rate, say, svg } from "./dom.js";
import { KEPT_MS } from "./samples.js";
import { markOf, sentence } from "./events.js";

const MARGIN = { left: 54, right: 16, top: 16, bottom: 18 };

export function show(samples, events, now) {
  const view = $("flow");
  const { clientWidth: width, clientHeight: height } = view;
  if (width === 0) return;
  const [left, right, top, bottom] = [MARGIN.left, width - MARGIN.right, MARGIN.top, height - MARGIN.bottom];
  const x = (at) => left + ((at - (now - KEPT_MS)) / KEPT_MS) * (right - left);
  const most = ceiling(Math.max(1, ...samples.map((one) => one.total)));
  const y = (value) => bottom - (value / most) * (bottom - top);

  view.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const said = view.querySelector("title");
  const lines = axes(left, right, top, bottom, most, x, now);
  view.replaceChildren(said, ...lines, ...bands(samples, x, y, left), ...marks(events, x, top, bottom, now));
  const last = samples.at(-1)?.total ?? 0;
  say($("flow-now"), rate(last));
  const first = samples[0]?.at ?? now;
  say($("flow-note"), now - first < KEPT_MS - 5000 ? `seen from here since ${clock(first)}` : "");
  const peak = Math.max(0, ...samples.map((one) => one.total));
  say(said, `${rate(last)} requests a second now, at most ${rate(peak)} in five minutes`);
}

/** 1, 2 or 5 times a power of ten, at least `value`. */
function ceiling(value) {
  const unit = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((times) => times * unit).find((nice) => nice >= value * 1.02) ?? 10 * unit;
}

function axes(left, right, top, bottom, most, x, now) {
  const lines = [most, most / 2, 0].map((value) => {
    const at = Math.round(bottom - (value / most) * (bottom - top)) + 0.5;
    // Half a request is no label.
    const label = Number.isInteger(value) ? count(value) : "";
    const line = svg("path", { class: value === 0 ? "base" : "grid", d: `M${left} ${at}H${right}` });
    return svg("g", {}, line, svg("text", { x: left - 6, y: at + 3.5, class: "axis end" }, label));
  });
  const times = [5, 4, 3, 2, 1, 0].map((minutes) => {
    const place = minutes === 5 ? "start" : minutes === 0 ? "end" : "middle";
    const label = minutes === 0 ? "now" : `−${minutes} min`;
    return svg("text", { x: x(now - minutes * 60_000), y: bottom + 13, class: `axis ${place}` }, label);
  });
  return [...lines, ...times];
}

function bands(samples, x, y, left) {
  const seats = [...new Set(samples.flatMap((one) => Object.keys(one.seats)))].sort();
  const paths = Object.fromEntries(seats.map((seat) => [seat, ""]));
  for (const one of samples) {
    const [from, to] = [Math.max(left, x(one.at - one.seconds * 1000)), x(one.at)];
    if (to <= left) continue;
    const step = (base, value) => stepOf(from, to, y(base), y(base + value));
    let base = 0;
    for (const seat of seats) {
      const value = one.seats[seat];
      if (!value) continue;
      paths[seat] += step(base, value);
      base += value;
    }
    if (one.total > base + 0.01) paths.further = (paths.further ?? "") + step(base, one.total - base);
  }
  const kind = (seat) => (seat === "further" ? "further" : `band ${colour(seat)}`);
  return Object.entries(paths).map(([seat, d]) => svg("path", { d, class: kind(seat) }));
}

/** Half a pixel wider than it is long, or the steps would show seams. */
function stepOf(from, to, low, high) {
  return `M${from.toFixed(1)} ${low.toFixed(1)}V${high.toFixed(1)}H${(to + 0.5).toFixed(1)}V${low.toFixed(1)}Z`;
}

function marks(events, x, top, bottom, now) {
  const shown = events.filter((event) => markOf(event.kind) && Date.parse(event.at) > now - KEPT_MS);
  // Trouble is drawn over what came at the same moment.
  shown.sort((a, b) => (markOf(a.kind)[1] === "bad") - (markOf(b.kind)[1] === "bad"));
  return shown.map((event) => {
    const [glyph, kind] = markOf(event.kind);
    const at = x(Math.min(now, Date.parse(event.at)));
    return svg("g", { class: `mark ${kind}` },
      svg("title", {}, sentence(event)),
      svg("path", { d: `M${at.toFixed(1)} ${top - 2}V${bottom}` }),
      svg("text", { x: at.toFixed(1), y: top - 5 }, glyph));
  });
}
