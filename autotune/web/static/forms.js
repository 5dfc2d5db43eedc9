// Tabs by the ARIA pattern, the marks of wrong fields, what belongs to the chosen executor, and text to be copied.
"use strict";

function showTab(tab) {
  for (const other of tab.closest("[role=tablist]").querySelectorAll("[role=tab]")) {
    const chosen = other === tab;
    other.setAttribute("aria-selected", String(chosen));
    other.tabIndex = chosen ? 0 : -1;
    document.getElementById(other.getAttribute("aria-controls")).hidden = !chosen;
  }
  const kept = document.querySelector("input[name=tab]");
  if (kept && tab.dataset.tab) {
    kept.value = tab.dataset.tab;
    const address = new URL(location.href);
    address.searchParams.set("tab", kept.value);
    history.replaceState(history.state, "", address);
    for (const link of document.querySelectorAll("nav.modes a")) link.search = address.search;
  }
}

document.addEventListener("click", (event) => {
  const tab = event.target.closest("[role=tab]");
  if (tab) showTab(tab);
});

document.addEventListener("keydown", (event) => {
  const tab = event.target.closest("[role=tab]");
  if (!tab) return;
  const all = [...tab.closest("[role=tablist]").querySelectorAll("[role=tab]")];
  const here = all.indexOf(tab);
  const places = { ArrowRight: here + 1, ArrowDown: here + 1, ArrowLeft: here - 1, ArrowUp: here - 1, Home: 0, End: all.length - 1 };
  if (!(event.key in places)) return;
  event.preventDefault();
  const next = all[(places[event.key] + all.length) % all.length];
  next.focus();
  showTab(next);
});

// An answer brings what stands elsewhere in the page in a template; only what differs is exchanged, which is fast.
function takeFresh() {
  const fresh = document.getElementById("fresh");
  if (!fresh) return;
  const focused = document.activeElement && document.activeElement.id;
  for (const part of fresh.content.children) {
    const old = document.getElementById(part.id);
    if (old && old.outerHTML !== part.outerHTML) old.replaceWith(part.cloneNode(true));
  }
  fresh.remove();
  if (focused && document.activeElement.id !== focused) document.getElementById(focused)?.focus();
}

function markFields() {
  for (const note of document.querySelectorAll(".note")) {
    const field = document.getElementById("f-" + note.id.slice(5));
    if (!field) continue;
    if ("invalid" in note.dataset) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }
}

// Fields of other executors are out of sight and are not sent.
function showArms() {
  const chooser = document.querySelector("[data-chooses-arms]");
  if (!chooser) return;
  for (const field of document.querySelectorAll("[data-arms]")) {
    const belongs = field.dataset.arms.split(" ").includes(chooser.value);
    field.hidden = !belongs;
    for (const input of field.querySelectorAll("input, textarea")) input.disabled = !belongs;
  }
}

// The other form of the same draft is one link away: it takes along what the address holds now.
function carryDraft() {
  for (const link of document.querySelectorAll("nav.modes a")) link.search = location.search;
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-chooses-arms]")) showArms();
});
document.addEventListener("htmx:afterSwap", () => { takeFresh(); markFields(); });
document.addEventListener("htmx:replacedInHistory", carryDraft);
document.addEventListener("DOMContentLoaded", () => { markFields(); showArms(); });
