// The keyboard: what a key does, and how one that was kept (typeahead.js) is done later.
const root = document.documentElement;
const all = (selector, from = document) => [...from.querySelectorAll(selector)];
const one = (selector, from = document) => from.querySelector(selector);
const shown = (element) => element.getClientRects().length > 0;
const help = one("#help");
const typing = (target) => target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName);
const letters = () => (localStorage.getItem("letters") ?? root.dataset.letters) !== "off"; // they can be switched off (WCAG 2.1.4)

// Keys of one's own: letters act with Alt held, or another key does what a letter does (WCAG 2.1.4).
const byAlt = root.dataset.lettersBy === "alt";
const own = new Map((root.dataset.ownKeys ?? "").split(" ").filter(Boolean).map((pair) => [pair[0], pair[2]]));
const nameOwn = () => { // the caps show what is to be pressed
  for (const [pressed, meant] of own) {
    const those = ["key", "press"].map((name) => `[data-${name}="${CSS.escape(meant)}"] kbd`);
    for (const cap of all(those.join())) if (cap.textContent.trim() === meant) cap.textContent = pressed;
  }
};

// A key by its Latin name: on a Russian keyboard the place of L is L.
const SIGNS = { BracketLeft: "[", BracketRight: "]", Slash: "/", Comma: ",", Period: "." };
const keyOf = (event) => {
  const pressed = latin(event);
  return event.ctrlKey || event.metaKey ? pressed : (own.get(pressed) ?? pressed);
};
const latin = (event) => {
  const placed = byAlt && event.altKey && /^(?:Key|Digit)(.)$/.exec(event.code)?.[1]; // Alt may make another sign of it
  if (placed) return event.shiftKey ? placed : placed.toLowerCase();
  if (event.key.length > 1 || event.key.charCodeAt(0) < 128) return event.key;
  const letter = /^Key([A-Z])$/.exec(event.code)?.[1];
  return letter ? (event.shiftKey ? letter : letter.toLowerCase()) : (SIGNS[event.code] ?? event.key);
};

const wired = (key) => all(`[data-key="${CSS.escape(key)}"]`).find(shown);
const isQuestion = (element) => element?.matches(".ask ol a") ?? false;

// A key of the page before never sends a form: nobody has seen what it would send. It leads to the button.
let cautious = false;
const sends = (element) => element.form?.matches("[method=post]") && element.type === "submit";
const press = (element) => {
  if (typing(element)) {
    element.focus();
    element.scrollIntoView({ block: "nearest" }); // with what belongs to it (scroll-margin)
    return;
  }
  element.focus({ preventScroll: true });
  if (cautious && sends(element)) return;
  element.click();
  if (!isQuestion(element)) return;
  element.focus({ preventScroll: true });
  element.scrollIntoView({ block: "nearest", inline: "nearest" });
};

// Rows: j and k.
const step = (way) => {
  const rows = all("[data-row]").filter(shown);
  if (!rows.length) return;
  const at = rows.indexOf(document.activeElement);
  const next = rows[at < 0 ? (way > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + way))];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
};

const escape = (event) => {
  if (one(":popover-open")) return; // the browser closes it
  const panel = event.target.closest?.("[data-panel]");
  if (panel) {
    event.preventDefault();
    one(`[data-open="${CSS.escape(panel.id)}"]`)?.click();
  } else if (typing(event.target)) event.target.blur();
  else all("[data-esc]").find(shown)?.click();
};

// After g the rooms show their letters, until the next key: nobody is hurried.
const going = (on) => {
  if (on) root.dataset.going = "";
  else delete root.dataset.going;
};
addEventListener("pointerdown", () => {
  going(false);
  beyond = "";
});
let beyond = ""; // after 0 the digits are of the questions beyond the ninth, after 00 of those beyond the eighteenth

