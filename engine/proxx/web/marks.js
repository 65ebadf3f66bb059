// Gives the signs in drawn tables a colour, and lets the keyboard reach what scrolls.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const kinds = { "✓": "yes", "✗": "no", "⚠": "warn", "ℹ": "note", ffmpeg: "yes", resolve: "raw" };
  for (const cell of document.querySelectorAll(".md-typeset td:not(:first-child)")) {
    if (cell.firstElementChild && cell.firstChild === cell.firstElementChild) continue; // code or a link: no sign
    const word = cell.textContent.trim().split(/[\s,]/)[0];
    if (Object.hasOwn(kinds, word)) cell.classList.add("mark", `mark-${kinds[word]}`);
  }
  document.querySelector(".md-search")?.setAttribute("aria-label", "Search");
  const reach = () => {
    for (const box of document.querySelectorAll(".md-typeset__scrollwrap, .md-typeset pre > code")) {
      const scrolls = box.scrollWidth > box.clientWidth;
      box.toggleAttribute("tabindex", scrolls);
      if (scrolls) box.tabIndex = 0;
    }
  };
  addEventListener("load", () => setTimeout(reach, 0));
  addEventListener("resize", reach);
});
