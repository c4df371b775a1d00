// What htmx leaves to us: one sheet at a time, where the cursor stands, the title, what is spoken, what failed.
const all = (selector, from = document) => [...from.querySelectorAll(selector)];
const one = (selector, from = document) => from.querySelector(selector);
const isMain = (element) => element?.id === "main";

// Requests under way whose answer changes what keys would act upon.
const underway = new Map();
const polled = (config) => config.verb === "get" && !config.triggeringEvent;
document.addEventListener("htmx:beforeRequest", (event) => {
  const { target, requestConfig } = event.detail;
  if (!isMain(target) || requestConfig.verb !== "get") return;
  if (underway.size && (polled(requestConfig) || [...underway.values()].some((verb) => verb !== "get"))) {
    event.preventDefault(); // what a person asked for goes before what the page asks by itself, a form before all
    return;
  }
  for (const xhr of [...underway.keys()]) xhr.abort(); // the last question counts, whichever answer is ready first
});
document.addEventListener("htmx:beforeSend", (event) => {
  const { target, requestConfig, xhr } = event.detail;
  const { verb } = requestConfig;
  if (polled(requestConfig) || (verb === "get" && !isMain(target))) return; // panels hold by themselves
  underway.set(xhr, verb);
  typeahead.hold(verb === "get" ? "sheet" : "form");
  xhr.addEventListener("loadend", () => { // after htmx has put the answer in its place
    underway.delete(xhr);
    if (xhr.getResponseHeader("HX-Redirect")) typeahead.hold("leaving");
    queueMicrotask(settle); // one that was cut short is followed by another at once
  });
});
const settle = () => {
  const verbs = [...underway.values()];
  if (verbs.every((each) => each === "get")) typeahead.release("form");
  if (!verbs.includes("get")) typeahead.release("sheet");
};

// What a person types or ticks while the answer to a form is on its way is not taken back by it: it stands in the
// new sheet, and is asked about in its turn. What was sent is the answer's to say.
let meanwhile = [];
const boxes = (field) => /^(checkbox|radio)$/.test(field.type);
const said = (field) => {
  if (field.options) return [...field.selectedOptions].map((each) => each.value);
  return boxes(field) && !field.checked ? [] : [field.value];
};
const heard = (field, sent) => {
  const values = sent.getAll(field.name);
  return boxes(field) ? values.filter((each) => each === field.value).slice(0, 1) : values;
};
const changedMeanwhile = ({ target, requestConfig, elt }) => {
  const form = (requestConfig?.elt ?? elt).closest?.("form");
  if (!form || requestConfig?.verb !== "get") return [];
  const mine = all("input[id]:not([type=hidden], [type=range]), select[id], textarea[id]", target);
  return mine.flatMap((field) => {
    const asked = field.form === form && Boolean(field.name);
    const before = asked ? heard(field, requestConfig.formData) : [field.defaultValue ?? said(field)[0]];
    const now = said(field);
    if (String(now) === String(before) || (!asked && (boxes(field) || field.options))) return [];
    return [{ id: field.id, values: now, asked }];
  });
};
const sayAgain = () => {
  const again = meanwhile.map(({ id, values, asked }) => {
    const field = document.getElementById(id);
    if (!field || String(said(field)) === String(values)) return null;
    if (field.options) for (const each of field.options) each.selected = values.includes(each.value);
    else if (boxes(field)) field.checked = values.length > 0;
    else [field.value] = values;
    return asked ? field : null;
  });
  meanwhile = [];
  const changed = again.find(Boolean); // one tells of all: the form is asked about as a whole, once it listens
  if (!changed) return;
  document.addEventListener("htmx:afterSettle", () => {
    changed.dispatchEvent(new Event("change", { bubbles: true }));
  }, { once: true });
};

// Where the cursor stood: the same thing in the new sheet, else the sheet itself, never the top of the page.
let stood = null;
let slid = null; // a slider that asked: what it was moved to, whatever the answer's own settling makes of it
const names = (element) =>
  [
    element.id && `#${CSS.escape(element.id)}`,
    element.dataset.key && `[data-key="${CSS.escape(element.dataset.key)}"]`,
    element.name && `[name="${CSS.escape(element.name)}"]${element.type === "submit" ? `[value="${CSS.escape(element.value)}"]` : ""}`,
    element.getAttribute("href") && `[href="${CSS.escape(element.getAttribute("href"))}"]`,
  ].filter(Boolean);
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, requestConfig, elt } = event.detail;
  if (xhr?.status === 503 && requestConfig?.verb !== "get" && one("#away")) { // what was typed stays in its form
    event.detail.shouldSwap = false;
    const place = requestConfig.elt ?? elt;
    for (const old of all(":scope > [data-away]", place)) old.remove();
    place.append(one("#away").content.cloneNode(true));
    place.lastElementChild.dataset.away = "";
    return;
  }
  meanwhile = changedMeanwhile(event.detail);
  const at = document.activeElement;
  stood = event.detail.target.contains(at) && at !== event.detail.target ? names(at) : null;
  const asked = at?.type === "range" && at.form === event.detail.requestConfig?.elt;
  slid = asked ? { id: at.id, value: at.value } : null;
});
const standAgain = (target) => {
  if (stood && (!document.activeElement || document.activeElement === document.body)) {
    const found = stood.map((name) => one(name, target)).find(Boolean) ?? (isMain(target) ? target : null);
    found?.focus({ preventScroll: true });
  }
  stood = null;
};

// The title of the tab names the question; forms that stay know which one they go back to.
const given = document.title;
const entitle = () => {
  const asked = new URL(location.href).searchParams.get("ask");
  const heading = one("#main #sheet-h, #main #say-h")?.textContent.trim();
  document.title = asked && heading ? `${heading} ${given}` : given;
  if (asked) for (const field of all("input[type=hidden][name=ask]")) if (!field.closest("#main")) field.value = asked;
};
entitle();

// What scrolls sideways inside itself can be scrolled by keyboard too.
const reachable = () => {
  for (const place of all(".scroll, .cells, .flags, .tabs, .ask ol, .keys")) {
    if (place.scrollWidth > place.clientWidth + 1) place.tabIndex = 0;
    else place.removeAttribute("tabindex");
  }
};
reachable();
addEventListener("resize", reachable);

document.addEventListener("htmx:afterSwap", (event) => {
  const { target } = event.detail;
  if (target.closest("#found")) return;
  reachable();
  const slider = slid && document.getElementById(slid.id);
  if (slider) slider.value = slid.value;
  slid = null;
  standAgain(target);
  sayAgain();
  if (isMain(target)) entitle();
  one("#spoken").textContent = one("[data-spoken]", target)?.textContent ?? "";
});

let leaving = false; // a request that the next page cuts short has not failed
addEventListener("beforeunload", () => { leaving = true; });
for (const failure of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(failure, (event) => {
    if (leaving || event.detail.target.closest("#found")) return;
    event.detail.target.prepend(one("#unreachable").content.cloneNode(true));
  });
}
