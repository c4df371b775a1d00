// The theme, the search box, panels, help, the timeline. No inline script anywhere: the policy is strict.
const root = document.documentElement;
const all = (selector, from = document) => [...from.querySelectorAll(selector)];
const one = (selector, from = document) => from.querySelector(selector);
const shown = (element) => element.getClientRects().length > 0;

// Theme: a cookie, so the server paints the right one at once.
const dark = () =>
  root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
const nameThemes = () => {
  for (const button of all("[data-theme-toggle]")) button.textContent = dark() ? button.dataset.light : button.dataset.dark;
};
const switchTheme = () => {
  root.dataset.theme = dark() ? "light" : "dark";
  const prefix = root.dataset.cookies ?? ""; // __Host- where cookies go over HTTPS alone
  document.cookie = `${prefix}theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=lax${prefix && "; secure"}`;
  nameThemes();
};
nameThemes();

// Letters can be switched off (WCAG 2.1.4).
const letters = () => (localStorage.getItem("letters") ?? root.dataset.letters) !== "off";

// The list under the search box.
const box = one("#q");
const found = one("#found");
const options = () => (found && !found.hidden ? all("[role=option]", found) : []);
const choose = (option) => {
  for (const other of options()) other.setAttribute("aria-selected", String(other === option));
  if (option) {
    box.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  } else box.removeAttribute("aria-activedescendant");
};
const chosen = () => options().find((option) => option.getAttribute("aria-selected") === "true");
const closeFound = () => {
  if (!found) return;
  found.hidden = true;
  box.setAttribute("aria-expanded", "false");
  box.removeAttribute("aria-activedescendant");
};
const openFound = () => {
  const full = box.value.trim().length > 1 && found.childElementCount > 0;
  found.hidden = !full;
  box.setAttribute("aria-expanded", String(full));
  if (full) choose(options()[0]);
};
const searchKeys = (event) => {
  const list = options();
  const at = list.indexOf(chosen());
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    if (!list.length) return;
    event.preventDefault();
    choose(list[(at + (event.key === "ArrowDown" ? 1 : list.length - 1)) % list.length]);
  } else if (event.key === "Enter" && box.value.trim().length > 1) {
    event.preventDefault();
    if (found.dataset.for === box.value) goToFound();
    else awaited = box.value; // typed faster than found: the answer decides
  } else if (event.key === "Escape") {
    event.preventDefault();
    if (!found.hidden) closeFound();
    else box.blur();
  }
};
let awaited = null;
const goToFound = () => {
  awaited = null;
  const option = chosen();
  if (option) location.assign(option.dataset.href);
  else box.form.submit();
};
const findNow = () => {
  box.focus();
  box.select();
};
if (box) {
  box.addEventListener("input", () => { awaited = null; });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.matches("#found [data-beside]") && !chosen()) choose(options()[0]); // nothing else was found
    if (event.detail.target !== found) return;
    found.dataset.for = event.detail.requestConfig.parameters.get?.("q") ?? box.value;
    if (document.activeElement === box) openFound();
    if (awaited === found.dataset.for) goToFound();
  });
  for (const failure of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
    document.addEventListener(failure, (event) => { if (event.detail.target === found && awaited) box.form.submit(); });
  }
  box.addEventListener("keydown", searchKeys);
  box.addEventListener("focus", () => { if (found.childElementCount) openFound(); });
  found.addEventListener("mousedown", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) location.assign(option.dataset.href);
  });
  addEventListener("click", (event) => { if (!event.target.closest(".find")) closeFound(); });
}

