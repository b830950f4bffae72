// Who is signed in: by name and password, or by a token. It stays in this tab.
import { converse, toast } from "/assets/dialog.js";
import { $, state, text } from "/assets/page.js";
import { call } from "/assets/stream.js";

const ended = "You are signed out: the token has expired or was ended.";

export function showSession() {
  const who = $("who");
  const isIn = state.token !== "";
  const name = !state.who ? "…" : state.who.account ? state.who.name : "operator's token";
  who.hidden = !isIn;
  text($("who-name"), isIn ? name : "");
  text($("who-role"), isIn && state.who ? state.who.role : "");
  text($("token"), isIn ? "Sign out" : "Sign in");
  $("token").hidden = !isIn && state.overview !== null && !state.overview.needs_token;
}

function setToken(value) {
  state.token = value;
  state.who = null;
  if (value) sessionStorage.setItem("feedtree-token", value); else sessionStorage.removeItem("feedtree-token");
  if (value) $("ended").hidden = true;
  showSession();
}

let waiting = [];
// Until there is somebody who is signed in.
export const signedIn = () => (state.who ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve)));

function welcome(token, who) {
  setToken(token);
  state.who = who;
  showSession();
  for (const each of waiting) each();
  waiting = [];
}

function notice(what) {
  text($("ended-text"), what);
  $("ended").hidden = false;
}

// The server does not take the token any more.
export function endSession() {
  if (!state.token) return;
  setToken("");
  notice(ended);
}

async function reasonOf(response) {
  if (!response) return "The server does not answer.";
  const problem = await response.json().catch(() => ({}));
  const wait = Number(response.headers.get("Retry-After"));
  return (problem.detail || "status " + response.status) + (wait ? ": try again in " + wait + " s" : "");
}

const whoHas = (token) => fetch("/api/v1/session", { headers: { Authorization: "Bearer " + token }, cache: "no-store" }).catch(() => null);

async function byToken() {
  const token = $("sign-in-secret").value.trim();
  const response = await whoHas(token);
  if (!response || !response.ok) return reasonOf(response);
  welcome(token, await response.json());
  return "";
}

async function byPassword() {
  const name = $("sign-in-name").value.trim();
  const response = await fetch("/api/v1/login", {
    method: "POST", cache: "no-store", headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ name, password: $("sign-in-password").value }),
  }).catch(() => null);
  if (!response || !response.ok) return reasonOf(response);
  const answer = await response.json();
  welcome(answer.token, { name, role: answer.role, account: true });
  return "";
}

const takesToken = () => localStorage.getItem("feedtree-sign-in") === "token";

function showWay() {
  for (const [id, isShown] of [["by-token", takesToken()], ["by-password", !takesToken()]]) {
    $(id).hidden = !isShown;
    $(id).disabled = !isShown;
  }
  text($("sign-in-other"), takesToken() ? "Use name and password" : "Use a token instead");
}

function focusField() {
  const field = takesToken() ? $("sign-in-secret") : $("sign-in-name").value ? $("sign-in-password") : $("sign-in-name");
  field.focus();
  field.select();
}

function changeWay() {
  localStorage.setItem("feedtree-sign-in", takesToken() ? "password" : "token");
  $("sign-in-error").hidden = true;
  showWay();
  focusField();
}

let talk = null;
// Whether somebody is signed in in the end.
export function signIn(why = "To change something you need the role operator. The sign-in stays in this tab.") {
  if (talk) return talk;
  text($("sign-in-text"), why);
  for (const id of ["sign-in-password", "sign-in-secret"]) $(id).value = "";
  showWay();
  talk = converse("sign-in", async () => {
    const reason = await (takesToken() ? byToken() : byPassword());
    if (reason) focusField();
    return reason;
  }).then((isDone) => {
    talk = null;
    for (const id of ["sign-in-password", "sign-in-secret"]) $(id).value = "";
    return isDone;
  });
  focusField();
  return talk;
}

// A token of an account ends at the server too; the operator's token does not end, and is forgotten.
async function signOut() {
  const isAccount = !state.who || state.who.account;
  const asked = isAccount ? call("/api/v1/logout", { method: "POST" }).catch(() => null) : null;
  setToken("");
  const response = asked === null ? null : await asked;
  if (asked === null || (response && (response.ok || [401, 409].includes(response.status)))) return toast("Signed out");
  toast("Signed out here; the token itself goes on until it expires: " + (await reasonOf(response)), true);
}

// Looks whose the token is, and whether it is still taken.
export async function checkSession() {
  const token = state.token;
  if (!token || document.hidden) return;
  const response = await whoHas(token);
  if (!response || token !== state.token) return;
  if (response.status === 401) endSession();
  if (response.ok) welcome(token, await response.json());
}

// For a server that shows itself to those who are signed in only.
export async function mustSignIn() {
  const why = "This server shows itself only to those who are signed in.";
  if (!(await signIn($("ended").hidden ? why : ended))) notice(why);
  await signedIn();
}

export function beginSession() {
  $("token").addEventListener("click", () => (state.token ? signOut() : signIn()));
  $("ended-sign-in").addEventListener("click", () => signIn());
  $("sign-in-other").addEventListener("click", changeWay);
  document.addEventListener("visibilitychange", checkSession);
  setInterval(checkSession, 10000);
  showSession();
  checkSession();
}
