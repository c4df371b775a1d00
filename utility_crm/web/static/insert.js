// Words of an article put into a field, where its cursor was: a button with data-insert="#field" and data-text.
addEventListener("click", (event) => {
  const button = event.target.closest("[data-insert]");
  const field = button && document.querySelector(button.dataset.insert);
  if (!field) return;
  const words = button.dataset.text;
  const [from, to] = [field.selectionStart ?? field.value.length, field.selectionEnd ?? field.value.length];
  const before = field.value.slice(0, from);
  const gap = before && !/\s$/.test(before) ? " " : "";
  field.setRangeText(gap + words, from, to, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
});
