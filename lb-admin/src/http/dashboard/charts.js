// The charts of the last measurement that was committed before this was built; each leads to itself in full size.

import { $, el } from "./dom.js";

const CHARTS = [
  ["a1_10k", "A-1: 10,000 requests over three replicas"],
  ["a2_load", "A-2: mean load, two to six replicas"],
  ["a3_recovery", "A-3: time from a kill to its replacement"],
  ["peers-cpu", "CPU a request, beside HAProxy and nginx"],
];

$("charts").replaceChildren(...CHARTS.map(([name, title]) => {
  const address = `/assets/charts/${name}.svg`;
  const image = el("img", { src: address, alt: "", loading: "lazy" });
  return el("a", { href: address, target: "_blank", rel: "noopener" }, image, el("span", {}, title));
}));
