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

// The sections in their order. One shows `of`, a key of the page's data, and is there where that
// is, and `has` says so; `nav` is its name at the top.
const SECTIONS = [
  ...CHANGE_SECTIONS,
  { id: "verdict", of: "image", draw: drawVerdict },
  { id: "map", of: "image", title: "Where the bytes are", nav: "Map", draw: drawMap },
  { id: "mends", of: "image", title: "Do this first", nav: "Mends", draw: drawMends },
  { id: "findings", of: "image", title: "Why it is this big", nav: "Findings", draw: drawFindings },
  { id: "hazards", of: "image", title: "Take care", has: (image) => image.findings.some((each) => each.hazard),
    draw: drawHazards },
  { id: "packages", of: "image", title: "Packages", nav: "Packages", draw: drawPackages },
  { id: "layers", of: "image", title: "All layers", nav: "Layers", draw: drawLayers },
  { id: "notes", of: "image", title: "Warnings", has: (image) => image.warnings.length, draw: drawNotes },
];

function start() {
  startTheme();
  const page = JSON.parse(byId("data").textContent);
  document.title = `${page.title} – imgdiag`;
  if (page.image) page.map = new ImageMap(new ImageModel(page.image));
  for (const { id, of, title, nav, has, draw } of SECTIONS) {
    if (!page[of] || (has && !has(page[of]))) continue;
    const heading = typeof title === "function" ? title(page[of]) : title;
    const section = element("section", { id, "aria-labelledby": `${id}-title` },
      heading && element("h2", { id: `${id}-title` }, heading));
    byId("top").append(section);
    if (nav) byId("sections").append(element("a", { href: `#${id}` }, nav));
    draw(section, page);
  }
  // What is folded on the screen is open on paper.
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
}

start();
