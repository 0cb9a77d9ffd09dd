// What a change moves, as a few lines and two small tables: of a plan and of what was applied alike.

import { count, el, percent, percentOf } from "./dom.js";

const nobody = (name) => name ?? "nobody";

export function effectView(effect) {
  const unnecessary = effect.unnecessary === 0 ? "none unnecessarily" : `${count(effect.unnecessary)} unnecessarily`;
  const facts = [
    ["moves", `${percentOf(effect.moved_percent, 2)} of the slots (${count(effect.moved)})`],
    ["ideal", `${percentOf(effect.ideal_percent, 2)}, ${unnecessary}`],
    ["live sessions", `${count(effect.sessions_touched)} whose key moves`],
    ["largest share", `${percent(effect.max_share_before)} → ${percent(effect.max_share_after)}`],
  ];
  const moves = effect.moves.map(({ from, to, slots }) => [
    `${nobody(from)} → ${nobody(to)}`,
    `${count(slots)} slots`,
    percent(slots / effect.slots),
  ]);
  const shares = effect.shares.map(({ name, before, after }) => [
    name,
    `${percent(before)} → ${percent(after)}`,
    difference(after - before),
  ]);
  const keys = effect.sample_keys.map(({ key, from, to }) => `${key}: ${nobody(from)} → ${nobody(to)}`);
  return [
    el("dl", { class: "effect" }, ...facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))),
    moves.length > 0 && table("Who gives to whom", moves),
    table("Shares", shares),
    keys.length > 0 && el("p", {}, el("span", { class: "quiet" }, "Keys that move: "), keys.join(" · ")),
  ].filter((part) => part);
}

const difference = (share) =>
  Math.abs(share) < 0.0005 ? "=" : `${share > 0 ? "+" : "−"}${percent(Math.abs(share))}`;

function table(title, rows) {
  const number = (cell) => el("td", { class: "n" }, cell);
  const body = rows.map(([first, ...rest]) => el("tr", {}, el("th", { scope: "row" }, first), ...rest.map(number)));
  return el("table", { class: "small" }, el("caption", {}, title), el("tbody", {}, ...body));
}
