// The button that switches between light and dark. The system's choice is the
// default. Drawings without styles are updated by the event.

document.getElementById("theme").onclick = () => {
  const page = document.documentElement, isDark = getComputedStyle(page).colorScheme === "dark";
  page.dataset.theme = isDark ? "light" : "dark";
  dispatchEvent(new Event("themechange"));
};
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => dispatchEvent(new Event("themechange")));
