// Tickets: x chooses a row or a message, and what is chosen is counted; whoever writes is said to be writing.
const all = (selector, from = document) => [...from.querySelectorAll(selector)];
const box = (element) => element?.closest("tr, article")?.querySelector("[data-choose]");
const boxes = () => all("[data-choose]");

const count = () => {
  const chosen = boxes().filter((each) => each.checked).length;
  for (const place of all("[data-chosen]")) {
    place.textContent = chosen ? `${place.dataset.some} ${chosen}` : place.dataset.none;
  }
};
const choose = (found) => {
  if (!found) return;
  found.checked = !found.checked;
  count();
};
let row = null; // where the cursor was last: the bar's own button takes it away
addEventListener("focusin", (event) => {
  if (box(event.target)) row = event.target;
});
addEventListener("change", (event) => {
  if (event.target.matches("[data-choose]")) count();
});
const typing = (target) => target.isContentEditable || /^(SELECT|TEXTAREA)$/.test(target.tagName) || (target.tagName === "INPUT" && target.type !== "checkbox");
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return;
  if (document.documentElement.dataset.letters === "off" || localStorage.getItem("letters") === "off") return;
  const key = event.code === "KeyX" ? (event.shiftKey ? "X" : "x") : event.key;
  if (key === "x") choose(box(document.activeElement));
  else if (key === "X") {
    const none = boxes().some((each) => !each.checked);
    for (const each of boxes()) each.checked = none;
    count();
  }
});
addEventListener("click", (event) => {
  if (event.target.closest("[data-choose-row]")) choose(box(row));
});
document.addEventListener("htmx:afterSwap", count);

// Who else is here: told when the page comes, every so often, when one begins or ends to write, and when it goes.
const here = document.getElementById("here");
let doing = "looking";
const told = () => new URLSearchParams({ doing, seen: here.dataset.seen });
const tell = async () => {
  try {
    const answer = await fetch(here.dataset.here, { method: "POST", body: told(), headers: { "HX-Request": "true" } });
    if (answer.ok) here.innerHTML = await answer.text();
  } catch { /* the next time will do */ }
};
const does = (now) => {
  if (doing === now) return;
  doing = now;
  tell();
};
if (here) {
  tell();
  setInterval(() => { if (document.visibilityState === "visible") tell(); }, 20_000);
  document.addEventListener(here.dataset.heard, tell);
  addEventListener("input", (event) => {
    if (event.target.matches("[data-writes]")) does(event.target.value.trim() ? "writing" : "looking");
  });
  addEventListener("pagehide", () => {
    doing = "gone";
    navigator.sendBeacon(here.dataset.here, told());
  });
}
