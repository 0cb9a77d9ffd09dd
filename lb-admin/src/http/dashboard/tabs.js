// Tabs as the ARIA pattern has them: one stop for the Tab key, arrows between them.

import { $ } from "./dom.js";

const tabs = [...document.querySelectorAll('[role="tab"]')];

export function open(name) {
  for (const tab of tabs) {
    const chosen = tab.id === `tab-${name}`;
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
    $(tab.getAttribute("aria-controls")).hidden = !chosen;
  }
}

for (const tab of tabs) {
  const name = tab.id.slice("tab-".length);
  tab.addEventListener("click", () => open(name));
  tab.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = tabs.at((tabs.indexOf(tab) + step) % tabs.length);
    open(next.id.slice("tab-".length));
    next.focus();
    event.preventDefault();
  });
}
