// The tree of actors, and asking for a restart.
import { meter } from "/assets/charts.js";
import { ask, setToken, toast } from "/assets/dialog.js";
import { $, clock, fullTime, h, micros, pill, reconcile, shortNumber, state, text } from "/assets/page.js";
import { call } from "/assets/stream.js";

function actorRows() {
  const search = $("actor-search").value.trim().toLowerCase();
  const troubled = $("actor-troubled").checked;
  const wanted = new Set();
  for (const actor of state.actors) {
    if (search && !(actor.path + " " + actor.kind).toLowerCase().includes(search)) continue;
    if (troubled && !actor.restarts && actor.state === "running" && !actor.last_error) continue;
    const parts = actor.path.split("/");
    for (let at = 1; at <= parts.length; at += 1) wanted.add(parts.slice(0, at).join("/"));
  }
  const parents = new Set(state.actors.map((actor) => actor.path.split("/").slice(0, -1).join("/")));
  const hides = (path) => {
    if (search || troubled) return false;
    const parts = path.split("/");
    for (let at = 1; at < parts.length; at += 1) if (!state.open.has(parts.slice(0, at).join("/"))) return true;
    return false;
  };
  return state.actors.filter((actor) => wanted.has(actor.path) && !hides(actor.path)).map((actor) => ({ actor, isParent: parents.has(actor.path) }));
}

// The worst that is below a folded actor, so that folding hides no trouble.
function worstBelow(path) {
  const below = state.actors.filter((actor) => actor.path === path || actor.path.startsWith(path + "/"));
  if (below.some((actor) => actor.state === "failed")) return "failed";
  const other = below.find((actor) => actor.state !== "running");
  return other ? other.state : "running";
}

function makeActorRow({ actor, isParent }) {
  const row = h("tr");
  const parts = actor.path.split("/");
  const twist = isParent
    ? h("button", { class: "twist", type: "button", onclick: () => { state.open.has(actor.path) ? state.open.delete(actor.path) : state.open.add(actor.path); showActors(); } }, "▸")
    : h("span", { class: "leaf" });
  const name = h("td", {}, twist, h("b", {}, parts[parts.length - 1]), h("span", { class: "kind" }, actor.kind));
  name.style.paddingLeft = 10 + (parts.length - 1) * 22 + "px";
  const restart = h("button", { class: "small quiet", type: "button", "aria-label": "Restart " + actor.path, onclick: () => askRestart(actor.path) }, "Restart");
  row.append(name, h("td"), h("td", { class: "num" }), h("td"), h("td"), h("td", { class: "num" }), h("td", { class: "wrap" }), h("td", {}, restart));
  row.dataset.path = actor.path;
  return row;
}

function updateActorRow(row, { actor, isParent }) {
  const cells = row.cells;
  const isOpen = state.open.has(actor.path);
  if (isParent) {
    const twist = cells[0].firstChild;
    twist.setAttribute("aria-expanded", String(isOpen));
    twist.setAttribute("aria-label", (isOpen ? "Fold " : "Unfold ") + actor.path);
    text(twist, isOpen ? "▾" : "▸");
  }
  const word = isParent && !isOpen ? worstBelow(actor.path) : actor.state;
  if (cells[1].textContent !== word) cells[1].replaceChildren(pill(word));
  cells[1].title = "since " + fullTime(actor.since_ns);
  const time = actor.time_per_message;
  text(cells[2], actor.messages_per_second ? shortNumber(actor.messages_per_second) + (time.p99_us ? " · " + micros(time.p99_us) : "") : "");
  cells[2].title = time.p99_us ? "time of a message: p50 " + micros(time.p50_us) + ", p99 " + micros(time.p99_us) : "";
  cells[3].replaceChildren(actor.messages || actor.mailbox ? meter(actor.mailbox / 1000, shortNumber(actor.mailbox) + " waiting") : "");
  cells[4].replaceChildren(actor.queue ? meter(Math.max(actor.queue.events / actor.queue.events_max, actor.queue.bytes / actor.queue.bytes_max), shortNumber(actor.queue.events) + " events") : "");
  text(cells[5], String(actor.restarts));
  cells[5].className = "num " + (actor.restarts ? "warn" : "dim");
  text(cells[6], actor.last_error ? clock(actor.last_error_ns) + " " + actor.last_error : "");
  const button = cells[7].firstChild;
  const verb = actor.state === "paused" ? "Resume" : "Restart";
  button.disabled = !actor.restartable;
  button.setAttribute("aria-label", verb + " " + actor.path);
  text(button, verb);
}

export function showActors() {
  if (state.tab === "actors") {
    reconcile($("actors"), actorRows(), (row) => row.actor.path, makeActorRow, updateActorRow);
    const running = state.actors.filter((actor) => actor.state === "running").length;
    text($("actor-summary"), running + " of " + state.actors.length + " run");
  }
  const troubled = state.actors.filter((actor) => actor.state === "failed" || actor.state === "restarting").length;
  $("count-actors").hidden = troubled === 0;
  text($("count-actors"), String(troubled));
}

async function askRestart(path) {
  const needsToken = state.overview && state.overview.needs_token && !state.token;
  const isPaused = state.actors.some((actor) => actor.path === path && actor.state === "paused");
  const verb = isPaused ? "Resume" : "Restart";
  const what = isPaused ? "An operator has paused it. Its supervisor starts it." : "Its supervisor stops it and starts it again, with those that depend on it.";
  const answer = await ask(verb + " " + path + "?", what, needsToken);
  if (answer === null) return;
  if (needsToken) setToken(answer);
  const response = await call("/api/v1/actors/" + path.split("/").map(encodeURIComponent).join("/") + "/" + verb.toLowerCase(), { method: "POST" }).catch(() => null);
  if (response && response.ok) return toast(verb + " of " + path + " is under way");
  const problem = response ? await response.json().catch(() => ({})) : {};
  if (response && response.status === 401) setToken("");
  toast("Refused: " + (problem.detail || "no answer"), true);
}