addEventListener("keydown", (event) => {
  const key = keyOf(event);
  if (/^(Shift|Control|Alt|Meta|AltGraph|CapsLock)$/.test(key)) return;
  if (event.altKey && !byAlt && /^[1-9]$/.test(key)) {
    const tab = all(".tabs a")[Number(key) - 1];
    if (tab) {
      event.preventDefault();
      tab.click();
    }
    return;
  }
  if ((event.ctrlKey || event.metaKey) && key.toLowerCase() === "k" && one("#q")) {
    event.preventDefault();
    going(false);
    one("#q").focus();
    one("#q").select();
    return;
  }
  if ((event.ctrlKey || event.metaKey) && key === "Enter" && event.target.form && (event.target.tagName === "TEXTAREA" || event.target.form.matches("[method=post]"))) {
    event.preventDefault();
    if (!event.repeat) event.target.form.requestSubmit();
    return;
  }
  const went = "going" in root.dataset;
  going(false);
  if (key === "Escape" && !event.defaultPrevented && !help?.open) return went || escape(event);
  if (event.ctrlKey || event.metaKey || event.altKey !== byAlt || typing(event.target) || help?.open || !letters()) return;
  const room = went && one(`[data-go="${CSS.escape(key)}"]`);
  const act = (beyond && wired(`${beyond}${key}`)) || wired(key);
  beyond = key === "0" && !act && wired(`${beyond}01`) ? `${beyond}0` : "";
  if (room) room.click();
  else if (act) press(act);
  else if (beyond) event.preventDefault();
  else if (key === "g") going(true);
  else if (key === "j" || key === "k") step(key === "j" ? 1 : -1);
  else if (key === "?") one("[data-help]")?.click();
  else return;
  event.preventDefault();
});

// A kept key: first as any key, then what a browser would have done with it.
const replay = (kept) => {
  const at = document.activeElement ?? document.body;
  cautious = Boolean(kept.before);
  if (at.dispatchEvent(new KeyboardEvent("keydown", { ...kept, bubbles: true, cancelable: true }))) byDefault(at, kept);
  cautious = false;
};
const byDefault = (at, kept) => {
  const ticks = at.tagName === "INPUT" && /^(checkbox|radio|file|submit|button)$/.test(at.type);
  if (kept.ctrlKey || kept.metaKey || kept.altKey) return;
  if (kept.key === "Tab") tab(kept.shiftKey ? -1 : 1);
  else if (kept.key === "Enter" && at.tagName !== "TEXTAREA") enter(at);
  else if (kept.key === " " && (ticks || /^(BUTTON|SUMMARY)$/.test(at.tagName))) at.click();
  else if (at.tagName === "SELECT") pick(at, kept.key);
  else if (typing(at) && !ticks && (kept.key.length === 1 || kept.key === "Enter"))
    document.execCommand("insertText", false, kept.key === "Enter" ? "\n" : kept.key);
};
const enter = (at) => {
  const field = /^(INPUT|SELECT)$/.test(at.tagName);
  const what = field ? at.form && all("button, input[type=submit]", at.form).find((each) => each.type === "submit") : at;
  if (!what || what === document.body) return;
  if (cautious && sends(what)) what.focus();
  else if (field || /^(A|BUTTON|SUMMARY)$/.test(what.tagName)) what.click();
};
const tab = (way) => {
  const stops = all("a[href], button, input, select, textarea, summary, [tabindex]").filter(
    (each) => shown(each) && !each.disabled && each.tabIndex >= 0,
  );
  stops[stops.indexOf(document.activeElement) + way]?.focus();
};
const pick = (select, letter) => {
  const found = [...select.options].findIndex((each) => each.text.trim().toLowerCase().startsWith(letter.toLowerCase()));
  if (letter.length > 1 || found < 0 || found === select.selectedIndex) return;
  select.selectedIndex = found;
  for (const name of ["input", "change"]) select.dispatchEvent(new Event(name, { bubbles: true }));
};

// Another question may be asked before the first is answered: the last one counts.
typeahead.passes = (event, holds) => holds.size === 1 && holds.has("sheet") && letters() && isQuestion(wired(keyOf(event)));
typeahead.replay = replay;
if (own.size) {
  nameOwn();
  document.addEventListener("htmx:afterSettle", nameOwn);
}
const begin = () => {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1))); // a link to a field stands in it
  const first = one("[autofocus]") ?? (named && typing(named) ? named : null);
  if (first && document.activeElement === document.body) first.focus();
  typeahead.release("page");
};
if (document.readyState === "complete") begin();
else addEventListener("DOMContentLoaded", begin); // htmx has taken the page over by then
