// The header, tiles, venues, sinks and the timeline.
import { chart, drawSpark, meter, remember } from "/assets/charts.js";
import { $, bytes, clock, duration, fullTime, h, micros, pill, reconcile, serverNow, shortNumber, state, svg, text, toMs, tone } from "/assets/page.js";
import { showSession } from "/assets/session.js";

export function showHeader(o) {
  text($("version"), o.version + ", up " + duration(toMs(o.now_ns) - toMs(o.started_ns)));
  const ready = $("ready");
  ready.className = "pill " + (o.ready ? "good" : "bad");
  text(ready, o.ready ? "ready" : "not ready");
  document.title = (o.ready ? "" : "● ") + "feedtree";
  const insecure = $("insecure");
  insecure.hidden = o.insecure_defaults.length === 0;
  text(insecure, "Insecure defaults in use: " + o.insecure_defaults.map((each) => each.service + " – " + each.what).join("; "));
  showSession();
}

const sum = (list, of) => list.reduce((total, each) => total + of(each), 0);

export function showTiles(o) {
  const live = sum(o.venues, (v) => v.books.live);
  const books = sum(o.venues, (v) => v.books.live + v.books.syncing + v.books.stale + v.books.gap + v.books.crossed);
  const p99 = Math.max(0, ...o.venues.map((v) => v.latency.receive_to_validated.p99_us));
  const eventRate = sum(o.venues, (v) => v.events.per_second);
  remember("all events", eventRate);
  remember("all p99", p99);
  remember("all frames", sum(o.venues, (v) => v.frames.per_second));
  const openGaps = state.gaps.filter((gap) => gap.end_ns === null).length;
  const tiles = [
    { name: "Events a second", value: shortNumber(eventRate), series: "all events" },
    { name: "Frames a second", value: shortNumber(sum(o.venues, (v) => v.frames.per_second)), series: "all frames" },
    { name: "In the server, p99", value: micros(p99), series: "all p99" },
    { name: "Books live", value: String(live), more: "of " + books },
    { name: "Open gaps", value: String(openGaps), more: state.gaps.length + " recent" },
    { name: "Failed checks", value: shortNumber(sum(o.venues, (v) => v.checks_failed)), more: "repaired" },
    { name: "Quarantined", value: shortNumber(sum(o.venues, (v) => v.quarantined + v.frames.rejected + v.frames.entries_lost)), more: "events, frames" },
    { name: "Restarts", value: String(sum(state.actors, (a) => a.restarts)), more: "of " + state.actors.length + " actors" },
  ];
  reconcile($("tiles"), tiles, (tile) => tile.name, (tile) => {
    const node = h("div", { class: "tile" }, h("div", { class: "name" }, tile.name), h("div", { class: "value" }, h("span"), " ", h("small")));
    if (tile.series) node.append(svg("svg", { class: "spark", "aria-hidden": "true" }));
    return node;
  }, (node, tile) => {
    text(node.querySelector(".value span"), tile.value);
    text(node.querySelector("small"), tile.more || "");
    if (tile.series) drawSpark(node.querySelector("svg"), tile.series);
  });
}

// ---- venues and sinks

function facts(entries) {
  const list = h("dl");
  for (const [name, value, cls] of entries) list.append(h("div", {}, h("dt", { title: name }, name), h("dd", { class: cls || "" }, value)));
  return list;
}

function card(title) {
  const node = h("article", { class: "card" }, h("header", {}, h("b", {}, title), h("span", { class: "slot" })), h("p", { class: "reason", hidden: true }), h("div", { class: "body" }));
  node.show = (word, reason) => {
    node.className = "card " + tone(word);
    const slot = node.querySelector(".slot");
    if (slot.textContent !== word) slot.replaceChildren(pill(word));
    node.querySelector(".reason").hidden = !reason;
    text(node.querySelector(".reason"), reason || "");
  };
  return node;
}

// What is wrong with the actor itself comes before what it counts.
function actorTrouble(o, pathEnd) {
  const problem = o.problems.find((each) => each.component.startsWith("actor ") && each.component.endsWith(pathEnd));
  if (!problem) return null;
  return { word: problem.text.startsWith("is paused") ? "paused" : "failing", reason: problem.text + ", for " + duration(serverNow() - toMs(problem.since_ns)) };
}

