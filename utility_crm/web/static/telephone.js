// Who rings is shown at once: in the page in front, unless something was typed there; then a line says so, and
// Alt 0 goes. What becomes of the call is told in the same line, or where the page itself has it.
const one = (selector, from = document) => from.querySelector(selector);
const all = (selector, from = document) => [...from.querySelectorAll(selector)];
const shown = (element) => element.getClientRects().length > 0;

// Text in a form that is open: one's own, or what came back refused.
const typed = () =>
  all('form[method="post"] :is(input, textarea)').some((field) => {
    if (!shown(field) || /^(hidden|checkbox|radio|submit|button)$/.test(field.type)) return false;
    const back = field.form.querySelector("[aria-invalid], [id^=ask-], [id^=wrong-]");
    return field.value.trim() !== "" && (field.value !== field.defaultValue || Boolean(back));
  });

// Of a caller whom one may not see a line says that, and where to hand them over.
const shownAs = async ({ call, href }) => {
  const from = href.startsWith("/elsewhere/") ? href : `/telephone/${call}`;
  const answer = await fetch(`${from}/line`, { headers: { "HX-Request": "true" } });
  if (!answer.ok) return;
  const made = new DOMParser().parseFromString(await answer.text(), "text/html").body.firstElementChild;
  if (!made) return;
  const there = one(`[data-banner="call-${call}"]`);
  made.dataset.told = "";
  if (there) return there.replaceWith(made);
  for (const before of all("[data-banner][data-told]")) before.remove();
  const strip = one(".strip"); // where the page itself has it when it comes anew
  if (strip) strip.prepend(made);
  else one("#line")?.replaceChildren(made);
};
const here = (href) => {
  const wanted = new URL(href, location.href);
  return wanted.pathname === location.pathname;
};

document.addEventListener("live:ringing", ({ detail }) => {
  if (!here(detail.href) && live.inFront() && !typed()) location.assign(detail.href);
  else shownAs(detail);
});
document.addEventListener("live:call", ({ detail }) => {
  const ours = Boolean(one(`[data-banner="call-${detail.call}"]`));
  if (!detail.mine) {
    if (ours && !here(detail.href)) one(`[data-banner="call-${detail.call}"]`).remove();
    return;
  }
  if (!ours && !here(detail.href) && detail.state !== "ended") return;
  shownAs(detail);
  const log = one('[data-open="act-l"]');
  if (detail.state === "ended" && here(detail.href) && log && live.inFront() && !typed()) {
    if (log.getAttribute("aria-expanded") !== "true") log.click();
  }
});
addEventListener("keydown", (event) => {
  if (!event.altKey || event.code !== "Digit0") return;
  const link = one("[data-caller]");
  if (!link) return;
  event.preventDefault();
  link.click();
});
