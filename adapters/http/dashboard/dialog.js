// Dialogs and short messages.
import { $, text } from "/assets/page.js";

// Shows a dialog until it is cancelled, or until `attempt`, called whenever it is submitted, gives no
// reason against it. The reason is shown in the dialog. Whether it was done.
export function converse(name, attempt) {
  const dialog = $(name), form = $(name + "-form"), problem = $(name + "-error"), submit = $(name + "-ok");
  let isDone = false, isBusy = false;
  const told = (reason) => { problem.hidden = !reason; text(problem, reason || ""); };
  const onSubmit = async (event) => {
    event.preventDefault();
    if (isBusy) return;
    isBusy = true;
    submit.setAttribute("aria-busy", "true");
    told("");
    const reason = await attempt();
    isBusy = false;
    submit.removeAttribute("aria-busy");
    told(reason);
    isDone = !reason;
    if (isDone && dialog.open) dialog.close();
  };
  const cancel = () => dialog.close();
  told("");
  form.addEventListener("submit", onSubmit);
  $(name + "-cancel").addEventListener("click", cancel);
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => {
    form.removeEventListener("submit", onSubmit);
    $(name + "-cancel").removeEventListener("click", cancel);
    resolve(isDone);
  }, { once: true }));
}

// Asks whether to do something, and does it.
export function confirm(title, what, verb, attempt) {
  text($("dialog-title"), title);
  text($("dialog-text"), what);
  text($("dialog-ok"), verb);
  const done = converse("dialog", attempt);
  $("dialog-ok").focus();
  return done;
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
