// Runs before the first paint: the theme and the width of the navigation, as chosen last time.
(() => {
  const root = document.documentElement;
  const recall = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
  const remember = (key, value) => { try { localStorage.setItem(key, value); } catch { /* private windows forget */ } };

  const theme = recall("causeway.theme");
  if (theme === "causeway" || theme === "causeway-dark") root.dataset.theme = theme;
  if (recall("causeway.navigation") === "icons") root.dataset.navigation = "icons";

  // A page that is shown again because its form was not carried out stands at the form's address: this is the page's own.
  if (root.dataset.at) history.replaceState(null, "", root.dataset.at);

  // Going back leads to where one was on a page. What stands there comes later than the browser looks for the place.
  const places = new Map();
  let wanted;
  const reach = () => {
    if (wanted !== undefined && scrollY !== wanted && root.scrollHeight - innerHeight >= wanted) scrollTo(0, wanted);
  };
  addEventListener("scroll", () => { if (wanted === undefined) places.set(location.href, scrollY); }, { passive: true });
  addEventListener("popstate", () => { wanted = places.get(location.href); });
  for (const deed of ["wheel", "touchstart", "pointerdown", "keydown"]) {
    addEventListener(deed, () => { wanted = undefined; }, { passive: true, capture: true });
  }
  new MutationObserver(reach).observe(document, { childList: true, subtree: true });

  // Both switches work before the application has been loaded, and without it.
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("[data-switch]");
    if (!button) return;
    if (button.dataset.switch === "theme") {
      const dark = root.dataset.theme ? root.dataset.theme === "causeway-dark" : matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = dark ? "causeway" : "causeway-dark";
      remember("causeway.theme", root.dataset.theme);
    } else if (button.dataset.switch === "navigation") {
      const icons = root.dataset.navigation !== "icons";
      if (icons) root.dataset.navigation = "icons"; else delete root.dataset.navigation;
      remember("causeway.navigation", icons ? "icons" : "words");
    }
  });
})();
