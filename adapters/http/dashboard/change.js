// What an operator does to an actor: restart, pause, resume.
import { confirm, toast } from "/assets/dialog.js";
import { state } from "/assets/page.js";
import { signIn } from "/assets/session.js";
import { call } from "/assets/stream.js";

const untilResumed = " It stays so until somebody resumes it, or the server itself is started again.";

function pauseOf(actor) {
  if (actor.kind === "venue") return "Its connections are closed, and nothing of it is sent to anybody; its books are not live, and what is missed is in the Ledger. Other venues go on." + untilResumed;
  if (actor.kind === "connection") return "It is closed: its books are not live, and what is missed is in the Ledger. The venue's other connections go on." + untilResumed;
  const name = actor.path.split("/").pop();
  const sink = state.overview ? state.overview.sinks.find((each) => each.sink === name) : null;
  const isBlocking = sink && sink.policy === "block";
  return (isBlocking ? "Nothing is written to it, and as its policy is block, all venues and all other sinks wait for it meanwhile." : "Nothing is written to it. When it is resumed it catches up from the journal; other sinks go on.") + untilResumed;
}

const kinds = {
  restart: { verb: "Restart", what: () => "Its supervisor stops it and starts it again, with those that depend on it." },
  pause: { verb: "Pause", what: pauseOf },
  resume: { verb: "Resume", what: () => "An operator has paused it. Its supervisor starts it." },
};

const address = (path) => "/api/v1/actors/" + path.split("/").map(encodeURIComponent).join("/");

// Asks first; whoever is not signed in does so before, and again where the token is not taken.
export async function change(actor, action) {
  const { verb, what } = kinds[action];
  let why = verb + " of " + actor.path + " needs the role operator.";
  for (;;) {
    const needsToken = state.overview && state.overview.needs_token && !state.token;
    if (needsToken && !(await signIn(why))) return;
    let isSignedOut = false;
    const isDone = await confirm(verb + " " + actor.path + "?", what(actor), verb, async () => {
      const response = await call(address(actor.path) + "/" + action, { method: "POST" }).catch(() => null);
      if (response && response.ok) return "";
      if (response && response.status === 401) { isSignedOut = true; return ""; }
      const problem = response ? await response.json().catch(() => ({})) : {};
      return "Refused: " + (problem.detail || (response ? "status " + response.status : "the server does not answer"));
    });
    if (!isDone) return;
    if (!isSignedOut) return toast(verb + " of " + actor.path + " is under way");
    why = "Nothing was done: the sign-in is not valid any more. Sign in again.";
  }
}
