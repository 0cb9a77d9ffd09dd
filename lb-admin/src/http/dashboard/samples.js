// Five minutes of rates, one sample for each state that came: the balancer counts, the page subtracts. What was kept in
// this tab for the same balancer is taken up again after a reload; a gap stays a gap.

import { seatOf } from "./dom.js";

export const KEPT_MS = 300_000;
const STORE = "lb-samples";
const STORE_EVERY = 10;

let before = null;
let samples = [];
let began = null;
let unsaved = 0;

/** Adds one and returns all: `{at, seconds, total, seats: {seat: rate}}`, oldest first. */
export function sample(now, summary, backends) {
  const start = Math.round(now / 1000 - summary.uptime_seconds);
  if (began == null || Math.abs(start - began) > 2) resume(start);
  const totals = new Map(backends.map((backend) => [backend.name, backend.sessions_total]));
  const pinned = summary.requests.pinned_total;
  if (before && now > before.now) {
    const seconds = (now - before.now) / 1000;
    const seats = {};
    for (const backend of backends) {
      // Who wasn't there has begun at 0.
      const begun = backend.sessions_total - (before.totals.get(backend.name) ?? 0);
      if (begun > 0) seats[seatOf(backend)] = begun / seconds;
    }
    const first = Object.values(seats).reduce((sum, rate) => sum + rate, 0);
    const total = first + Math.max(0, pinned - before.pinned) / seconds;
    samples.push({ at: now, seconds, total, seats });
  }
  before = { now, totals, pinned };
  while (samples.length > 0 && samples[0].at < now - KEPT_MS - 2000) samples.shift();
  save(start);
  return samples;
}

function resume(start) {
  began = start;
  before = null;
  samples = [];
  try {
    const kept = JSON.parse(sessionStorage.getItem(STORE));
    if (kept && Math.abs(kept.start - start) <= 2) samples = kept.samples;
  } catch {
    // What can't be read is not taken up.
  }
}

function save(start) {
  unsaved += 1;
  if (unsaved < STORE_EVERY) return;
  unsaved = 0;
  sessionStorage.setItem(STORE, JSON.stringify({ start, samples }));
}

/** The rates of one seat, one a second for the last `seconds`; `null` where nothing is known. */
export function ratesOf(seat, samples, now, seconds) {
  const rates = new Array(seconds).fill(null);
  for (const one of samples) {
    const back = Math.floor((now - one.at) / 1000 + 0.5);
    if (back >= 0 && back < seconds) rates[seconds - 1 - back] = one.seats[seat] ?? 0;
  }
  return rates;
}
