// The dashboard of lb: one page that shows what `/v1` says and changes nothing but through it. Each part of the page is
// a file that exports what it does with the state (`show`) or with its own form; this one joins them. No framework, no
// outside asset, no style or script in the page: its Content-Security-Policy allows what comes from here, no more.

import { $, count, say, seatOf, shorts, span, colour, clock } from "./dom.js";
import { ask } from "./ask.js";
import { follow } from "./stream.js";
import { sample } from "./samples.js";
import * as verdict from "./verdict.js";
import * as replicas from "./replicas.js";
import * as flow from "./flow.js";
import * as ring from "./ring.js";
import * as events from "./events.js";
import * as change from "./change.js";
import * as history from "./history.js";
import "./explain.js";
import "./charts.js";
import "./tabs.js";

change.onPlan(ring.ghost);

let instance = null;
let epoch = null;
let known = "";

const stream = follow({
  state({ summary, backends }, wasStale) {
    const now = Date.parse(summary.now);
    const started = Math.round(now / 1000 - summary.uptime_seconds);
    // A second of rounding is no restart.
    const anew = instance != null && Math.abs(started - instance) > 2;
    if (instance == null || anew) instance = started;
    if (anew) loadEvents().then((last) => stream.restart(last));
    if (anew || wasStale || epoch !== summary.epoch) history.load();
    epoch = summary.epoch;

    [...backends].sort((a, b) => a.seat - b.seat).forEach((backend) => colour(seatOf(backend)));
    const samples = sample(now, summary, backends);
    facts(summary);
    verdict.show(summary);
    replicas.show(backends, samples, now);
    flow.show(samples, events.recent(), now);
    const names = backends.map((backend) => `${backend.name} ${backend.state} ${backend.drained}`).join();
    ring.show(summary, backends, known !== names);
    known = names;
    change.show(summary, backends);
    document.title = `${summary.verdict.level === "ok" ? "" : "● "}lb: ${summary.verdict.text}`;
  },
  change(event) {
    events.add(event);
  },
  stale(since) {
    const state = since == null ? "live" : "stale";
    if ($("stream").dataset.state !== state) $("stream").dataset.state = state;
    document.body.classList.toggle("stale", since != null);
    say($("stream"), since == null ? "live" : `stale since ${clock(since)}: no word from lb, connecting again`);
  },
});

function facts(summary) {
  say($("version"), summary.version);
  say($("fact-epoch"), count(summary.epoch));
  say($("fact-hash"), `${summary.ring.hash}, ${count(summary.ring.slots)} slots`);
  say($("fact-connections"), count(summary.connections.open));
  say($("fact-waiting"), count(summary.sessions.waiting));
  say($("fact-latency"), shorts(summary.first_byte_seconds.p50, summary.first_byte_seconds.p99));
  say($("fact-uptime"), span(summary.uptime_seconds));
}

async function loadEvents() {
  const { events: all } = await ask("GET", "/v1/events");
  events.replace(all);
  return all.length > 0 ? all.at(-1).id : 0;
}

loadEvents()
  .catch(() => 0)
  .then((last) => stream.begin(last));
