// The button that switches between light and dark; the system's choice comes
// first. Drawings that are no style of the page follow the event.

document.getElementById("theme").onclick = () => {
  const page = document.documentElement, isDark = getComputedStyle(page).colorScheme === "dark";
  page.dataset.theme = isDark ? "light" : "dark";
  dispatchEvent(new Event("themechange"));
};
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => dispatchEvent(new Event("themechange")));