// Questions: the chosen one is marked at once and keeps the focus while its sheet is fetched.
const questions = () => all(".ask ol a");
const markQuestion = (link) => {
  for (const other of questions()) other.removeAttribute("aria-current");
  link.setAttribute("aria-current", "true");
};
// Help: every key that works here, read from the page itself.
const help = one("#help");
const HELPED = { rows: "[data-row]", back: "[data-esc]", tabs: ".tabs a" }; // lines that depend on the page
const entry = (element) => {
  const term = document.createElement("dt");
  const key = element.dataset.key;
  const cap = document.createElement("kbd");
  cap.textContent = one("kbd", element)?.textContent.trim() || (/^[A-Z]$/.test(key) ? `Shift ${key}` : key);
  term.append(cap);
  const words = document.createElement("dd");
  const copy = element.cloneNode(true);
  for (const other of all("kbd, .a, .vh", copy)) other.remove();
  const label = element.labels?.[0]; // a field is called as its label is, not as what it holds
  words.textContent = (element.getAttribute("aria-label") || (label ?? copy).textContent).trim();
  return [term, words];
};
const openHelp = () => {
  const seen = new Set();
  const wired = all("[data-key]").filter(
    (element) => shown(element) && !seen.has(element.dataset.key) && seen.add(element.dataset.key),
  );
  const asks = (element) => element.matches(".ask ol a");
  const groups = { questions: wired.filter(asks), acts: wired.filter((element) => !asks(element)) };
  for (const [name, elements] of Object.entries(groups)) {
    const group = one(`[data-keys=${name}]`, help);
    one("dl", group).replaceChildren(...elements.flatMap(entry));
    group.hidden = !elements.length;
  }
  for (const line of all("[data-if]", help)) line.hidden = !all(HELPED[line.dataset.if]).some(shown);
  for (const line of all("[data-unless]", help)) line.hidden = all(HELPED[line.dataset.unless]).some(shown);
  one("[data-letters]", help).checked = letters();
  help.showModal();
};

// A panel below the strip: one at a time; what is typed in one stays in it. Its form is fetched when first wanted.
const begin = (panel) => {
  panel.scrollIntoView({ block: "nearest" });
  const field = one("[data-first]", panel) ?? one("input:not([type=hidden]), select, textarea", panel) ?? one("button, a", panel);
  field?.focus();
};
const close = (panel) => {
  panel.hidden = true;
  for (const other of all(`[data-open="${CSS.escape(panel.id)}"]`)) other.setAttribute("aria-expanded", "false");
};
const fetchInto = async (panel, element) => {
  typeahead.hold("panel");
  panel.setAttribute("aria-busy", "true");
  try {
    await htmx.ajax("GET", panel.dataset.from + location.search, { source: element, target: panel, swap: "innerHTML" });
    drafts.restore(panel);
  } finally {
    panel.removeAttribute("aria-busy");
    if (!panel.hidden) begin(panel);
    typeahead.release("panel");
  }
};
const toggle = (element) => {
  const panel = document.getElementById(element.dataset.open);
  if (!panel.hidden) {
    close(panel);
    element.focus();
    return;
  }
  for (const other of all("[data-panel]")) if (!other.hidden) close(other);
  panel.hidden = false;
  element.setAttribute("aria-expanded", "true");
  if (panel.dataset.from && !panel.childElementCount) fetchInto(panel, element);
  else begin(panel);
};

// A draft is never lost: what is typed below the strip is kept for this tab until it is sent, a customer each. The
// fields with data-draft are kept by the server (drafts.js); these are the others. Each is its writer's: who signs in
// next in the same tab sees none of them.
const drafts = {
  mine: `draft ${document.body.dataset.user ?? ""} `,
  sent: "[data-panel] form[method=post]", // not form.method: that is the field of this name, where there is one
  whose: () => /^\/customers\/\d+/.exec(location.pathname)?.[0] ?? location.pathname,
  redrawn: () => location.pathname !== drafts.whose(), // by the server, with all that was typed: refused, or asked back
  name: (form) => `${drafts.mine}${drafts.whose()} ${form.closest("[data-panel]").id} ${form.id}`,
  fields: (form) => [...form.elements].filter((each) => each.name && !/^(hidden|submit|button|password|file)$/.test(each.type) && !each.matches("[data-no-draft], [data-draft]")),
  keep(form) {
    const typed = drafts.redrawn() ? JSON.parse(sessionStorage.getItem(drafts.name(form)) ?? "{}") : {};
    for (const each of drafts.fields(form)) {
      const now = /^(checkbox|radio)$/.test(each.type) ? each.checked : each.value;
      const first = /^(checkbox|radio)$/.test(each.type) ? each.defaultChecked : each.defaultValue ?? each.querySelector("[selected]")?.value ?? each.options[0]?.value;
      if (now !== first) typed[each.id] = now;
    }
    if (Object.keys(typed).length) sessionStorage.setItem(drafts.name(form), JSON.stringify(typed));
    else sessionStorage.removeItem(drafts.name(form));
    drafts.mark();
  },
  restore(panel) {
    for (const form of all("form[method=post]", panel)) {
      const kept = JSON.parse(sessionStorage.getItem(drafts.name(form)) ?? "{}");
      for (const [id, value] of Object.entries(kept)) {
        const field = document.getElementById(id);
        if (!field || field.getAttribute("aria-invalid")) continue;
        if (typeof value === "boolean") field.checked = value;
        else field.value = value;
      }
    }
  },
  mark() { // which of the open customers have one
    for (const tab of all(".tabs a[href]")) {
      const beginning = `${drafts.mine}${new URL(tab.href).pathname} `;
      const kept = Object.keys(sessionStorage).some((name) => name.startsWith(beginning));
      const words = one(".draft", tab);
      if (words) words.hidden = !kept && !("kept" in words.dataset); // or the server has one (drafts.js)
    }
  },
};
addEventListener("input", (event) => {
  const form = event.target.form;
  if (form?.matches(drafts.sent)) drafts.keep(form);
});
addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches(drafts.sent)) sessionStorage.setItem("sent", drafts.name(form));
});
const sent = sessionStorage.getItem("sent");
if (sent && !one(".notice.bad[data-announce], .over.warn[id^=ask-]") && one(".notice[data-announce]")) sessionStorage.removeItem(sent);
sessionStorage.removeItem("sent");
for (const panel of all("[data-panel]")) if (panel.hidden || !drafts.redrawn()) drafts.restore(panel);
drafts.mark();
one(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });

