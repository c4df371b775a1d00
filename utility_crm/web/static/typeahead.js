// Keys pressed while nobody listens are kept, and replayed in order: before the page's scripts run, while a sheet
// is on its way, between two pages. A classic script in the head, so that it listens before anything is painted.
(() => {
  const OLDEST = 10_000; // a key of a page that was left longer ago belongs to nothing any more
  const holds = new Set(["page"]);
  const queue = [];
  const byAlt = document.documentElement.dataset.lettersBy === "alt";
  const field = (element) => element?.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(element?.tagName);

  const wanted = (event) => {
    if (event.isComposing) return false;
    if (event.ctrlKey || event.metaKey) return event.code === "KeyK";
    if (byAlt && event.altKey !== (event.key !== "Escape")) return false; // letters act with Alt held
    if (event.altKey && !byAlt) return /^[1-9]$/.test(event.key);
    if (holds.has("leaving") ? event.target.type === "password" : field(event.target)) return false;
    if (event.key === "Escape" || (event.key.length === 1 && event.key !== " ")) return true;
    return queue.length > 0 && /^( |Enter|Tab)$/.test(event.key); // their turn comes after what waits before them
  };
  const typeahead = {
    replay: null, // (kept) => void, given by keys.js
    passes: () => false, // (event) => is it to act at once nevertheless?
    hold(why) { holds.add(why); },
    release(why) {
      holds.delete(why);
      while (queue.length && !holds.size) typeahead.replay(queue.shift());
    },
  };
  window.typeahead = typeahead;
  addEventListener("keydown", (event) => {
    if (!event.isTrusted || (!holds.size && !queue.length) || !wanted(event)) return;
    if (!queue.length && typeahead.passes(event, holds)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (event.repeat) return; // a key that is held down was pressed once
    const { key, code, ctrlKey, metaKey, altKey, shiftKey } = event;
    queue.push({ key, code, ctrlKey, metaKey, altKey, shiftKey, at: Date.now() });
  }, true);

  // From one page to the next. A file that is fetched leaves the page where it is.
  const NAME = "typeahead";
  const FILE = /\.(csv|json|pdf|xlsx|xml|zip)$/;
  let fetching = false;
  addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    fetching = Boolean(link) && (!/^http/.test(link.protocol) || link.hasAttribute("download") || FILE.test(link.pathname));
  }, true);
  addEventListener("submit", () => { fetching = false; }, true);
  addEventListener("beforeunload", () => {
    if (fetching) return;
    typeahead.hold("leaving");
    setTimeout(typeahead.release, 8_000, "leaving"); // nothing came of it
  });
  addEventListener("pagehide", () => {
    if (queue.length) sessionStorage.setItem(NAME, JSON.stringify(queue.splice(0)));
  });
  addEventListener("pageshow", (event) => { if (event.persisted) typeahead.release("leaving"); });
  const before = JSON.parse(sessionStorage.getItem(NAME) ?? "[]");
  sessionStorage.removeItem(NAME);
  for (const kept of before) if (Date.now() - kept.at < OLDEST) queue.push({ ...kept, before: true });
})();
