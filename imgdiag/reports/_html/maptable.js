// What the map shows, in words and numbers.

const MOST_ROWS = 100; // at first

function drawTable(map) {
  const plain = map.onlyVisible();
  const whole = map.value(map.at);
  const retained = plain && map.parts.some((node) => node.retained);
  const rows = map.parts.slice(0, map.rows).map((node) => element("tr", {},
    element("th", { scope: "row" },
      element("span", { class: `dot in-${node.area}` }),
      children(node).length
        ? button(map.label(node), () => map.go(node, { focus: true }), { class: "link", title: map.title(node) })
        : element("span", { title: map.title(node) }, map.label(node))),
    plain ? null : element("td", {}, bytes(node.visible + node.wasted)),
    element("td", {}, bytes(node.visible)),
    plain ? null : element("td", { class: node.wasted ? "waste" : "" }, node.wasted ? bytes(node.wasted) : "–"),
    retained ? element("td", {}, bytes(node.retained)) : null,
    element("td", {}, formatShare(map.value(node), whole))));
  const title = `Parts of ${map.title(map.at)}`;
  const headers = ["Name", plain ? null : "Layer bytes", "Visible", plain ? null : "Wasted",
    retained ? "Goes with it" : null, "Share"].filter(Boolean);
  const grid = element("table", {}, element("caption", {}, title),
    element("thead", {}, element("tr", {}, ...headers.map((text) => element("th", { scope: "col" }, text)))),
    element("tbody", {}, ...rows));
  byId("table").replaceChildren(
    element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title }, grid));
  const more = map.parts.length - rows.length;
  if (more > 0) {
    byId("table").append(button(`Show ${counted(Math.min(more, 1000))} more`, () => {
      map.rows += 1000;
      drawTable(map);
      byId("table").querySelectorAll("tbody tr")[rows.length].querySelector("button")?.focus();
    }, { class: "quiet" }));
  }
}
