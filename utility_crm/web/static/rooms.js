// What does not fit the top line stands behind "More"; the room one is in always stands in it. The height of the key bar.
const one = (selector, from = document) => from.querySelector(selector);
const nav = one(".top nav");
const line = nav && one("ul", nav);
const rest = nav && one(".rest", nav); // the button and the list behind it
const list = nav && one("#more-rooms ul", nav);
const rooms = line ? [...line.children] : [];

let width = -1;
const fit = () => {
  if (nav.clientWidth === width) return;
  width = nav.clientWidth;
  rest.hidden = true;
  line.append(...rooms);
  if (nav.scrollWidth <= width) return;
  rest.hidden = false;
  const far = rooms.filter((room) => !one("[aria-current]", room));
  while (far.length && nav.scrollWidth > width) list.prepend(far.pop());
};
if (line && rest && "popover" in rest) {
  nav.dataset.fitted = "";
  new ResizeObserver(fit).observe(nav);
  fit();
  const more = one("#more-rooms");
  more.addEventListener("beforetoggle", () => {
    const at = one("button", rest).getBoundingClientRect();
    more.style.top = `${at.bottom + 4}px`;
    more.style.left = `${Math.max(8, Math.min(at.left, innerWidth - 264))}px`;
  });
  new MutationObserver(() => { // g, then a letter: the letters of these are shown, too
    width = -1; // the letters take room
    fit();
    if (rest.hidden) return;
    if ("going" in document.documentElement.dataset) more.showPopover();
    else if (more.matches(":popover-open")) more.hidePopover();
  }).observe(document.documentElement, { attributeFilter: ["data-going"] });
}

const keys = one(".keys");
if (keys) {
  new ResizeObserver(() => {
    document.documentElement.style.setProperty("--keys-h", `${keys.offsetHeight}px`);
  }).observe(keys);
}
