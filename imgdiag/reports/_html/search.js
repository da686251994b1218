// The field that finds a path or a package.

const MOST_RESULTS = 40;

function startSearch(map) {
  byId("search").addEventListener("input", () => search(map));
  byId("search").addEventListener("keydown", (event) => {
    if (event.key === "Escape") endSearch();
    if (event.key === "Enter") byId("results").querySelector("button")?.click();
  });
}

function search(map) {
  const text = byId("search").value.trim();
  const box = byId("results");
  box.hidden = !text;
  if (!text) return;
  const { count, found } = map.model.search(text, MOST_RESULTS);
  const least = map.image.tree.least_bytes;
  const summary = count
    ? `${counted(count)} found${count > found.length ? `, the first ${found.length}` : ""}`
    : `Nothing of that name${least ? `; files of up to ${formatBytes(least)} are put together` : ""}`;
  const results = found.map((each) => {
    const label = each.index === undefined ? `package ${each.label}` : each.label;
    const result = button(element("span", {}, label), () => {
      endSearch();
      map.reveal(each);
    });
    result.append(bytes(each.bytes));
    return element("li", {}, result);
  });
  box.replaceChildren(element("p", {}, summary), element("ul", {}, ...results));
  byId("status").textContent = summary;
}

function endSearch() {
  byId("search").value = "";
  byId("results").hidden = true;
}
