// Everything beside the map: the verdict, what to do, findings, packages, layers.

const SAFETY = {
  safe: "nothing changes for the running container",
  review: "someone who knows the service should look",
  risky: "something is likely to need what goes",
};

function drawVerdict(image, gate, map) {
  const facts = [image.platform, image.source, image.created && image.created.slice(0, 10)].filter(Boolean);
  byId("verdict").append(...[
    element("h1", { id: "reference" }, image.reference),
    element("p", { class: "faint" }, facts.join(" · ")),
    image.route_note && element("p", { class: "faint" }, `Read ${image.route_note}`),
    element("p", { class: `headline ${image.tone}` }, bytes(image.layer_bytes, { class: "huge" }), " ",
      element("span", {}, image.headline)),
    image.skipped.length && notice("bad", "Not read: the numbers leave this out",
      image.skipped.map((each) => `${each.what}: ${each.reason}`)),
    gate.checks.length && drawGate(gate),
    drawSizes(image),
    drawPrediction(image),
    drawLayersBar(image, map),
  ].filter(Boolean));
}

function notice(tone, title, lines) {
  return element("div", { class: `notice ${tone}` }, element("h2", {}, title),
    element("ul", {}, ...lines.map((line) => element("li", {}, line))));
}

function drawGate(gate) {
  return element("div", { class: `notice ${gate.passed ? "good" : "bad"}`, id: "budgets" },
    element("h2", {}, gate.passed ? "Budgets: passed" : "Budgets: failed"),
    element("ul", { class: "checks" }, ...gate.checks.map((check) => element("li", {},
      element("span", { class: check.passed ? "tick" : "cross", role: "img", "aria-label": check.passed ? "passed" : "failed" },
        check.passed ? "✓" : "✗"),
      element("span", {}, element("code", {}, check.name), ` ${check.detail}`)))));
}

function drawSizes(image) {
  return element("dl", { class: "sizes" }, ...image.sizes.map((size) => element("div", { class: size.name },
    element("dt", {}, `${size.name} bytes`),
    element("dd", { class: "big" }, bytes(size.bytes)),
    element("dd", { class: "faint" }, size.what))));
}

function drawPrediction(image) {
  if (!image.prediction.length) return null;
  const rows = [{ name: "now", layer_bytes: image.layer_bytes }, ...image.prediction];
  return element("div", { class: "prediction" },
    element("h2", {}, "What it can be"),
    element("ol", { class: "bars" }, ...rows.map((row) => {
      const about = row.estimate ? "about " : "";
      const fill = element("span", { class: "fill" });
      fill.style.width = `${100 * row.layer_bytes / (image.layer_bytes || 1)}%`;
      return element("li", {},
        element("span", { class: "what" }, row.name),
        element("span", { class: "track", "aria-hidden": "true" }, fill),
        element("span", { class: "number" }, about, bytes(row.layer_bytes),
          row.bytes ? element("span", { class: "less" }, ` ${about}${formatBytes(row.bytes)} less`) : null));
    })));
}

function drawLayersBar(image, map) {
  const whole = image.layer_bytes;
  if (!whole || !image.layers.length) return null;
  const bar = element("div", { class: "layersbar" });
  for (const layer of image.layers) {
    if (layer.layer_bytes < whole / 2000) continue;
    const wasted = layer.wasted_bytes || 0;
    const words = `layer ${layer.index}: ${formatBytes(layer.layer_bytes)}` +
      (wasted ? `, ${formatBytes(wasted)} of it wasted` : "");
    const made = button("", () => map.showLayer(layer.index), {
      "aria-label": words,
      title: `${words}\nlayer bytes: ${exactBytes(layer.layer_bytes)}\nwasted bytes: ${exactBytes(wasted)}\n${shortened(layer.made_by.join(" "), 200)}`,
      disabled: !image.by_layer,
    });
    made.style.flexGrow = layer.layer_bytes;
    if (wasted) {
      const hatch = element("span", { class: "hatch" });
      hatch.style.width = `${100 * wasted / layer.layer_bytes}%`;
      made.append(hatch);
    }
    if (layer.layer_bytes > whole / 25) {
      made.append(element("span", { class: "name" }, `${layer.index}`),
        layer.layer_bytes > whole / 10 ? element("span", { class: "amount" }, formatBytes(layer.layer_bytes)) : "");
    }
    bar.append(made);
  }
  return element("div", {}, element("h2", {}, "Its layers"), bar);
}

function safety(value) {
  return element("span", { class: `badge ${value}`, title: `${value}: ${SAFETY[value]}` }, value);
}

// Lines to copy, with a button that copies them.
function code(file, lines) {
  const text = lines.join("\n");
  const copy = button("Copy", async () => {
    copy.textContent = (await copied(text)) ? "Copied" : "Select and copy";
    setTimeout(() => { copy.textContent = "Copy"; }, 2000);
  }, { class: "copy", "aria-label": `Copy the lines for ${file}` });
  return element("figure", { class: "code" },
    element("figcaption", {}, element("span", {}, file), copy),
    element("pre", { tabindex: "0" }, element("code", {}, text)));
}

// The clipboard is only for secure pages; a report is often opened as a file.
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = element("textarea", { class: "sr", "aria-hidden": "true", tabindex: "-1" });
    area.value = text;
    document.body.append(area);
    const before = document.activeElement;
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    before?.focus();
    return done;
  }
}

function drawMends(image) {
  const section = byId("mends");
  section.append(element("h2", { id: "mends-title" }, "Do this first"));
  if (!image.mends.length) {
    section.append(element("p", { class: "faint" }, "Nothing here to mend that would take a hundredth of the image away."));
    return;
  }
  section.append(element("ol", { class: "mends" }, ...image.mends.map((mend) => element("li", { class: "card" },
    element("p", {}, safety(mend.safety), " ", mend.line), code(mend.file, mend.snippet)))));
}

