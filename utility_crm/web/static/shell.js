// The keyboard, the theme, and what htmx leaves to us. One file, no inline script: the policy is strict.
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
  document.cookie = `theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=lax`;
  nameThemes();
};
nameThemes();

// Letters can be switched off (WCAG 2.1.4).
const letters = () => localStorage.getItem("letters") !== "off";

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
  } else if (event.key === "Enter" && chosen() && found.dataset.for === box.value) {
    event.preventDefault();
    location.assign(chosen().dataset.href);
  } else if (event.key === "Escape") {
    event.preventDefault();
    if (!found.hidden) closeFound();
    else box.blur();
  }
};
const findNow = () => {
  box.focus();
  box.select();
};
if (box) {
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
const ask = (link) => {
  link.click();
  link.focus({ preventScroll: true });
  link.scrollIntoView({ block: "nearest", inline: "nearest" });
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

// Help: every key that works here, read from the page itself.
const help = one("#help");
const openHelp = () => {
  const list = one("[data-keys]", help);
  for (const added of all("[data-added]", list)) added.remove();
  const seen = new Set();
  for (const element of all("[data-key]")) {
    if (!shown(element) || seen.has(element.dataset.key)) continue;
    seen.add(element.dataset.key);
    const term = document.createElement("dt");
    const cap = document.createElement("kbd");
    cap.textContent = element.dataset.key;
    term.append(cap);
    const words = document.createElement("dd");
    const copy = element.cloneNode(true);
    for (const other of all("kbd", copy)) other.remove();
    words.textContent = (element.getAttribute("aria-label") || copy.textContent).trim();
    term.dataset.added = words.dataset.added = "";
    list.append(term, words);
  }
  one("[data-letters]", help).checked = letters();
  help.showModal();
};

const press = (element) => {
  if (/^(INPUT|SELECT|TEXTAREA)$/.test(element.tagName)) element.focus();
  else if (element.dataset.open) toggle(element);
  else {
    element.focus({ preventScroll: true });
    element.click();
  }
};
const toggle = (element) => {
  const panel = document.getElementById(element.dataset.open);
  panel.hidden = !panel.hidden;
  element.setAttribute("aria-expanded", String(!panel.hidden));
  if (panel.hidden) element.focus();
  else {
    panel.scrollIntoView({ block: "nearest" });
    one("input:not([type=hidden]), select, textarea", panel)?.focus();
  }
};
const typing = (target) => target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName);

let going = 0;
let beyond = 0; // when 0 was pressed: the digit after it is of the questions beyond the ninth
addEventListener("keydown", (event) => {
  if (event.altKey && /^[1-9]$/.test(event.key)) {
    const tab = all(".tabs a")[Number(event.key) - 1];
    if (tab) {
      event.preventDefault();
      tab.click();
    }
    return;
  }
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && box) {
    event.preventDefault();
    findNow();
    return;
  }
  if (event.key === "Escape" && !event.defaultPrevented && !help?.open) return escape(event);
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || help?.open || !letters()) return;
  if (going && Date.now() - going < 1500) {
    going = 0;
    const room = one(`[data-go="${CSS.escape(event.key)}"]`);
    if (room) {
      event.preventDefault();
      room.click();
      return;
    }
  }
  const act = all(`[data-key="${CSS.escape(event.key)}"]`).find(shown);
  const after = beyond && Date.now() - beyond < 1500 ? 9 : 0;
  beyond = 0;
  const question = /^[1-9]$/.test(event.key) && questions()[after + Number(event.key) - 1];
  if (act) press(act);
  else if (question) ask(question);
  else if (event.key === "0" && questions().length > 9) beyond = Date.now();
  else if (event.key === "g") going = Date.now();
  else if (event.key === "j" || event.key === "k") step(event.key === "j" ? 1 : -1);
  else if (event.key === "?") openHelp();
  else return;
  event.preventDefault();
});
const escape = (event) => {
  const panel = event.target.closest?.("[data-panel]");
  if (panel) {
    event.preventDefault();
    toggle(one(`[data-open="${CSS.escape(panel.id)}"]`));
    return;
  }
  if (typing(event.target)) return event.target.blur();
  const back = all("[data-esc]").find(shown);
  if (back) back.click();
};

addEventListener("click", (event) => {
  const target = event.target.closest("button, a");
  if (!target) return;
  if (target.matches("[data-theme-toggle]")) switchTheme();
  else if (target.matches("[data-help]")) openHelp();
  else if (target.matches("[data-open]")) toggle(target);
  else if (target.matches("[data-find]")) findNow();
  else if (target.matches("[data-copy]")) copyText(target);
  else if (target.matches("[data-filter]")) filter(target);
  else if (target.matches("[data-older]")) {
    for (const entry of all("[data-old]")) entry.hidden = false;
    target.remove();
  } else if (target.matches("[data-again]")) location.reload();
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

// The timeline's chips: what is shown is already here.
const filter = (chip) => {
  const kind = chip.dataset.filter;
  for (const other of all("[data-filter]")) other.setAttribute("aria-pressed", String(other === chip));
  one("[data-older]")?.remove();
  for (const entry of all("[data-old]")) entry.hidden = false;
  for (const entry of all("[data-kind]")) entry.hidden = kind !== "" && entry.dataset.kind !== kind;
  for (const day of all("[data-day]")) {
    let next = day.nextElementSibling;
    let some = false;
    while (next && !next.matches("[data-day]")) {
      some ||= !next.hidden;
      next = next.nextElementSibling;
    }
    day.hidden = !some;
  }
};

// What stays in view under the strip begins below it, however tall it is.
const strip = one(".strip");
if (strip) {
  new ResizeObserver(() => {
    const sticky = getComputedStyle(strip).position === "sticky" ? strip.offsetHeight : 0;
    for (const page of all(".page")) page.style.setProperty("--strip-h", `${sticky}px`);
    root.style.scrollPaddingTop = `${sticky + 12}px`;
  }).observe(strip);
}

// What scrolls sideways inside itself can be scrolled by keyboard too.
const reachable = () => {
  for (const place of all(".scroll, .cells, .flags, .tabs, .ask ol, .keys")) {
    if (place.scrollWidth > place.clientWidth + 1) place.tabIndex = 0;
    else place.removeAttribute("tabindex");
  }
};
reachable();
addEventListener("resize", reachable);

// Changed answers are spoken.
const say = (words) => { const place = one("#spoken"); if (place) place.textContent = words; };
const justDone = one("[data-announce]"); // what stood there when the page came is not spoken by itself
if (justDone) say(justDone.textContent.trim());
document.addEventListener("htmx:afterSwap", (event) => {
  const target = event.detail.target;
  if (target === found) {
    found.dataset.for = event.detail.requestConfig.parameters.get?.("q") ?? box.value;
    if (document.activeElement === box) openFound();
    return;
  }
  reachable();
  say(one("[data-spoken]", target)?.textContent ?? "");
});
document.addEventListener("htmx:pushedIntoHistory", () => {
  const title = one("#sheet-h");
  if (title) document.title = `${title.textContent.trim()} ${one(".strip h1")?.firstChild?.textContent.trim() ?? ""}`.trim();
});
let leaving = false; // a request that the next page cuts short has not failed
addEventListener("beforeunload", () => { leaving = true; });
for (const failure of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(failure, (event) => {
    if (leaving || event.detail.target === found) return;
    event.detail.target.prepend(one("#unreachable").content.cloneNode(true));
  });
}
