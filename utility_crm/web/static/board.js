// The board looks again by itself: every half minute while somebody sees it, never while the tab is hidden or a
// person holds it still. Only what changed is put in its place; the cursor stays on its row, the page where it was
// scrolled to, and nothing is spoken: who listens to a page asks for its news with a key.
const EVERY = 30_000;
const SLOWEST = 300_000;
const PARTS = [".strip .strip-in", "nav.ask ol", "#main"];
const HELD = "board-held";
const one = (selector, from = document) => from.querySelector(selector);
const visible = () => document.visibilityState === "visible";
const held = () => sessionStorage.getItem(HELD) === "yes";

let looked = Date.now();
let pause = EVERY;
let timer = null;

const busy = () => // a person reads, asks or chooses: what stands there stays
  !getSelection().isCollapsed || one("dialog[open]") || one(".htmx-request") || document.activeElement?.matches("input, textarea, select");

const names = (at) =>
  [
    at.id && `#${CSS.escape(at.id)}`,
    at.dataset.key && `[data-key="${CSS.escape(at.dataset.key)}"]`,
    at.getAttribute("href") && `a[href="${CSS.escape(at.getAttribute("href"))}"]`,
  ].filter(Boolean);

const plain = (place) => { // as the server wrote it: what can be scrolled by keyboard was marked since (swaps.js)
  const copy = place.cloneNode(true);
  for (const each of copy.querySelectorAll(".scroll[tabindex], .cells[tabindex]")) each.removeAttribute("tabindex");
  return copy.innerHTML;
};
const put = (place, fresh) => {
  if (plain(place) === fresh.innerHTML) return;
  const at = place.contains(document.activeElement) && document.activeElement !== place ? document.activeElement : null;
  const row = at ? [...place.querySelectorAll("[data-row]")].indexOf(at) : -1;
  const across = [...place.querySelectorAll(".scroll")].map((each) => each.scrollLeft);
  place.replaceChildren(...fresh.childNodes);
  place.querySelectorAll(".scroll").forEach((each, number) => { each.scrollLeft = across[number] ?? 0; });
  htmx.process(place);
  dispatchEvent(new Event("resize")); // what can be scrolled is marked anew
  if (!at) return;
  const rows = [...place.querySelectorAll("[data-row]")]; // a row that is gone gives its place to the next
  const next = names(at).map((name) => one(name, place)).find(Boolean) ?? (row >= 0 ? rows[Math.min(row, rows.length - 1)] : null);
  (next ?? one("#main"))?.focus({ preventScroll: true });
};

const look = async () => {
  const asked = location.search;
  const answer = await fetch(`/board/now${asked}`, { headers: { "HX-Request": "true" } });
  if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (location.search !== asked || busy() || held()) return; // meanwhile they asked something else
  for (const part of PARTS) {
    const place = one(part);
    const its = one(part, fresh);
    if (place && its) put(place, its);
  }
};

const turn = async () => {
  clearTimeout(timer);
  timer = null;
  if (visible() && !held() && !busy()) {
    looked = Date.now();
    try {
      await look();
      pause = EVERY;
    } catch { // what stands there says its time; we ask less often until it answers again
      pause = Math.min(SLOWEST, 2 * pause);
    }
  }
  plan();
};
const plan = () => {
  clearTimeout(timer);
  timer = visible() && !held() ? setTimeout(turn, pause) : null;
};
const show = () => {
  const button = one("[data-hold]");
  button?.setAttribute("aria-pressed", String(held()));
};

addEventListener("visibilitychange", () => {
  if (visible() && Date.now() - looked > EVERY) turn();
  else plan();
});
document.addEventListener("click", (event) => {
  if (!event.target.closest?.("[data-hold]")) return;
  sessionStorage.setItem(HELD, held() ? "no" : "yes");
  show();
  if (held()) plan();
  else turn();
});
show();
plan();
window.board = { turn };
