// Two images: before and after, and why.

// Growth with its sign: what an image has more is bad, what it has less is good.
function growth(count) {
  const sign = count > 0 ? "+" : count < 0 ? "−" : "";
  return element("span", { class: `number ${count > 0 ? "more-bytes" : count < 0 ? "less" : ""}`,
    title: `${sign}${exactBytes(Math.abs(count))}` }, `${sign}${formatBytes(Math.abs(count))}`);
}

function drawChange(section, { comparison, gate }) {
  const { base, head } = comparison;
  section.append(...[
    element("h1", { id: "change-title" }, "Before and after"),
    element("p", { class: `headline ${comparison.growth > 0 ? "bad" : "good"}` },
      growth(comparison.growth), " ", element("span", { class: "verdict" }, comparison.verdict)),
    comparison.skipped.length && notice("bad", "Not read: the numbers leave this out",
      comparison.skipped.map((each) => `${each.what}: ${each.reason}`)),
    gate.checks.length && drawGate(gate),
    drawBeforeAndAfter([["Before", base], ["After", head]]),
    base.wasted_bytes + head.wasted_bytes && element("p", { class: "hint" }, "Hatched: wasted, hidden by later layers."),
    drawSizeChanges(comparison),
  ].filter(Boolean));
  section.querySelector(".headline .number").classList.add("huge");
}

// A bar for each image, both to one scale: what is visible, and what is wasted.
function drawBeforeAndAfter(images) {
  const whole = Math.max(...images.map(([, image]) => image.layer_bytes), 1);
  return element("ol", { class: "bars before" }, ...images.map(([name, image]) => {
    const part = (size, kind) => {
      const made = element("span", { class: `part ${kind}` });
      made.style.width = `${100 * size / whole}%`;
      return made;
    };
    return element("li", {},
      element("span", { class: "what" }, element("b", {}, name), element("span", { class: "faint small" }, image.line)),
      element("span", { class: "track", "aria-hidden": "true" },
        part(image.visible_bytes, "in-package"), part(image.wasted_bytes, "in-waste")),
      element("span", { class: "number" }, bytes(image.layer_bytes),
        image.wasted_bytes ? element("span", { class: "faint" }, ", wasted ", bytes(image.wasted_bytes)) : null));
  }));
}

const SIZE_NAMES = { layer_bytes: "Layer bytes", visible_bytes: "Visible bytes", wasted_bytes: "Wasted bytes",
  transfer_bytes: "Download", engine_bytes: "By the engine", symlink_bytes: "Symlink targets" };

function drawSizeChanges(comparison) {
  const rows = comparison.sizes.map((each) =>
    changeRow(SIZE_NAMES[each.name] || each.name, { ...each, isKnown: each.base !== null && each.head !== null }));
  return element("div", { class: "narrow" }, ...table("Sizes before and after", ["Size", "Before", "After", "Growth"], rows));
}

// A row with what something was, is and grew by; null stands for what is not there, or not known.
function changeRow(name, { base, head, isKnown = true }, ...cells) {
  const side = (count) => element("td", {}, count === null ? (isKnown ? "–" : "?") : bytes(count));
  return element("tr", {}, element("th", { scope: "row" }, name), side(base), side(head),
    element("td", {}, isKnown ? growth((head || 0) - (base || 0)) : "?"), ...cells);
}

const MOST_CAUSES = 10;

function drawCauses(section, { comparison }) {
  const largest = Math.max(...comparison.causes.map((each) => Math.abs(each.bytes)), 1);
  const list = (causes) => element("ol", { class: "causes card" }, ...causes.map((each) => {
    const bar = element("span", { class: `cause-bar ${each.bytes > 0 ? "up" : "down"}` });
    bar.style.width = `${100 * Math.abs(each.bytes) / largest}%`;
    return element("li", {}, growth(each.bytes), element("span", { class: "track", "aria-hidden": "true" }, bar),
      element("div", {}, element("div", {}, each.title),
        ...each.notes.map((note) => element("div", { class: "faint small" }, note))));
  }));
  const rest = comparison.causes.slice(MOST_CAUSES);
  section.append(element("p", { class: "faint" }, "Each byte once: in all ", growth(comparison.growth), "."),
    list(comparison.causes.slice(0, MOST_CAUSES)));
  if (rest.length) {
    section.append(element("details", { class: "more" }, element("summary", {},
      `${counted(rest.length)} more: `, growth(rest.reduce((sum, each) => sum + each.bytes, 0))), list(rest)));
  }
}

function drawPackageChanges(section, { comparison }) {
  for (const each of comparison.packages) {
    const rows = each.rows.map((row) => changeRow(row.name, row,
      element("td", { class: "text" }, row.base_version === row.head_version ? row.head_version
        : `${row.base_version} → ${row.head_version}`),
      element("td", { class: "text" }, row.last || "–")));
    section.append(element("h3", {}, each.title),
      ...table(each.title, ["Package", "Before", "After", "Growth", "Version", each.last], rows, 15));
    if (each.requirements.length) {
      section.append(element("details", {}, element("summary", {}, "The tree of requirements"),
        element("ul", { class: "plain small" }, ...each.requirements.map((line) => element("li", {}, line)))));
    }
  }
}

function drawLayerChanges(section, { comparison }) {
  section.append(element("p", { class: "faint" }, `${comparison.layers_line}.`),
    ...table("The layers, in the order after", ["", "Before", "After", "Growth", "Made by"],
      comparison.layers.map((each) => changeRow(each.kind, each, element("td", { class: "text" },
        each.line && element("div", { class: "faint small" }, each.line), element("code", {}, each.made_by)))), 60));
}

function drawFolderChanges(section, { comparison }) {
  section.append(...table("Folders that grew or shrank", ["Folder", "Before", "After", "Growth"],
    comparison.folders.map((each) => changeRow(each.path, each)), 15));
}

function drawFindingChanges(section, { comparison }) {
  section.append(...comparison.findings.map((each) => element("article", { class: "card ledger", "aria-label": each.rule },
    element("div", { class: "amounts" }, element("div", { class: "big" }, growth((each.head || 0) - (each.base || 0))),
      element("div", { class: "faint small" }, each.kind), safety(each.safety)),
    element("div", {}, element("h3", {}, element("code", {}, each.rule)), element("p", {}, each.message)))));
}

const CHANGE_SECTIONS = [
  { id: "change", of: "comparison", draw: drawChange },
  { id: "causes", of: "comparison", nav: "Causes", title: (comparison) => comparison.causes_heading,
    has: (comparison) => comparison.causes.length, draw: drawCauses },
  { id: "package-changes", of: "comparison", nav: "Packages", title: "Packages",
    has: (comparison) => comparison.packages.length, draw: drawPackageChanges },
  { id: "finding-changes", of: "comparison", nav: "Findings", title: "Findings",
    has: (comparison) => comparison.findings.length, draw: drawFindingChanges },
  { id: "layer-changes", of: "comparison", nav: "Layers", title: "Layers",
    has: (comparison) => comparison.layers.length, draw: drawLayerChanges },
  { id: "folder-changes", of: "comparison", nav: "Folders", title: "Folders that grew or shrank",
    has: (comparison) => comparison.folders.length, draw: drawFolderChanges },
  { id: "change-notes", of: "comparison", title: "Warnings", has: (comparison) => comparison.warnings.length,
    draw: (section, { comparison }) => drawNotes(section, { image: comparison }) },
];
