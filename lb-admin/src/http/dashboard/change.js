// A change is planned first: the balancer says what it would move, and applies it only at the epoch that the plan was
// made for. Where a token is asked for, there is nothing to press before one was given.

import { $, count, el, percentOf, say } from "./dom.js";
import { ask, dropToken, keepToken, token, wantsToken } from "./ask.js";
import { effectView } from "./effect.js";
import { open } from "./tabs.js";

/** Who is told of the effect of a plan, and of its end with `null`. */
let ghost = () => {};
/** The plan that is shown: what was asked, and what the balancer answered. */
let planned = null;
let busy = false;
let epoch = null;
let touched = false;

export function show(summary, backends) {
  epoch = summary.epoch;
  const there = backends.filter((backend) => backend.state !== "draining");
  options($("change-name"), there.map((backend) => backend.name));
  if (!touched && $("change-kind").value === "target") $("change-n").value = summary.replicas.target;
  if (overtaken()) tell(`The mapping is at epoch ${epoch} by now: plan again`);
  lock();
}

export function onPlan(listener) {
  ghost = listener;
}

/** Fills in a replica that was pointed out. */
export function fillIn(name) {
  if ([...$("change-name").options].some((option) => option.value === name)) $("change-name").value = name;
}

/** Fills in an epoch to go back to, and plans it. */
export function planRollback(number) {
  open("change");
  $("change-kind").value = "rollback";
  fields();
  $("change-epoch").value = number;
  // Without a token nothing can be planned yet.
  if (!$("plan").disabled) makePlan();
}

export function epochs(numbers) {
  options($("change-epoch"), numbers);
}

function options(select, values) {
  const wanted = values.map(String);
  if ([...select.options].map((option) => option.value).join() === wanted.join()) return;
  const before = select.value;
  select.replaceChildren(...wanted.map((value) => el("option", { value }, value)));
  if (wanted.includes(before)) select.value = before;
}

function fields() {
  const kind = $("change-kind").value;
  for (const label of document.querySelectorAll("[data-for]")) {
    label.hidden = !label.dataset.for.split(" ").includes(kind);
  }
  say($("change-n-label"), kind === "target" ? "Replicas in all" : "How many");
  forget();
}

/** What the form says, as a request. */
function request() {
  const name = encodeURIComponent($("change-name").value);
  const patch = (body) => ({ method: "PATCH", path: `/v1/backends/${name}`, body });
  const number = (id) => {
    const value = $(id).valueAsNumber;
    if (Number.isNaN(value)) throw new Error("a number is missing");
    return value;
  };
  switch ($("change-kind").value) {
    case "add": {
      const names = $("change-names").value.split(/[\s,]+/).filter((part) => part);
      // So many names are so many replicas, unless more are asked for.
      return { method: "POST", path: "/v1/backends", body: { n: Math.max(number("change-n"), names.length), names } };
    }
    case "remove": return { method: "DELETE", path: `/v1/backends/${name}` };
    case "weight": return patch({ weight: number("change-weight") });
    case "limit": return patch({ max_connections: number("change-limit") });
    case "drain": return patch({ drained: true });
    case "undrain": return patch({ drained: false });
    case "target": return { method: "PUT", path: "/v1/target", body: { n: number("change-n") } };
    default: return { method: "POST", path: `/v1/epochs/${number_of($("change-epoch").value)}/rollback` };
  }
}

function number_of(text) {
  if (text === "") throw new Error("there is no earlier epoch");
  return text;
}

async function makePlan() {
  forget();
  await attempt("planning…", async () => {
    const asked = request();
    const answer = await ask(asked.method, `${asked.path}?dry_run=true`, { body: asked.body });
    planned = { asked, answer };
    $("plan-view").replaceChildren(...effectView(answer.effect));
    ghost(answer.effect);
    const changes = answer.epoch !== answer.base_epoch;
    return changes ? `Planned at epoch ${answer.base_epoch}, nothing done yet` : "Nothing would change";
  });
}

async function apply() {
  const { asked, answer } = planned;
  await attempt("applying…", async () => {
    const done = await ask(asked.method, asked.path, { body: asked.body, epoch: answer.base_epoch });
    forget();
    $("plan-view").replaceChildren(...effectView(done.effect));
    const { moved, moved_percent: share } = done.effect;
    return `Applied: epoch ${done.epoch}, ${count(moved)} slots moved (${percentOf(share)})`;
  });
}

/** One question at a time; what came of it is said, whatever it was. */
async function attempt(meanwhile, step) {
  busy = true;
  lock();
  tell(meanwhile);
  try {
    tell(await step());
  } catch (refused) {
    if (refused.status === 401 && wantsToken) dropToken();
    const overtook = refused.status === 412;
    if (overtook) forget();
    tell(overtook ? "Somebody else has changed the mapping meanwhile: plan again" : `Refused: ${refused.message}`, true);
  }
  busy = false;
  lock();
}

function tell(text, bad = false) {
  say($("change-said"), text);
  $("change-said").classList.toggle("bad", bad);
}

function forget() {
  planned = null;
  $("plan-view").replaceChildren();
  ghost(null);
  tell("");
  lock();
}

/** Whether the mapping is a later one than the plan was made for; a state may also be older than the plan. */
const overtaken = () => planned != null && planned.answer.base_epoch < epoch;

function lock() {
  const readOnly = wantsToken && !token();
  $("token-form").hidden = !readOnly;
  $("plan").disabled = readOnly || busy;
  const changes = planned && planned.answer.epoch !== planned.answer.base_epoch;
  $("apply").hidden = !changes;
  $("apply").disabled = readOnly || busy || overtaken();
  $("forget").hidden = !planned;
}

$("change-kind").addEventListener("change", fields);
$("change-n").addEventListener("input", () => (touched = true));
$("change-form").addEventListener("input", (event) => event.target.id !== "change-kind" && planned && forget());
$("change-form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!$("plan").disabled) makePlan();
});
$("apply").addEventListener("click", apply);
$("forget").addEventListener("click", forget);
$("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const given = $("token").value.trim();
  $("token").value = "";
  if (given === "") return;
  keepToken(given);
  tell("The token is kept in this tab until it is closed");
  lock();
  $("change-kind").focus();
});
fields();
