// What is wrong, in one line, and the command that mends it. The balancer judges; the page repeats it.

import { $, say } from "./dom.js";

const WORDS = { ok: "All well", warn: "Look here", bad: "Trouble" };

export function show({ verdict }) {
  const { level, text, command, reasons } = verdict;
  if ($("verdict").dataset.level !== level) $("verdict").dataset.level = level;
  say($("verdict-word"), WORDS[level] ?? level);
  say($("verdict-text"), text);
  const more = reasons.filter((reason) => reason !== text).join(" · ");
  say($("verdict-more"), more);
  $("verdict-more").title = more;
  $("verdict-fix").hidden = command == null;
  say($("verdict-command"), command ?? "");
}
