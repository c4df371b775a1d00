// What is pushed to this person: one stream for the page in front, events of the document for whoever listens:
// live:<kind> with the payload as detail, live:<kind>:<key> where the payload has a key, live:signed-out.
// A page in the background that is not the last one looked at lets its stream go: browsers open six connections
// to a host, and a person may have a dozen pages.
const KEPT = "live";
const FRONT = "live-front";
const KNOWN = 200;
const remembered = () => JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
const state = { since: 0, began: 0, known: [], ...remembered() };
const remember = () => sessionStorage.setItem(KEPT, JSON.stringify(state));
const me = state.me ?? Math.random().toString(36).slice(2);
state.me = me;

let source = null;
let pause = 0;
let timer = null;
let signedOut = false;
let listening = false; // the stream has begun
const visible = () => document.visibilityState === "visible";
const inFront = () => localStorage.getItem(FRONT) === me;
const wanted = () => !signedOut && (visible() || inFront());

const told = (event) => {
  const id = Number(event.lastEventId);
  state.since = Math.max(state.since, id);
  const seen = state.known.includes(id);
  if (!seen) state.known = [...state.known, id].slice(-KNOWN);
  remember();
  if (seen) return;
  const { kind, payload } = JSON.parse(event.data);
  const names = payload.key === undefined ? [`live:${kind}`] : [`live:${kind}`, `live:${kind}:${payload.key}`];
  for (const name of names) document.dispatchEvent(new CustomEvent(name, { detail: payload }));
};
const here = (event) => { // what came before this browser tab first listened is no news to it
  pause = 0;
  listening = true;
  if (!state.began) {
    state.began = JSON.parse(event.data).at;
    state.since = Number(event.lastEventId);
    remember();
  }
};
const leave = () => {
  clearTimeout(timer);
  timer = null;
  source?.close();
  source = null;
  listening = false;
};
const listen = () => {
  if (source || timer || !wanted()) return;
  source = new EventSource(`/live?since=${state.since}&began=${state.began}`);
  source.addEventListener("here", here);
  source.addEventListener("push", told);
  source.addEventListener("ended", () => {
    signedOut = true;
    leave();
    document.dispatchEvent(new CustomEvent("live:signed-out"));
  });
  source.addEventListener("error", () => { // we begin again ourselves: not at once, and with what we know
    leave();
    pause = Math.min(15_000, 2 * pause || 500);
    timer = setTimeout(() => {
      timer = null;
      listen();
    }, pause * (0.75 + Math.random() / 2));
  });
};
const come = () => {
  if (visible()) {
    localStorage.setItem(FRONT, me);
    if (timer) leave(); // who looks at the page does not wait
    listen();
  } else if (!wanted()) leave();
};

if (document.body.dataset.user) {
  addEventListener("visibilitychange", come);
  addEventListener("focus", come);
  addEventListener("storage", (event) => { if (event.key === FRONT && !wanted()) leave(); });
  addEventListener("pagehide", leave);
  addEventListener("pageshow", come);
  come();
}
window.live = { inFront, listens: () => listening };
