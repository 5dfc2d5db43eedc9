// What pages share. No framework, no build step; each page adds what it needs in a file of its own.
"use strict";

// <button data-copy="id">: the text of that element goes to the clipboard, and the button says so.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  const said = button.innerHTML;
  try {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = "Copied";
  } catch {
    // Without a secure origin there is no clipboard: the text is selected, so that one key copies it.
    getSelection().selectAllChildren(source);
    button.textContent = "Selected";
  }
  setTimeout(() => { button.innerHTML = said; }, 1500);
});

// <form data-confirm="...">: asked before it is sent.
document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !confirm(question)) event.preventDefault();
});

// <div role="status" data-says="selector">: what an answer changed there is said by screen readers, and nothing else of it.
document.addEventListener("htmx:afterSwap", () => {
  for (const status of document.querySelectorAll("[data-says]")) {
    const parts = [...document.querySelectorAll(status.dataset.says)].map((part) => part.textContent.replace(/\s+/g, " ").trim());
    const text = parts.join(". ");
    if (status.textContent !== text) status.textContent = text;
  }
});
