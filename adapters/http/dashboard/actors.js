// The tree of actors.
import { change } from "/assets/change.js";
import { meter } from "/assets/charts.js";
import { $, clock, fullTime, h, micros, pill, reconcile, shortNumber, state, text } from "/assets/page.js";

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
  const button = (action, name) => h("button", { class: "small quiet " + action, type: "button", "aria-label": name + " " + actor.path, hidden: true, onclick: () => change(actor, action) }, name);
  const buttons = h("td", { class: "buttons" }, button("pause", "Pause"), button("resume", "Resume"), button("restart", "Restart"));
  row.append(name, h("td"), h("td", { class: "num" }), h("td"), h("td"), h("td", { class: "num" }), h("td", { class: "wrap" }), buttons);
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
  const isPaused = actor.state === "paused";
  const shown = { pause: actor.pausable && !isPaused, resume: isPaused, restart: !isPaused };
  for (const [action, isShown] of Object.entries(shown)) cells[7].querySelector("." + action).hidden = !isShown;
  cells[7].querySelector(".restart").disabled = !actor.restartable;
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
