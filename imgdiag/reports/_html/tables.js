// Packages and layers as tables, and warnings.

// A table of which the first rows show, and the others when they are asked for.
function table(caption, headers, rows, most = 20) {
  const body = element("tbody", {}, ...rows.slice(0, most));
  const made = [element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    element("table", { class: "wide" }, element("caption", { class: "sr" }, caption),
      element("thead", {}, element("tr", {}, ...headers.map((text, at) =>
        element("th", { scope: "col", class: rows[0]?.children[at]?.className || false }, text)))), body))];
  if (rows.length > most) {
    const more = button(`Show all ${counted(rows.length)}`, () => {
      body.append(...rows.slice(most));
      rows[most].querySelector("button")?.focus();
      more.remove();
    }, { class: "quiet" });
    made.push(more);
  }
  return made;
}

function drawPackages(section, { image, map }) {
  section.append(drawOwners(image));
  if (image.packages.length) drawPython(section, image, map);
  if (image.system_packages.length) drawSystem(section, image, map);
}

// Whose the visible bytes are: a bar whose parts add up.
function drawOwners(image) {
  const parts = [["package", "Python packages", image.package_bytes], ["system", "system packages", image.system_package_bytes],
    ["app", "no package's", image.unattributed_bytes]].filter(([, , size]) => size);
  const bar = element("div", { class: "owners", "aria-hidden": "true" }, ...parts.map(([area, , size]) => {
    const part = element("span", { class: `in-${area}` });
    part.style.flexGrow = size;
    return part;
  }));
  return element("div", {}, bar, element("ul", { class: "legend" }, ...parts.map(([area, name, size]) =>
    element("li", {}, element("span", { class: `dot in-${area}` }), `${name} `, bytes(size), ` (${formatShare(size, image.visible_bytes)})`)),
  element("li", { class: "faint" }, "of ", bytes(image.visible_bytes), " visible")));
}

function drawPython(section, image, map) {
  section.append(element("h3", {}, "Python environments"),
    element("ul", { class: "plain" }, ...image.environments.map((each) => element("li", {},
      bytes(each.bytes, { class: "number strong" }), " ", element("span", {}, each.name),
      `, ${counted(each.packages)} ${each.packages === 1 ? "package" : "packages"}: ${each.use}`,
      each.evidence && element("div", { class: "faint small" }, each.evidence)))),
    ...image.python_notes.map((note) => element("p", {}, note)));
  const several = new Set(image.packages.map((each) => each.environment)).size > 1;
  const rows = image.packages.map((each, index) => element("tr", {},
    element("th", { scope: "row" }, button(each.name, () => map.reveal({ owner: index }), { class: "link" }),
      element("span", { class: "faint" }, ` ${each.version}`)),
    element("td", {}, bytes(each.bytes)),
    element("td", {}, formatShare(each.bytes, image.visible_bytes)),
    element("td", {}, bytes(each.retained_bytes)),
    element("td", { class: "text" }, shortened(each.required_by.join(", "), 120) || "–"),
    several ? element("td", { class: "text" }, `/${each.environment}`) : null));
  section.append(element("h3", {}, "Python packages"),
    element("p", { class: "faint small" }, "Goes with it: what an uninstall frees, with everything that nothing else requires."),
    ...table("Python packages, the largest first",
      ["Package", "Visible bytes", "Of visible", "Goes with it", "Required by", ...(several ? ["Environment"] : [])], rows, 15));
}

function drawSystem(section, image, map) {
  const rows = image.system_packages.map((each, index) => element("tr", {},
    element("th", { scope: "row" },
      button(each.name, () => map.reveal({ owner: image.packages.length + index }), { class: "link" }),
      element("span", { class: "faint" }, ` ${each.version}`)),
    element("td", {}, bytes(each.bytes)),
    element("td", {}, formatShare(each.bytes, image.visible_bytes)),
    element("td", { class: "text" }, each.manager)));
  section.append(element("h3", {}, "System packages"),
    ...table("System packages, the largest first", ["Package", "Visible bytes", "Of visible", "Manager"], rows, 10));
}

function drawLayers(section, { image, map }) {
  const placed = image.layers.some((layer) => layer.line);
  const rows = image.layers.map((layer) => element("tr", {},
    element("th", { scope: "row" }, image.by_layer && layer.layer_bytes
      ? button(`${layer.index}`, () => map.showLayer(layer.index), { class: "link", "aria-label": `layer ${layer.index} in the map` })
      : `${layer.index}`),
    element("td", {}, layer.problem ? "?" : bytes(layer.layer_bytes)),
    element("td", {}, bytes(layer.visible_bytes)),
    element("td", { class: layer.wasted_bytes ? "waste" : "" }, layer.wasted_bytes === 0 ? "–" : bytes(layer.wasted_bytes)),
    element("td", {}, bytes(layer.transfer_bytes)),
    element("td", {}, layer.files === null ? "?" : counted(layer.files)),
    element("td", { class: "text" }, placed && element("div", { class: "faint small" }, layer.line || "–"),
      element("code", { title: layer.digest }, layer.made_by.join("\n")))));
  section.append(...table("The layers, oldest first",
    ["Layer", "Layer bytes", "Visible", "Wasted", "Download", "Files", "Made by"], rows, 60));
}

function drawNotes(section, { image }) {
  section.append(element("ul", {}, ...image.warnings.map((warning) => element("li", {}, warning))));
}
