// The top of the page: how big, against which budgets, how big it can be, and the layers as a bar.

function drawVerdict(section, { image, gate, map }) {
  const facts = [image.platform, image.source, image.created && image.created.slice(0, 10)].filter(Boolean);
  section.append(...[
    element("h1", { id: "verdict-title" }, image.reference),
    element("p", { class: "faint" }, facts.join(" · ")),
    image.dockerfile && element("p", { class: "faint" }, image.dockerfile),
    image.route_note && element("p", { class: "faint" }, `Read ${image.route_note}`),
    element("p", { class: `headline ${image.tone}` }, bytes(image.layer_bytes, { class: "huge" }), " ",
      element("span", {}, image.headline)),
    image.skipped.length && notice("bad", "Not read: the numbers leave this out",
      image.skipped.map((each) => `${each.what}: ${each.reason}`)),
    gate.checks.length + gate.not_checked.length && drawGate(gate),
    gate.waivers && drawWaivers(gate),
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
  const mark = (tone, name, sign) => element("span", { class: tone, role: "img", "aria-label": name }, sign);
  return element("div", { class: `notice ${gate.passed ? "good" : "bad"}`, id: "budgets" },
    element("h2", {}, `Budgets: ${gate.verdict}`,
      gate.configuration && element("span", { class: "faint" }, ` by ${gate.configuration}`)),
    element("ul", { class: "checks" },
      ...gate.checks.map((check) => element("li", {},
        check.passed ? mark("tick", "passed", "✓") : mark("cross", "failed", "✗"),
        element("div", {}, element("code", {}, check.name), ` ${check.detail}`,
          check.parts && element("div", { class: "small" }, check.parts),
          check.message && element("div", { class: "small strong" }, check.message)))),
      ...gate.not_checked.map((each) => element("li", {}, mark("faint", "not checked", "–"),
        element("div", {}, element("code", {}, each.name), ` not checked: ${each.reason}`)))));
}

function drawWaivers(gate) {
  return notice("normal", `Waivers: ${gate.waivers}`, gate.waiver_lines);
}

const SIZES = { layers: "Layer bytes", visible: "Visible bytes", wasted: "Wasted bytes", download: "Download",
  engine: "By the engine" };

function drawSizes(image) {
  const isMuch = image.wasted_bytes * 20 >= image.layer_bytes; // as the headline has it
  return element("dl", { class: "sizes" }, ...image.sizes.map((size) => element("div", {
    class: size.name === "wasted" && isMuch ? "wasted" : false },
    element("dt", {}, SIZES[size.name]),
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
      title: [words, `layer bytes: ${exactBytes(layer.layer_bytes)}`,
        image.by_layer ? `wasted bytes: ${exactBytes(wasted)}` : "", shortened(layer.made_by.join(" "), 200)]
        .filter(Boolean).join("\n"),
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
  return element("div", {}, element("h2", {}, "Its layers"), bar,
    element("p", { class: "hint" }, "From the oldest to the newest.",
      image.by_layer && image.wasted_bytes ? " Hatched: wasted, hidden by later layers." : "",
      image.by_layer ? " A layer opens in the map." : ""));
}
