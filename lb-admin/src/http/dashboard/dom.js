// The few lines that make elements, and the ones that write numbers and times for people. Text goes in as text, never
// as markup: names and details come from whoever may add a backend.

const SVG = "http://www.w3.org/2000/svg";

export const $ = (id) => document.getElementById(id);

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child != null && child !== false));
  return node;
}

export const el = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
export const svg = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

/** Writes only what differs: a screen reader is told of a change, and of nothing else. */
export function say(node, text) {
  if (node.textContent !== String(text)) node.textContent = text;
}

export const count = (n) => (n == null ? "–" : Number(n).toLocaleString("en-US"));
export const rate = (n) => (n >= 100 || n === 0 ? count(Math.round(n)) : n >= 10 ? n.toFixed(0) : n.toFixed(1));
// A number and its unit stay on one line.
const GAP = "\u00a0";
export const percent = (part, digits = 1) => (part == null ? "–" : `${(100 * part).toFixed(digits)}${GAP}%`);
export const percentOf = (number, digits = 1) => percent(number / 100, digits);
export const clock = (when) => new Date(when).toLocaleTimeString("en-GB");

/** Seconds as 0.4 ms, 12 ms, 1.5 s. */
export function short(seconds) {
  if (seconds == null) return "–";
  const ms = seconds * 1000;
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1000 ? `${ms.toFixed(0)} ms` : `${seconds.toFixed(1)} s`;
}

/** Two of them, in one unit where they may be: 0.4 / 2.1 ms. */
export function shorts(one, other) {
  const [first, second] = [short(one), short(other)];
  return first.endsWith(" ms") && second.endsWith(" ms") ? `${first.slice(0, -3)} / ${second}` : `${first} / ${second}`;
}

/** A span of time in its largest unit: 4 s, 3 min, 2 h, 6 d. */
export const age = (seconds) => span(seconds).split(" ").slice(0, 2).join(" ");

/** A span of time in its largest two units: 4 s, 3 min, 2 h 5 min, 6 d 1 h. */
export function span(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86_400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3600)} h`;
}

// A seat keeps its colour, whoever sits in it: what is remembered is the order in which they were first seen.
const COLOURS = 10;
const seen = new Map();

export const seatOf = (backend) => (backend.supervised ? `seat ${backend.seat}` : backend.name);

export function colour(seat) {
  if (!seen.has(seat)) seen.set(seat, seen.size % COLOURS);
  return `c${seen.get(seat)}`;
}