function drawFindings(image) {
  const section = byId("findings");
  const matter = image.findings.filter((each) => each.severity !== "note");
  const notes = image.findings.filter((each) => each.severity === "note");
  section.append(element("h2", { id: "findings-title" }, "Why it is this big"));
  if (!matter.length) {
    section.append(element("p", {}, "Nothing here to mend: no finding of 1 MB or more."));
  } else {
    section.append(element("p", { class: "faint" }, "Findings overlap; the prediction counts each byte once."));
  }
  section.append(...matter.map((each) => drawFinding(image, each)));
  if (notes.length) {
    section.append(element("details", { class: "more" },
      element("summary", {}, `For information: ${notes.length} ${notes.length === 1 ? "finding" : "findings"} that change little`),
      ...notes.map((each) => drawFinding(image, each))));
  }
}

function drawFinding(image, finding) {
  const layers = finding.layers.slice(0, 3).map((index) => image.layers[index]).filter(Boolean);
  const about = finding.estimate ? "about " : "";
  return element("article", { class: `card finding ${finding.safety}` },
    element("h3", {},
      element("span", { class: "big" }, about, bytes(finding.bytes)), " ",
      element("code", {}, finding.rule), " ", safety(finding.safety)),
    element("p", {}, finding.message),
    finding.estimate ? element("p", { class: "faint" }, `An estimate: ${finding.estimate}.`) : null,
    ...layers.map((layer) => element("p", { class: "made" }, `layer ${layer.index} `,
      element("code", { title: shortened(layer.made_by.join("\n"), 2000) }, shortened(layer.made_by.join(" "), 160)))),
    element("details", {},
      element("summary", {}, `How to mend it: ${finding.summary}`),
      code(finding.file, finding.snippet)),
    finding.paths.length ? element("details", {},
      element("summary", {}, `The largest of ${finding.files.toLocaleString("en-US")} ${finding.files === 1 ? "file" : "files"}`),
      element("ul", { class: "paths" }, ...finding.paths.map((each) => element("li", {},
        bytes(each.bytes, { class: "number" }), " ", element("code", {}, `/${each.path}`))))) : null);
}

// A table of which the first rows show, and the others when they are asked for.
function table(caption, headers, rows, most = 20) {
  const body = element("tbody", {}, ...rows.slice(0, most));
  const more = rows.length > most ? button(`Show all ${rows.length.toLocaleString("en-US")}`, () => {
    body.append(...rows.slice(most));
    more.remove();
  }, { class: "quiet" }) : null;
  return [element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    element("table", { class: "wide" }, element("caption", { class: "sr" }, caption),
      element("thead", {}, element("tr", {}, ...headers.map((text) => element("th", { scope: "col" }, text)))), body)),
  more].filter(Boolean);
}

function drawPackages(image, map) {
  const section = byId("packages");
  section.append(element("h2", { id: "packages-title" }, "Python packages"));
  if (!image.packages.length) {
    section.append(element("p", { class: "faint" }, "There are no Python packages in it."));
    return;
  }
  section.append(...image.python_notes.map((note) => element("p", {}, note)),
    element("p", { class: "faint" }, "Goes with it: what an uninstall frees, with everything that nothing else requires. ",
      "Not a Python package's: ", bytes(image.unattributed_bytes), "."));
  const several = new Set(image.packages.map((each) => each.environment)).size > 1;
  const rows = image.packages.map((each, index) => element("tr", {},
    element("th", { scope: "row" }, button(`${each.name} ${each.version}`, () => map.reveal({ package: index }), { class: "link" })),
    element("td", {}, bytes(each.bytes)),
    element("td", {}, formatShare(each.bytes, image.visible_bytes)),
    element("td", {}, bytes(each.retained_bytes)),
    element("td", { class: "text" }, shortened(each.required_by.join(", "), 120) || "–"),
    several ? element("td", { class: "text" }, `/${each.environment}`) : null));
  section.append(...table("Python packages, the largest first",
    ["Package", "Visible bytes", "Of visible", "Goes with it", "Required by", ...(several ? ["Environment"] : [])], rows));
}

function drawLayers(image, map) {
  const section = byId("layers");
  section.append(element("h2", { id: "layers-title" }, "All layers"));
  const rows = image.layers.map((layer) => element("tr", {},
    element("th", { scope: "row" }, image.by_layer && layer.layer_bytes
      ? button(`${layer.index}`, () => map.showLayer(layer.index), { class: "link", "aria-label": `layer ${layer.index} in the map` })
      : `${layer.index}`),
    element("td", {}, layer.problem ? "?" : bytes(layer.layer_bytes)),
    element("td", {}, bytes(layer.visible_bytes)),
    element("td", { class: layer.wasted_bytes ? "waste" : "" }, layer.wasted_bytes === 0 ? "–" : bytes(layer.wasted_bytes)),
    element("td", {}, bytes(layer.transfer_bytes)),
    element("td", {}, layer.files === null ? "?" : layer.files.toLocaleString("en-US")),
    element("td", { class: "text" }, element("code", { title: layer.digest }, layer.made_by.join("\n")))));
  section.append(...table("The layers, oldest first",
    ["Layer", "Layer bytes", "Visible", "Wasted", "Download", "Files", "Made by"], rows, 60));
}

function drawNotes(image) {
  const section = byId("notes");
  section.append(element("h2", { id: "notes-title" }, "Warnings"));
  section.hidden = !image.warnings.length;
  section.append(element("ul", {}, ...image.warnings.map((warning) => element("li", {}, warning))));
}
