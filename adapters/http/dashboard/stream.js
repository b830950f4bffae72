// What comes from the server: lists once, then its stream of events.
import { showActors } from "/assets/actors.js";
import { showInstruments } from "/assets/books.js";
import { showLedger } from "/assets/ledger.js";
import { note, showHeader, showSinks, showTiles, showTimeline, showVenues } from "/assets/overview.js";
import { $, duration, state, text } from "/assets/page.js";
import { showLosses, showProblems } from "/assets/problems.js";
import { endSession, mustSignIn } from "/assets/session.js";

function keep(list, record, most = 500) {
  const found = list.findIndex((each) => each.id === record.id);
  if (found >= 0) list[found] = record; else list.unshift(record);
  list.length = Math.min(list.length, most);
}

const takers = {
  overview(what) { state.overview = what; showHeader(what); showProblems(); showTiles(what); showVenues(what); showSinks(what); },
  actors(what) { state.actors = what.actors; showActors(); },
  instruments(what) { state.instruments = what.instruments; showInstruments(); },
  alert(what) {
    state.alerts.set(what.number, what);
    note(what.cleared_ns || what.since_ns, what.cleared_ns ? "ended" : what.severity, what.component + ": " + what.text, "alert" + what.number + (what.cleared_ns || ""));
    showTimeline(); showLedger();
  },
  raised(what) {
    keep(state.raised, what);
    note(what.receive_ns, what.severity, what.venue + " " + (what.instrument || "") + ": " + what.rule + ", " + what.reason, what.id);
    showTimeline(); showLedger();
  },
  gap(what) {
    keep(state.gaps, what);
    showLosses();
    note(what.end_ns || what.begin_ns, what.end_ns ? "recovered" : "gap", what.venue + " " + what.instrument + " " + what.feed + ": " + what.cause + ", " + what.detail, what.id + (what.end_ns || ""));
    showTimeline(); showLedger();
  },
  state(what) {
    keep(state.states, what);
    note(what.receive_ns, what.to, what.venue + " " + what.instrument + " " + what.feed + ": " + what.from + " → " + what.to + (what.reason ? ", " + what.reason : ""), what.id);
    showTimeline(); showLedger();
  },
  quarantine(what) {
    keep(state.quarantine, what);
    note(what.receive_ns, "rejected", what.venue + " " + (what.instrument || "") + ": " + what.reason, what.id);
    showTimeline(); showLedger();
  },
  restart(what) {
    note(state.overview ? state.overview.now_ns : "0", "restarted", what.path + (what.reason ? ": " + what.reason : ""), what.path + what.restarts);
    showTimeline();
  },
};

function take(name, data) {
  const taker = takers[name];
  if (taker) taker(JSON.parse(data));
}

// A token that is not taken any more ends the session.
export async function call(path, options = {}) {
  const headers = { ...(options.headers || {}) };
  if (state.token) headers.Authorization = "Bearer " + state.token;
  const token = state.token;
  const response = await fetch(path, { ...options, headers, cache: "no-store" });
  if (response.status === 401 && token && token === state.token) endSession();
  return response;
}

// What was before this page: lists, oldest first, so that the order of the timeline is right.
async function loadHistory() {
  const list = async (path) => { const r = await call(path); return r.ok ? r.json() : {}; };
  const read = async (path, name) => (await list(path))[name] || [];
  const [{ alerts = [], raised = [] }, gaps, quarantine, states, actors, instruments] = await Promise.all([
    list("/api/v1/alerts?limit=300"), read("/api/v1/gaps?limit=300", "gaps"), read("/api/v1/quarantine?limit=300", "quarantine"), read("/api/v1/states?limit=300", "states"),
    read("/api/v1/actors", "actors"), read("/api/v1/instruments", "instruments")]);
  state.alerts.clear();
  state.raised = []; state.gaps = []; state.quarantine = []; state.states = [];
  for (const each of alerts) takers.alert(each);
  for (const each of raised.reverse()) takers.raised(each);
  for (const each of gaps.reverse()) takers.gap(each);
  for (const each of quarantine.reverse()) takers.quarantine(each);
  for (const each of states.reverse()) takers.state(each);
  takers.actors({ actors });
  takers.instruments({ instruments });
}

// Server-sent events over fetch, which can carry a token where EventSource cannot.
async function readEvents() {
  const aborter = new AbortController();
  state.aborter = aborter;
  const response = await call("/api/v1/events", { signal: aborter.signal, headers: { Accept: "text/event-stream" } });
  if (response.status === 401) { await mustSignIn(); throw new Error("signed out"); }
  if (!response.ok) throw new Error("status " + response.status);
  await loadHistory();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let pending = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error("the stream ended");
    state.lastEvent = performance.now();
    linked(true);
    pending += value;
    for (let end = pending.indexOf("\n\n"); end >= 0; end = pending.indexOf("\n\n")) {
      const lines = pending.slice(0, end).split("\n");
      pending = pending.slice(end + 2);
      const name = (lines.find((line) => line.startsWith("event: ")) || "").slice(7);
      const data = lines.filter((line) => line.startsWith("data: ")).map((line) => line.slice(6)).join("\n");
      if (name) take(name, data);
    }
  }
}

export async function follow() {
  for (let wait = 250; ; wait = Math.min(wait * 2, 4000)) {
    const began = performance.now();
    try { await readEvents(); } catch (error) { linked(false); }
    if (performance.now() - began > 10000) wait = 250;
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

// What is shown is as old as the last event; a stream that says nothing is a lost one.
export function linked(isLinked) {
  state.linked = isLinked;
  const silence = performance.now() - state.lastEvent;
  const isLost = !isLinked || silence > 3000;
  const link = $("link");
  link.className = "pill " + (isLost ? "bad" : "good");
  text(link, isLost ? (state.lastEvent ? "connection lost" : "connecting") : "live");
  document.body.classList.toggle("lost", isLost && state.lastEvent > 0);
  const banner = $("lost");
  banner.hidden = !(isLost && state.lastEvent > 0);
  if (!banner.hidden) text(banner, "Connection to the server lost: what you see is " + duration(silence) + " old. Trying again.");
  if (isLost && silence > 6000 && isLinked && state.aborter) state.aborter.abort();
}
