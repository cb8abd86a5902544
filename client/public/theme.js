// Sets the chosen theme before anything is drawn, so that the page never flashes. An external file, because the
// content security policy allows no inline script. The rest of the theme lives in src/lib/theme.ts.
(function () {
  try {
    var theme = localStorage.getItem("llm-tuner-theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // Storage may be blocked; then the system's theme is used.
  }
})();
