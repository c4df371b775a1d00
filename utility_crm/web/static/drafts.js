// Fields with data-draft="key": what is typed is kept on the server while one types, and stands there again
// wherever the page is opened, until its form is done. In this browser it is kept only while the server is away.
const one = (selector, from = document) => from.querySelector(selector);
const all = (selector, from = document) => [...from.querySelectorAll(selector)];
const me = document.body.dataset.user;
const words = one("#draft-words");
const states = new Map(); // field -> {version, kept, initial, timer, busy, sent}
const PAUSE = 400;
const AGAIN = 5_000;

const bridge = {
  name: (key) => `draft:${me}:${key}`,
  put(key, text, version) { localStorage.setItem(this.name(key), JSON.stringify({ text, version })); },
  get(key) { return JSON.parse(localStorage.getItem(this.name(key)) ?? "null"); },
  drop(key) { localStorage.removeItem(this.name(key)); },
};

const place = (field) => {
  let found = field.parentElement.querySelector(":scope > output.hint");
  if (!found) {
    found = document.createElement("output");
    found.className = "hint";
    field.after(found);
  }
  return found;
};
const say = (field, said) => { place(field).textContent = said; };
const sayKept = (field, at) => say(field, field.value && at ? `${words.dataset.kept} ${at}` : "");
const markTab = (field) => {
  const about = /^(customer-\d+)-/.exec(field.dataset.draft)?.[1];
  const tab = about && one(`.tabs a[href="/customers/${about.slice(9)}"] .draft`);
  if (!tab) return;
  const some = all("[data-draft]").some((each) => each.dataset.draft.startsWith(`${about}-`) && each.value.trim());
  if (some) tab.dataset.kept = "";
  else delete tab.dataset.kept;
  tab.hidden = !some;
};
const signedOut = () => {
  const line = one("#line");
  if (!line || one("#line a[href^='/sign-in']")) return;
  line.replaceChildren(one("#signed-out").content.cloneNode(true));
  one("#line a").href = `/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`;
};
document.addEventListener("live:signed-out", signedOut);

// Another page has kept another text: neither is lost, and a person says which.
const offer = (field, theirs) => {
  const state = states.get(field);
  state.waits = true;
  const said = words.content.firstElementChild.cloneNode(true);
  one("[data-theirs]", said).addEventListener("click", () => {
    settle(field, theirs);
    field.focus();
  });
  one("[data-mine]", said).addEventListener("click", () => {
    state.waits = false;
    state.version = theirs.version;
    keep(field);
    field.focus();
  });
  place(field).replaceChildren(said);
};
const settle = (field, draft) => {
  const state = states.get(field);
  field.value = draft.text;
  Object.assign(state, { version: draft.version, kept: draft.text, waits: false });
  bridge.drop(field.dataset.draft);
  sayKept(field, draft.at);
  markTab(field);
};

const keep = async (field) => {
  const state = states.get(field);
  if (state.version === null || state.waits || state.sent) return;
  clearTimeout(state.timer);
  state.timer = null;
  if (state.busy) return void (state.more = true);
  const text = field.value;
  if (text === state.kept) return;
  state.busy = true;
  let answer = null;
  try {
    answer = await fetch("/drafts", {
      method: "POST", redirect: "manual", keepalive: text.length < 15_000,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ key: field.dataset.draft, text, version: state.version }),
    });
  } catch { /* away */ }
  state.busy = false;
  if (state.sent) return;
  if (answer?.ok) {
    const kept = await answer.json();
    Object.assign(state, { version: kept.version, kept: text });
    bridge.drop(field.dataset.draft);
    if (!state.sent) sayKept(field, kept.at);
    markTab(field);
  } else if (answer?.status === 409) {
    const theirs = await answer.json();
    if (theirs.text === "" || theirs.text === text) {
      state.version = theirs.version;
      state.more = true;
    } else return offer(field, theirs);
  } else if (answer?.status === 422) return say(field, words.dataset.long);
  else {
    bridge.put(field.dataset.draft, text, state.version);
    if (answer?.status === 401) return signedOut();
    say(field, words.dataset.here);
    state.timer = setTimeout(keep, AGAIN, field);
    return;
  }
  if (state.more) {
    state.more = false;
    keep(field);
  }
};

const restore = (field, server) => {
  const state = states.get(field);
  const typed = field.value !== state.initial;
  const local = bridge.get(field.dataset.draft);
  state.version = server.version;
  state.kept = server.text;
  if (local && local.version === server.version && local.text !== server.text && !typed) {
    field.value = local.text; // written while the server was away
    keep(field);
  } else {
    bridge.drop(field.dataset.draft);
    if (field.value === server.text) sayKept(field, server.at);
    else if (!server.text) { if (field.value.trim()) keep(field); else state.kept = field.value; }
    else if (field.value.trim() === "" || (!typed && !one("[aria-invalid], [id^=ask-], [id^=wrong-]", field.form ?? field))) settle(field, server);
    else if (typed) offer(field, server);
    else keep(field); // it came back as it was sent: newer than the draft
  }
  markTab(field);
};
const ask = async (fields) => {
  if (!fields.length) return;
  const keys = new URLSearchParams([...new Set(fields.map((field) => field.dataset.draft))].map((key) => ["key", key]));
  let found = null;
  try {
    const answer = await fetch(`/drafts?${keys}`, { redirect: "manual" });
    if (answer.status === 401) return signedOut();
    if (answer.ok) found = await answer.json();
  } catch { /* away */ }
  if (!found) return void setTimeout(ask, AGAIN, fields);
  for (const field of fields) {
    if (field.isConnected) restore(field, found[field.dataset.draft] ?? { text: "", version: 0, at: "" });
  }
};
const adopt = () => {
  const fresh = all("[data-draft]").filter((field) => !states.has(field));
  for (const field of states.keys()) if (!field.isConnected) states.delete(field);
  for (const field of fresh) states.set(field, { version: null, kept: field.value, initial: field.defaultValue ?? "", timer: null });
  ask(fresh);
};

if (me && words) {
  addEventListener("input", (event) => {
    const state = states.get(event.target);
    if (!state) return;
    state.sent = false;
    if (state.version === null) return bridge.put(event.target.dataset.draft, event.target.value, 0);
    state.timer ??= setTimeout(keep, PAUSE, event.target);
  });
  // A form says in which drafts it was written; what is not kept yet goes to the browser until the next page.
  addEventListener("formdata", (event) => {
    for (const [field, state] of states) {
      if (field.form !== event.target || state.version === null) continue;
      event.formData.append("draft", `${field.dataset.draft}@${state.version}`);
    }
  });
  addEventListener("submit", (event) => {
    for (const [field, state] of states) {
      if (field.form !== event.target) continue;
      clearTimeout(state.timer);
      state.timer = null;
      state.sent = true;
      if (field.value !== state.kept) bridge.put(field.dataset.draft, field.value, state.version ?? 0);
    }
  });
  const flush = () => { for (const field of states.keys()) keep(field); };
  addEventListener("pagehide", flush);
  addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") flush();
    else ask([...states].filter(([field, state]) => !state.waits && !state.busy && field.value === state.kept).map(([field, state]) => {
      state.initial = field.value;
      return field;
    }));
  });
  addEventListener("htmx:afterSettle", adopt);
  addEventListener("htmx:responseError", (event) => { // it was not done: the draft goes on
    for (const [field, state] of states) if (event.detail.elt.contains(field)) state.sent = false;
  });
  adopt();
}
