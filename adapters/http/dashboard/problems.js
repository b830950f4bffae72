// What is wrong now, and what was missed lately: what, where, since when, and what can be done.
import { $, clock, duration, fullTime, h, micros, pill, reconcile, serverNow, state, text, toMs } from "/assets/page.js";

function makeItem() {
  return h("div", { class: "problem" }, h("span", { class: "slot" }), h("b"), h("span", { class: "what" }), h("span", { class: "since dim" }), h("p", { class: "advice" }));
}

function fillItem(node, item) {
  node.className = "problem " + item.tone;
  const slot = node.querySelector(".slot");
  if (slot.textContent !== item.word) slot.replaceChildren(pill(item.word));
  text(node.querySelector("b"), item.where);
  text(node.querySelector(".what"), item.what);
  text(node.querySelector(".since"), item.since);
  node.querySelector(".since").title = item.title || "";
  const advice = node.querySelector(".advice");
  advice.hidden = !item.advice;
  if (advice.textContent !== "What to do: " + item.advice) advice.replaceChildren(h("b", {}, "What to do:"), " " + item.advice);
}

const sinceText = (ns) => "since " + clock(ns) + ", for " + duration(serverNow() - toMs(ns));

// How often an actor fails tells how bad it is.
function failuresOf(component) {
  const actor = component.startsWith("actor ") ? state.actors.find((each) => each.path === component.slice(6)) : null;
  return actor && actor.failures_lately > 1 ? " (" + actor.failures_lately + " failures in five minutes)" : "";
}

// Of a venue: why it gives nothing, where the ledger knows.
function causeOf(component) {
  if (!component.startsWith("venue ")) return "";
  const open = state.gaps.filter((gap) => gap.end_ns === null && gap.venue === component.slice(6));
  const first = open.reduce((a, b) => (a && toMs(a.begin_ns) <= toMs(b.begin_ns) ? a : b), null);
  return first ? "; it began with: " + first.detail + ", last data at " + clock(first.begin_ns) : "";
}

export function showProblems() {
  if (!state.overview) return;
  const lasting = state.overview.problems.map((each) => ({
    key: each.component, tone: each.severity, word: each.severity, where: each.component, what: each.text + causeOf(each.component) + failuresOf(each.component), advice: each.advice,
    since: sinceText(each.since_ns), title: fullTime(each.since_ns), begin: toMs(each.since_ns),
  }));
  lasting.sort((a, b) => (a.word === b.word ? a.begin - b.begin : a.word === "critical" ? -1 : 1));
  const good = { key: "none", tone: "none", word: "ok", where: "Everything works", what: "no alert lasts", since: "", advice: "" };
  reconcile($("problems"), lasting.length ? lasting : [good], (each) => each.key, makeItem, fillItem);
}

// ---- what was missed: gaps of the last ten minutes, and those that are open

const lately_ms = 600000;
const repairs = { none: "", snapshot: " by a new snapshot", resubscribe: " by a new subscription of that book", reconnect: " by a new connection", restart: " by a restart of the venue" };

function names(gaps) {
  const all = [...new Set(gaps.map((gap) => gap.instrument + " " + gap.feed))].sort();
  return all.slice(0, 4).join(", ") + (all.length > 4 ? " and " + (all.length - 4) + " more" : "");
}

const isPaused = (venue) => state.actors.some((actor) => actor.state === "paused" && actor.path.endsWith("/venues/" + venue));

const isKnown = (venue) => state.overview.problems.some((each) => each.component === "venue " + venue);

// Of what has ended: whether anything is left to do.
function adviceAfter(last) {
  if (last.cause === "outage" && !last.recovered) return "feedtree was not running. The trades that the venue still had are fetched; each entry in the Ledger says how many are missing. Past trades and candles can be had with feedtree backfill.";
  if (last.cause === "outage") return "Nothing: feedtree was not running, and what is shown is right again. Each feed has its entry in the Ledger.";
  if (last.recovered) return "Nothing: what is shown is right again. Each gap is in the Ledger. If they do not stop, restart the venue's connection under Actors.";
  return "Nothing brings back what was missed live; each gap is in the Ledger. Past trades and candles can be had with feedtree backfill.";
}

function lossOf(key, gaps) {
  const open = gaps.filter((gap) => gap.end_ns === null);
  const newest = gaps[0];
  // Of an outage, what was not whole again says more.
  const last = newest.cause === "outage" ? gaps.find((gap) => gap.end_ns !== null && !gap.recovered) || newest : newest;
  const isOpen = open.length > 0;
  const of = isOpen ? open : gaps;
  const first = isOpen ? open[open.length - 1] : last;
  const count = (number) => (number === 1 ? "1 gap" : number + " gaps");
  const length = isOpen ? "" : "lasted " + micros(Math.max(0, (toMs(last.end_ns) - toMs(last.begin_ns)) * 1000));
  const end = last.recovered ? ", repaired" + repairs[last.repair] : ", ended";
  return {
    key, tone: isOpen && !isPaused(last.venue) ? "critical" : "past", word: isOpen ? "open" : last.recovered ? "recovered" : "ended", where: last.venue + " " + names(of),
    what: (isOpen ? count(open.length) + " open" : count(gaps.length) + " in ten minutes") + ": " + first.detail + " (" + first.cause + ")" + (isOpen ? "" : "; the last one " + length + end),
    since: isOpen ? sinceText(first.begin_ns) : "last at " + clock(last.begin_ns), title: fullTime(first.begin_ns), begin: toMs(first.begin_ns),
    advice: isOpen && isPaused(last.venue) ? "They end when the venue is resumed."
      : isOpen && isKnown(last.venue) ? "They end with the trouble of this venue, see above."
      : isOpen ? "It is repaired by itself, mostly within seconds; until then these are not passed on as live. If it lasts for a minute, restart the venue's connection under Actors."
      : adviceAfter(last),
  };
}

// One line for a venue and cause, so that an outage of a hundred books stays one.
export function showLosses() {
  if (!state.overview) return;
  const groups = new Map();
  for (const gap of state.gaps) {
    if (gap.end_ns !== null && serverNow() - toMs(gap.end_ns) > lately_ms) continue;
    const key = gap.venue + " " + gap.cause;
    groups.set(key, [...(groups.get(key) || []), gap]);
  }
  const items = [...groups].map(([key, gaps]) => lossOf(key, gaps.sort((a, b) => toMs(b.begin_ns) - toMs(a.begin_ns))));
  items.sort((a, b) => (a.word === "open") === (b.word === "open") ? b.begin - a.begin : a.word === "open" ? -1 : 1);
  $("losses").hidden = items.length === 0;
  reconcile($("losses"), items.slice(0, 4), (each) => each.key, makeItem, fillItem);
}
