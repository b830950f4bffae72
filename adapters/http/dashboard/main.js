// The dashboard: reads /api/v1 and its stream of events, shows what it gets, and says so when it
// gets nothing. No libraries; all text goes in as text, never as HTML.
import { showActors } from "/assets/actors.js";
import { pollBook, showInstruments } from "/assets/books.js";
import { showLedger } from "/assets/ledger.js";
import { showLosses, showProblems } from "/assets/problems.js";
import { $, state, text } from "/assets/page.js";
import { beginSession } from "/assets/session.js";
import { follow, linked } from "/assets/stream.js";

function applyTheme() {
  const chosen = localStorage.getItem("feedtree-theme");
  const dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
}

function showTab() {
  const wanted = location.hash.slice(1);
  state.tab = ["overview", "actors", "books", "ledger"].includes(wanted) ? wanted : "overview";
  for (const section of document.querySelectorAll("[data-view]")) section.hidden = section.dataset.view !== state.tab;
  for (const link of document.querySelectorAll("[data-tab]")) {
    if (link.dataset.tab === state.tab) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
  }
  showActors(); showInstruments(); showLedger(); pollBook();
}

function begin() {
  applyTheme();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", applyTheme);
  $("theme").addEventListener("click", () => { localStorage.setItem("feedtree-theme", document.documentElement.dataset.theme === "dark" ? "light" : "dark"); applyTheme(); });
  for (const id of ["actor-search", "actor-troubled"]) $(id).addEventListener("input", showActors);
  $("actor-expand").addEventListener("click", () => {
    const isFolding = state.open.size > 5;
    state.open = new Set(isFolding ? ["root"] : state.actors.map((actor) => actor.path));
    text($("actor-expand"), isFolding ? "Expand all" : "Fold");
    showActors();
  });
  $("book-search").addEventListener("input", showInstruments);
  $("ledger-search").addEventListener("input", showLedger);
  state.open = new Set(["root", "root/venues", "root/sinks"]);
  window.addEventListener("hashchange", showTab);
  document.addEventListener("visibilitychange", pollBook);
  setInterval(() => { linked(state.linked); showProblems(); showLosses(); }, 1000);
  showTab();
  beginSession();
  follow();
}

begin();