addEventListener("click", (event) => {
  const target = event.target.closest("button, a");
  if (!target) return;
  if (target.matches("[data-theme-toggle]")) switchTheme();
  else if (target.matches("[data-help]")) openHelp();
  else if (target.matches("[data-open]")) {
    event.preventDefault();
    toggle(target);
  }
  else if (target.matches("[data-find]")) findNow();
  else if (target.matches("[data-copy]")) copyText(target);
  else if (target.matches("[data-press]")) {
    const meant = all(`[data-key="${CSS.escape(target.dataset.press)}"]`).find(shown);
    if (meant?.matches("input, select, textarea")) meant.focus();
    else meant?.click();
  } else if (target.matches("[data-again]")) location.reload();
  else if (target.matches("[data-send-again]")) {
    const form = target.closest("form");
    target.closest("[data-away]").remove();
    form?.requestSubmit();
  }
  else if (target.matches(".ask ol a[hx-get]") && !event.ctrlKey && !event.metaKey) markQuestion(target);
});
help?.addEventListener("change", (event) => {
  if (event.target.matches("[data-letters]")) localStorage.setItem("letters", event.target.checked ? "on" : "off");
});
const copyText = (button) => {
  const source = button.dataset.copy.startsWith("#") ? one(button.dataset.copy)?.innerText : button.dataset.copy;
  navigator.clipboard?.writeText((source ?? "").trim());
  say(button.textContent);
};

// On a small screen the name keeps the first warning beside it, once the warning itself is out of sight.
const warning = one(".strip > .notice");
const short = one(".strip .narrow");
if (warning && short) new IntersectionObserver(([seen]) => { short.hidden = seen.isIntersecting; }).observe(warning);

// What stays in view under the strip begins below it, however tall it is.
const strip = one(".strip");
if (strip) {
  new ResizeObserver(() => {
    const sticky = getComputedStyle(strip).position === "sticky" ? strip.offsetHeight : 0;
    for (const page of all(".page")) page.style.setProperty("--strip-h", `${sticky}px`);
    root.style.scrollPaddingTop = `${sticky + 12}px`;
  }).observe(strip);
}

// A page that waits for the database says when it is there again.
const well = one("[data-until-well]");
if (well) {
  const asking = setInterval(async () => {
    const answer = await fetch(well.dataset.untilWell).catch(() => null);
    if (!answer?.ok) return;
    clearInterval(asking);
    well.textContent = well.dataset.well;
  }, 2_000);
}

const say = (words) => { const place = one("#spoken"); if (place) place.textContent = words; };
const justDone = one("[data-announce]"); // what stood there when the page came is not spoken by itself
if (justDone) say(justDone.textContent.trim());
