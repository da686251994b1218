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
  const matter = image.findings.filter((each) => each.severity !== "note");
  const notes = image.findings.filter((each) => each.severity === "note");
  section.append(element("p", { class: "faint" }, matter.length
    ? "Findings overlap; the prediction counts each byte once. " +
      Object.entries(SAFETY).map(([value, means]) => `${value[0].toUpperCase()}${value.slice(1)}: ${means}.`).join(" ")
    : "Nothing here to mend: no finding of 1 MB or more."));
  section.append(...matter.map((each) => drawFinding(image, each)));
  if (notes.length) {
    section.append(element("details", { class: "more" },
      element("summary", {}, `For information: ${notes.length} ${notes.length === 1 ? "finding" : "findings"} that change little`),
      ...notes.map((each) => drawFinding(image, each))));
  }
}

function drawFinding(image, finding) {
  const layers = finding.layers.slice(0, 3).map((index) => image.layers[index]).filter(Boolean);
  return element("article", { class: `card finding ledger ${finding.safety}`, "aria-label": finding.rule },
    element("div", { class: "amounts" },
      element("h3", { class: "big" }, bytes(finding.bytes)),
      finding.estimate && element("div", { class: "faint small" }, "about"),
      safety(finding.safety)),
    element("div", {},
    element("h4", {}, element("code", {}, finding.rule)),
    element("p", {}, finding.message),
    finding.estimate ? element("p", { class: "faint" }, `An estimate: ${finding.estimate}.`) : null,
    ...layers.map((layer) => element("p", { class: "made" }, `layer ${layer.index} ${layer.line && `at ${layer.line} `}`,
      element("code", { title: shortened(layer.made_by.join("\n"), 2000) }, shortened(layer.made_by.join(" "), 160)))),
    element("details", {},
      element("summary", {}, `How to mend it: ${finding.summary}`),
      code(finding.file, finding.snippet)),
    finding.paths.length ? element("details", {},
      element("summary", {}, `The largest of ${finding.files.toLocaleString("en-US")} ${finding.files === 1 ? "file" : "files"}`),
      element("ul", { class: "paths" }, ...finding.paths.map((each) => element("li", {},
        bytes(each.bytes, { class: "number" }), " ", element("code", {}, `/${each.path}`))))) : null));
}
