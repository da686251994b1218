// What to do, and why the image is this big.

const SAFETY = {
  safe: "nothing changes for the running container",
  review: "someone who knows the service should look",
  risky: "something is likely to need what goes",
};

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

function drawMends(section, { image }) {
  if (!image.mends.length) {
    section.append(element("p", { class: "faint" }, "Nothing here to mend that would take a hundredth of the image away."));
    return;
  }
  section.append(element("ol", { class: "mends" }, ...image.mends.map((mend) => {
    return element("li", { class: "card ledger" },
      element("div", { class: "amounts" },
        element("div", { class: "big" }, bytes(mend.bytes)),
        element("div", { class: "faint small" }, mend.is_estimate ? "about that much less" : "less"),
        safety(mend.safety)),
      element("div", {},
        element("p", {}, mend.summary, element("span", { class: "faint" }, ` (${mend.rule})`),
          mend.includes_earlier ? element("span", { class: "faint" }, ", together with the mend above") : null),
        code(mend.file, mend.snippet)));
  })));
}

function drawFindings(section, { image }) {
  section.append(element("p", { class: "faint" }, image.reasons.length
    ? "Findings overlap; the prediction counts each byte once. " +
      Object.entries(SAFETY).map(([value, means]) => `${value[0].toUpperCase()}${value.slice(1)}: ${means}.`).join(" ")
    : "Nothing here to mend: no finding of 1 MB or more."));
  section.append(...image.reasons.map((each) =>
    drawReason(image, each, each.findings.map((index) => image.findings[index]))));
  const notes = image.findings.filter((each) => each.severity === "note");
  if (!notes.length) return;
  section.append(element("details", { class: "more" },
    element("summary", {}, `${image.notes.join("; ")}`),
    ...notes.map((each) => drawReason(image, { ...each, rules: each.rule }, [each]))));
}

// What was found, where, and how to mend it; findings with one mend are told together.
function drawReason(image, reason, findings) {
  const [first] = findings;
  return element("article", { class: "card finding ledger", "aria-label": reason.rules },
    element("div", { class: "amounts" },
      element("h3", { class: "big" }, bytes(reason.bytes)),
      findings.some((each) => each.estimate) && element("div", { class: "faint small" }, "about"),
      safety(reason.safety)),
    element("div", {},
      element("h4", {}, element("code", {}, reason.rules), waived(reason)),
      ...findings.flatMap((each) => drawFound(image, each)),
      element("details", {},
        element("summary", {}, `How to mend it: ${first.summary}`),
        code(first.file, first.snippet)),
      ...findings.map(drawPaths)));
}

function waived(each) {
  return each.waived && element("span", { class: "faint small" }, ` ${each.waived}`);
}

function drawFound(image, finding) {
  const layers = finding.layers.slice(0, 3).map((index) => image.layers[index]).filter(Boolean);
  return [
    element("p", {}, finding.message),
    finding.estimate && element("p", { class: "faint" }, `An estimate: ${finding.estimate}.`),
    ...layers.map((layer) => element("p", { class: "made" }, `layer ${layer.index} ${layer.line && `at ${layer.line} `}`,
      element("code", { title: shortened(layer.made_by.join("\n"), 2000) }, shortened(layer.made_by.join(" "), 160)))),
  ].filter(Boolean);
}

function drawPaths(finding) {
  if (!finding.paths.length) return null;
  return element("details", {},
    element("summary", {}, `The largest of ${counted(finding.files)} ${finding.files === 1 ? "file" : "files"}`),
    element("ul", { class: "paths" }, ...finding.paths.map((each) => element("li", {},
      bytes(each.bytes, { class: "number" }), " ", element("code", {}, `/${each.path}`)))));
}

// What the image's own history did that breaks something, whatever its bytes.
function drawHazards(section, { image }) {
  section.append(...image.findings.filter((each) => each.hazard).map((each) =>
    element("div", { class: "notice normal" },
      element("h3", {}, element("code", {}, each.rule), waived(each)),
      ...drawFound(image, each),
      element("details", {}, element("summary", {}, each.summary), code(each.file, each.snippet)),
      drawPaths(each))));
}
