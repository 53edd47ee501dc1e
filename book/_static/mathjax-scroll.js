// A formula that is wider than the page scrolls sideways. Whoever has no mouse must reach it, too: the Tab key stops at
// it, and the arrow keys scroll it. Loaded only on pages with formulas.
(() => {
  function makeReachable() {
    for (const formula of document.querySelectorAll("mjx-container[display]")) {
      if (formula.scrollWidth > formula.clientWidth) {
        formula.tabIndex = 0;
      } else {
        formula.removeAttribute("tabindex");
      }
    }
  }

  window.addEventListener("load", async () => {
    await window.MathJax?.startup?.promise;
    await document.fonts.ready;
    makeReachable();
    window.addEventListener("resize", makeReachable);
  });
})();