export function showVenues(o) {
  for (const venue of o.venues) {
    remember("events " + venue.venue, venue.events.per_second);
    remember("latency " + venue.venue, venue.latency.receive_to_validated.p99_us);
  }
  reconcile($("venues"), o.venues, (venue) => venue.venue, (venue) => {
    const node = card(venue.venue);
    node.dataset.venue = venue.venue;
    node.rate = chart("events/s", "events " + venue.venue);
    node.latency = chart("in server p99", "latency " + venue.venue);
    node.querySelector(".body").append(h("div", { class: "charts" }, node.rate, node.latency), h("div", { class: "facts" }));
    return node;
  }, (node, venue) => {
    const trouble = actorTrouble(o, "/venues/" + venue.venue);
    node.show(trouble ? trouble.word : venue.state, trouble ? trouble.reason : venue.reason);
    node.rate.refresh(shortNumber(venue.events.per_second));
    node.latency.refresh(micros(venue.latency.receive_to_validated.p99_us));
    const all = Object.values(venue.books).reduce((a, b) => a + b, 0);
    const kept = venue.quarantined + venue.frames.rejected + venue.frames.entries_lost;
    node.querySelector(".facts").replaceChildren(facts([
      ["books live", venue.books.live + " of " + all, venue.books.live < all ? "bad" : ""],
      ["bad checks", shortNumber(venue.checks_failed), venue.checks_failed ? "warn" : ""],
      ["restarts", String(venue.restarts), venue.restarts ? "warn" : ""],
      ["quarantined", shortNumber(kept), kept ? "warn" : ""],
      ["connections", venue.connections.open + " open", venue.connections.open ? "" : "bad"],
      ["lost, failed", String(venue.connections.lost), venue.connections.lost ? "warn" : ""],
      ["wire p50", micros(venue.latency.exchange_to_receive.p50_us)],
      ["wire p99", micros(venue.latency.exchange_to_receive.p99_us)],
    ]));
  });
}

export function showSinks(o) {
  const items = o.sinks.map((sink, at) => ({ key: at + sink.sink, sink }));
  if (o.journal) items.push({ key: "journal", journal: o.journal });
  for (const sink of o.sinks) remember("sink " + sink.sink, sink.per_second);
  reconcile($("sinks"), items, (item) => item.key, (item) => {
    const node = card(item.journal ? "journal" : item.sink.sink);
    if (item.sink) {
      node.dataset.sink = item.sink.sink;
      node.rate = chart("delivered/s", "sink " + item.sink.sink);
      node.querySelector(".body").append(h("div", { class: "charts" }, node.rate, h("div", { class: "queue" })));
    }
    node.querySelector(".body").append(h("div", { class: "facts" }));
    return node;
  }, (node, item) => (item.journal ? updateJournal(node, item.journal) : updateSink(node, item.sink)));
}

function updateSink(node, sink) {
  const since = toMs(sink.failing_since_ns || sink.behind_since_ns);
  const length = since ? ", for " + duration(serverNow() - since) : "";
  const trouble = actorTrouble(state.overview, "/sinks/" + sink.sink);
  if (trouble) node.show(trouble.word, trouble.reason);
  else node.show(sink.state, sink.state === "ok" ? "" : (sink.last_error || (sink.state === "behind" ? "catches up from the journal" : "not connected")) + length);
  node.rate.refresh(shortNumber(sink.per_second));
  const share = sink.queue.events_max ? sink.queue.events / sink.queue.events_max : 0;
  node.querySelector(".queue").replaceChildren(h("div", { class: "name dim" }, "on the way"), meter(share, shortNumber(sink.queue.events) + " of " + shortNumber(sink.queue.events_max) + " events"));
  const lag = Math.max(0, sink.events_taken - sink.events_delivered);
  node.querySelector(".facts").replaceChildren(facts([
    ["delivered", shortNumber(sink.events_delivered)], ["unflushed", shortNumber(lag)],
    ["fell behind", sink.queue.times_behind + " times", sink.queue.times_behind ? "warn" : ""],
    ["errors", String(sink.errors), sink.errors ? "warn" : ""],
  ]));
}

function updateJournal(node, journal) {
  node.show(journal.last_error || journal.at_limit ? "failing" : "ok", journal.last_error || (journal.at_limit ? "is full" : ""));
  node.querySelector(".facts").replaceChildren(
    meter(journal.bytes / journal.bytes_max, bytes(journal.bytes) + " of " + bytes(journal.bytes_max)),
    facts([["position", shortNumber(journal.last_position)], ["dropped", shortNumber(journal.events_dropped), journal.events_dropped ? "bad" : ""]]));
}

// ---- timeline

export function note(ns, word, what, id) {
  if (state.timeline.some((each) => each.id === id)) return;
  state.timeline.push({ ns, word, what, id });
  state.timeline.sort((a, b) => (BigInt(b.ns) > BigInt(a.ns) ? 1 : -1));
  state.timeline.length = Math.min(state.timeline.length, 80);
}

export function showTimeline() {
  const items = state.timeline.length ? state.timeline : [{ id: "none", none: true }];
  reconcile($("timeline"), items, (each) => each.id, (each) => (each.none
    ? h("li", {}, h("span"), h("span"), h("span", { class: "dim" }, "Nothing yet: state changes, gaps, alerts and restarts come here."))
    : h("li", {}, h("time", { datetime: fullTime(each.ns), title: fullTime(each.ns) }, clock(each.ns)), h("span", {}, pill(each.word)), h("span", {}, each.what))), () => {});
}
