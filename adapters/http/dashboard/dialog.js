// Dialog, token and short messages.
import { showHeader } from "/assets/overview.js";
import { $, state, text } from "/assets/page.js";

export function ask(title, what, needsInput) {
  const dialog = $("dialog");
  text($("dialog-title"), title);
  text($("dialog-text"), what);
  $("dialog-label").hidden = !needsInput;
  $("dialog-input").value = "";
  dialog.returnValue = "cancel";
  dialog.showModal();
  if (needsInput) $("dialog-input").focus(); else $("dialog-ok").focus();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "ok" ? $("dialog-input").value : null), { once: true }));
}

export function setToken(value) {
  state.token = value;
  if (value) sessionStorage.setItem("feedtree-token", value); else sessionStorage.removeItem("feedtree-token");
  if (state.overview) showHeader(state.overview);
}

let signingIn = null;
export function signIn() {
  signingIn = signingIn || ask("Sign in", "This server shows itself to operators only. The token stays in this tab.", true).then((value) => { signingIn = null; if (value) setToken(value); });
  return signingIn;
}

let toastTimer = 0;
export function toast(what, isBad = false) {
  const node = $("toast");
  node.className = "toast" + (isBad ? " bad" : "");
  text(node, what);
  node.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { node.hidden = true; }, 5000);
}
