// The table of replicas, whoever is in trouble first. A row stays the same element as long as its replica is there, so
// that focus and selection survive the next second.

import { $, age, clock, colour, count, el, percent, rate, say, seatOf, shorts, span, svg } from "./dom.js";
import { ratesOf } from "./samples.js";
import { select } from "./ring.js";

const SPARK_SECONDS = 60;
const SPARK = { width: 60, height: 18 };
const ORDER = { down: 0, starting: 1, draining: 3 };

const rows = new Map();
let failuresBefore = new Map();

/** Lower is worse. Among equals the order of addition stays. */
function trouble(backend) {
  if (backend.state in ORDER) return ORDER[backend.state];
  const refuses = backend.connect_failures_total > (failuresBefore.get(backend.name) ?? Infinity);
  const failing = refuses || backend.last_check?.ok === false;
  return failing ? 2 : backend.drained ? 3 : 4;
}

export function show(backends, samples, now) {
  const sorted = backends.map((backend, at) => ({ backend, at, trouble: trouble(backend) }));
  sorted.sort((a, b) => a.trouble - b.trouble || a.at - b.at);
  failuresBefore = new Map(backends.map((backend) => [backend.name, backend.connect_failures_total]));
  const body = $("replicas");
  for (const [name, row] of rows) {
    if (backends.some((backend) => backend.name === name)) continue;
    row.node.remove();
    rows.delete(name);
  }
  sorted.forEach(({ backend }, place) => {
    const row = rows.get(backend.name) ?? make(backend);
    write(row, backend, ratesOf(seatOf(backend), samples, now, SPARK_SECONDS), now);
    // Moving an element takes its focus away: only who stands wrong is moved.
    if (body.children[place] !== row.node) body.insertBefore(row.node, body.children[place] ?? null);
  });
  const ready = backends.filter((backend) => backend.state === "ready").length;
  say($("replicas-note"), `${count(ready)} of ${count(backends.length)} ready, whoever is in trouble first`);
}

function make(backend) {
  const cells = {};
  const cell = (name, kind) => (cells[name] = el("td", { class: kind }));
  const swatch = el("i", { class: `swatch ${colour(seatOf(backend))}`, "aria-hidden": "true" });
  const hint = "Show its slots, and fill it in under Change";
  const name = el("button", { class: "name", title: hint, onclick: () => select(backend.name) }, swatch, backend.name);
  const line = svg("path", { class: "line" });
  const box = `0 0 ${SPARK.width} ${SPARK.height}`;
  const now = el("b");
  const row = el(
    "tr",
    { "data-name": backend.name },
    el("th", { scope: "row" }, name),
    cell("state", "state"),
    cell("age", "n"),
    cell("share", "n"),
    cell("flight", "n"),
    el("td", { class: "n req" }, svg("svg", { class: "spark", viewBox: box, "aria-hidden": "true" }, line), now),
    cell("latency", "n"),
    cell("errors", "n"),
    cell("check", "check"),
    cell("restarts", "n"),
  );
  const made = { node: row, cells, line, now };
  rows.set(backend.name, made);
  return made;
}

function write({ node, cells, line, now: figure }, backend, rates, now) {
  const state = backend.drained && backend.state === "ready" ? "drained" : backend.state;
  if (node.dataset.state !== state) node.dataset.state = state;
  say(cells.state, state);
  say(cells.age, age((now - Date.parse(backend.since)) / 1000));
  cells.age.title = `${state} since ${backend.since}`;
  say(cells.share, `${(100 * backend.share).toFixed(1)} / ${percent(backend.share_ideal)}`);
  const waiting = backend.waiting > 0 ? ` + ${count(backend.waiting)}` : "";
  say(cells.flight, `${count(backend.sessions)}${waiting}`);
  const limit = backend.max_connections;
  cells.flight.title = limit == null ? "No limit" : `At most ${count(limit)} at a time, ${count(backend.waiting)} wait`;
  const { count: answered, p50, p99 } = backend.first_byte_seconds;
  say(cells.latency, answered > 0 ? shorts(p50, p99) : "–");
  say(cells.errors, count(backend.connect_failures_total));
  cells.errors.classList.toggle("some", backend.connect_failures_total > 0);
  check(cells.check, backend.last_check, now);
  say(cells.restarts, count(backend.restarts));
  say(figure, rate(rates.at(-1) ?? rates.at(-2) ?? 0));
  line.setAttribute("d", spark(rates));
}

function check(cell, last, now) {
  say(cell, last ? `${last.ok ? "ok" : "failed"}, ${span((now - Date.parse(last.at)) / 1000)} ago` : "–");
  cell.classList.toggle("some", last?.ok === false);
  cell.title = last ? `${last.detail}, at ${clock(last.at)}` : "No check so far";
}

function spark(rates) {
  const top = Math.max(1, ...rates);
  const x = (at) => ((at / (SPARK_SECONDS - 1)) * SPARK.width).toFixed(1);
  const y = (value) => (SPARK.height - 1.5 - (value / top) * (SPARK.height - 3)).toFixed(1);
  let path = "";
  rates.forEach((value, at) => {
    if (value != null) path += `${path === "" || rates[at - 1] == null ? "M" : "L"}${x(at)} ${y(value)}`;
  });
  return path;
}
