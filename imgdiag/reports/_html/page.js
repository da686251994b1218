// Puts the page together. All that is known is in one element; nothing is fetched.

const THEMES = { auto: "light dark", light: "light", dark: "dark" };

function setTheme(name) {
  document.documentElement.style.colorScheme = THEMES[name];
  document.documentElement.dataset.theme = name;
  byId("theme").textContent = `Theme: ${name}`;
}

function stored(name) {
  try { // pages from a file may have no storage
    if (name) localStorage.setItem("imgdiag-theme", name);
    return localStorage.getItem("imgdiag-theme");
  } catch {
    return null;
  }
}

function startTheme() {
  const names = Object.keys(THEMES);
  setTheme(names.find((name) => name === stored()) || "auto");
  byId("theme").addEventListener("click", () => {
    const next = names[(names.indexOf(document.documentElement.dataset.theme) + 1) % names.length];
    setTheme(next);
    stored(next);
  });
}

function start() {
  startTheme();
  const { image, gate } = JSON.parse(byId("data").textContent);
  document.title = `${image.reference}: ${formatBytes(image.layer_bytes)} – imgdiag`;
  const map = new ImageMap(new ImageModel(image));
  drawVerdict(image, gate, map);
  drawMends(image);
  drawFindings(image);
  drawPackages(image, map);
  drawLayers(image, map);
  drawNotes(image);
  // What is folded on the screen is open on paper.
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
}

start();
