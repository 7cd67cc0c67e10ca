// Runs before the first paint, so that a reader who chose a theme never sees the other one flash.
(() => {
  try {
    const theme = JSON.parse(localStorage.getItem("wandb-rs:theme"));
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // Storage may be forbidden; the theme of the system is then used.
  }
})();
