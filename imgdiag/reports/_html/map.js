// The map: tiles that one can walk into by mouse and keys. The same as a table: maptable.js.

const MOST_TILES = 250; // of one folder; what is smaller opens as a folder of its own
const MOST_INSIDE = 60; // of a folder inside a tile
const MOST_DEPTH = 6; // of folders inside a tile
const MOST_BOXES = 1500; // in all
const LEAST_INSIDE = 30; // square pixels of a tile inside another
const EDGE = 3; // pixels around what is inside

const MEASURES = {
  layer: { name: "layer bytes", of: (node) => node.visible + node.wasted },
  visible: { name: "visible bytes", of: (node) => node.visible },
  wasted: { name: "wasted bytes", of: (node) => node.wasted },
};

const VIEWS = [["files", "Files"], ["layers", "Layers"], ["packages", "Packages"]];

class ImageMap {
  constructor(model) {
    this.model = model;
    this.image = model.image;
    this.measure = "layer";
    this.rows = MOST_ROWS;
    this.drawn = [];
    this.views = VIEWS.filter(([name]) => (name !== "layers" || this.image.by_layer) &&
      (name !== "packages" || this.image.packages.length + this.image.system_packages.length));
  }

  start(section) {
    section.append(byId("map-parts").content);
    this.tiles = byId("tiles");
    byId("views").append(...this.views.map(([name, label]) =>
      button(label, () => this.show(name), { "data-view": name })));
    byId("measure").addEventListener("change", (event) => {
      this.measure = event.target.value;
      this.draw();
    });
    if (!this.image.wasted_bytes || !this.image.by_layer) byId("measure").closest("label").hidden = true;
    this.tiles.addEventListener("click", (event) => this.clicked(event));
    this.tiles.addEventListener("keydown", (event) => this.pressed(event));
    this.tiles.addEventListener("mouseover", (event) => this.pointed(event));
    this.tiles.addEventListener("focusin", (event) => this.pointed(event));
    startSearch(this);
    this.show("files");
    let width = this.tiles.clientWidth;
    new ResizeObserver(() => {
      if (this.tiles.clientWidth === width) return;
      width = this.tiles.clientWidth;
      this.drawTiles();
    }).observe(this.tiles);
  }

  // Whether there is no waste to tell of: a package owns what is visible, and a quick analysis
  // does not know which file is wasted.
  onlyVisible() {
    return this.viewName === "packages" || !this.image.by_layer;
  }

  measured() {
    return this.onlyVisible() ? "visible" : this.measure;
  }

  value(node) {
    return MEASURES[this.measured()].of(node);
  }

  measureName() {
    return MEASURES[this.measured()].name;
  }

  show(name) {
    this.viewName = name;
    this.legend();
    for (const one of byId("views").children) one.setAttribute("aria-pressed", one.dataset.view === name);
    byId("measure").disabled = name === "packages";
    byId("measure").value = this.measured();
    this.go(this.model.view(name), { quiet: true });
  }

  // Walk to a node; `from` is the one to be at afterwards.
  go(node, { from = null, focus = false, quiet = false } = {}) {
    this.at = node;
    this.rows = MOST_ROWS;
    this.draw();
    const index = Math.max(this.drawn.findIndex((each) => each.node === from), 0);
    this.setCurrent(index, focus);
    if (!quiet) {
      byId("status").textContent =
        `${this.title(node)}: ${formatBytes(this.value(node))}, ${children(node).length} parts`;
    }
  }

  up(focus) {
    if (this.at.parent) this.go(this.at.parent, { from: this.at, focus });
  }

  title(node) {
    if (node.kind === "root") return { image: "the image", layers: "all layers", packages: "all packages" }[node.label];
    if (node.kind === "small") return `${this.label(node)} in ${node.path || this.title(node.parent)}`;
    return node.kind === "folder" || node.kind === "file" ? node.path : node.label;
  }

  label(node) {
    if (node.kind === "root") return this.title(node);
    if (node.kind !== "small") return node.label;
    const { visibleFiles, wastedFiles } = node;
    const count = { layer: visibleFiles + wastedFiles, visible: visibleFiles, wasted: wastedFiles }[this.measured()];
    return `${counted(count)} smaller ${count === 1 ? "file" : "files"}`;
  }

  sorted(nodes) {
    return nodes.filter((node) => this.value(node) > 0).sort((a, b) => this.value(b) - this.value(a));
  }

  draw() {
    this.parts = this.sorted(children(this.at));
    this.drawCrumbs();
    this.drawTiles();
    drawTable(this);
  }

  drawCrumbs() {
    const way = [];
    for (let node = this.at; node; node = node.parent) way.unshift(node);
    byId("crumbs").replaceChildren(element("ol", {}, ...way.map((node) => {
      const label = this.label(node);
      const last = node === this.at;
      return element("li", {}, last
        ? element("span", { "aria-current": "location", title: this.title(node) }, label)
        : button(label, () => this.go(node, { from: way[way.indexOf(node) + 1], focus: true }), { title: this.title(node) }),
      last ? bytes(this.value(node), { class: "number" }) : null);
    })));
  }

  // What is drawn of a folder: its largest parts, and the others as one that can be opened.
  largest(parts, most, owner) {
    if (parts.length <= most) return parts;
    const others = parts.slice(most - 1);
    const rest = { ...group("rest", `${counted(others.length)} smaller parts`), parent: owner,
      path: owner.path, children: others };
    for (const node of others) {
      rest.visible += node.visible;
      rest.wasted += node.wasted;
    }
    rest.area = others[0].area;
    return [...parts.slice(0, most - 1), rest]
      .sort((a, b) => this.value(b) - this.value(a));
  }

  drawTiles() {
    // A page in a frame that is not shown yet has no width; it is drawn again when it has one.
    const width = Math.max(this.tiles.clientWidth, 1);
    const height = Math.max(this.tiles.clientHeight, 1);
    this.left = MOST_BOXES;
    const shown = this.largest(this.parts, MOST_TILES, this.at);
    const places = squarify(shown.map((node) => this.value(node)), 0, 0, width, height);
    this.drawn = shown.map((node, index) => ({ node, place: places[index] }));
    this.tiles.replaceChildren(...this.drawn.map(({ node, place }, index) => this.tile(node, place, index)));
    this.tiles.setAttribute("aria-label",
      `Map of ${this.title(this.at)} by ${this.measureName()}, ${shown.length} tiles: arrow keys move, Enter opens, Escape goes back`);
    if (!shown.length) this.tiles.append(element("p", { class: "empty" }, `No ${this.measureName()} here.`));
    this.setCurrent(0, false);
  }

  tile(node, place, index) {
    const made = this.box(node, place, "tile");
    made.setAttribute("role", "button");
    made.setAttribute("tabindex", "-1");
    made.setAttribute("aria-label", `${this.title(node)}, ${this.words(node)}${children(node).length ? ", opens" : ""}`);
    made.dataset.index = index;
    this.fill(made, node, place, 1);
    return made;
  }

  // A rectangle in its area's colour.
  box(node, place, name) {
    const made = element("div", {
      class: `${name} in-${node.area} ${children(node).length ? "opens" : ""}`, title: this.tooltip(node) });
    for (const side of ["width", "height"]) made.style[side] = `${Math.max(place[side] - 1, 1)}px`;
    made.style.left = `${place.x}px`;
    made.style.top = `${place.y}px`;
    this.left--;
    return made;
  }

  // A label, and what the node holds: its parts while there is room for them, else its wasted share.
  fill(made, node, place, depth) {
    const head = depth === 1 ? 24 : 18;
    const room = { width: place.width - 1 - 2 * EDGE, height: place.height - 1 - head - EDGE };
    const holds = children(node).length && depth < MOST_DEPTH && room.width > 30 && room.height > 18 && this.left > 0;
    const inside = holds ? this.largest(this.sorted(children(node)), MOST_INSIDE, node) : [];
    made.classList.toggle("holds", inside.length > 0);
    if (!inside.length) this.hatch(made, node);
    if (place.width > 34 && place.height > head - 4) {
      const label = element("span", { class: "label" }, element("b", {}, this.label(node)));
      if (place.width > 90 || (!inside.length && place.height > 34)) {
        label.append(" ", element("span", {}, formatBytes(this.value(node))));
      }
      made.append(label);
    }
    const places = squarify(inside.map((child) => this.value(child)), EDGE, head, room.width, room.height);
    inside.forEach((child, at) => {
      const where = places[at];
      if (where.width * where.height < LEAST_INSIDE || Math.min(where.width, where.height) < 2) return;
      const one = this.box(child, where, "inside");
      one.node = child;
      this.fill(one, child, where, depth + 1);
      made.append(one);
    });
  }

  hatch(made, node) {
    if (!node.wasted || this.measured() === "visible") return;
    const hatch = element("span", { class: "hatch" });
    hatch.style.width = `${this.measure === "wasted" ? 100 : 100 * node.wasted / (node.visible + node.wasted)}%`;
    made.append(hatch);
  }

  words(node) {
    const of = [];
    if (this.onlyVisible()) {
      of.push(`${formatBytes(node.visible)} visible`);
      if (node.retained > node.visible) of.push(`${formatBytes(node.retained)} goes with it`);
      return of.join(", ");
    }
    of.push(`${formatBytes(node.visible + node.wasted)} layer bytes`);
    if (node.wasted) of.push(`${formatBytes(node.wasted)} of it wasted`);
    return of.join(", ");
  }

  tooltip(node) {
    const lines = [this.title(node)];
    if (node.note) lines.push(shortened(node.note, 200));
    if (!this.onlyVisible()) lines.push(`layer bytes: ${exactBytes(node.visible + node.wasted)}`);
    lines.push(`visible bytes: ${exactBytes(node.visible)}`);
    if (!this.onlyVisible()) lines.push(`wasted bytes: ${exactBytes(node.wasted)}`);
    if (node.retained) lines.push(`goes with it: ${exactBytes(node.retained)}`);
    return lines.join("\n");
  }

  setCurrent(index, focus) {
    this.tiles.querySelector('[tabindex="0"]')?.setAttribute("tabindex", "-1");
    const tile = this.tiles.children[index];
    if (!tile || !this.drawn.length) {
      byId("info").textContent = "";
      if (focus) byId("crumbs").querySelector("button")?.focus();
      return;
    }
    tile.setAttribute("tabindex", "0");
    this.tell(this.drawn[index].node);
    if (focus) tile.focus({ preventScroll: true });
  }

  tell(node) {
    byId("info").replaceChildren(element("b", {}, this.title(node)), " ", element("span", {}, this.words(node)),
      node.note ? element("code", {}, shortened(node.note, 200)) : "");
  }

  pointed(event) {
    const target = event.target.closest(".inside, .tile");
    if (!target) return;
    this.tell(target.node || this.drawn[Number(target.dataset.index)].node);
  }

  clicked(event) {
    const tile = event.target.closest(".tile");
    if (!tile) return;
    const index = Number(tile.dataset.index);
    const inside = event.target.closest(".inside")?.node;
    this.setCurrent(index, true);
    this.open(inside && children(inside).length ? inside : this.drawn[index].node, inside);
  }

  open(node, from = null) {
    if (children(node).length) this.go(node, { from, focus: true });
    else this.tell(node);
  }

  pressed(event) {
    const index = this.drawn.findIndex((_, each) => this.tiles.children[each] === document.activeElement);
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Escape" || event.key === "Backspace") this.up(true);
    else if (event.key === "Enter" || event.key === " ") {
      if (index >= 0) this.open(this.drawn[index].node);
    } else if (event.key === "Home") this.setCurrent(0, true);
    else if (event.key === "End") this.setCurrent(this.drawn.length - 1, true);
    else if (event.key.startsWith("Arrow")) this.move(index, event.key);
    else return;
    event.preventDefault();
  }

  // To the nearest tile in a direction; what lies across counts double.
  move(index, key) {
    if (index < 0) return;
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
    const middle = ({ place }) => [place.x + place.width / 2, place.y + place.height / 2];
    const [x, y] = middle(this.drawn[index]);
    let best = -1;
    let least = Infinity;
    this.drawn.forEach((each, at) => {
      const [toX, toY] = middle(each);
      const ahead = (toX - x) * dx + (toY - y) * dy;
      const across = Math.abs((toX - x) * dy) + Math.abs((toY - y) * dx);
      if (at !== index && ahead > 1 && ahead + 2 * across < least) {
        least = ahead + 2 * across;
        best = at;
      }
    });
    if (best >= 0) this.setCurrent(best, true);
  }

  legend() {
    const colors = [["package", "Python packages"], ["environment", "Python environment"], ["system", "the system's"],
      ["app", "the application's and others"]];
    if (!this.onlyVisible() && this.image.wasted_bytes) colors.push(["waste", "wasted: hidden by later layers"]);
    byId("legend").replaceChildren(...colors.map(([name, label]) =>
      element("li", {}, element("span", { class: `dot in-${name}` }), label)));
    const least = this.image.tree.least_bytes;
    if (least) byId("legend").append(element("li", { class: "faint" },
      `Files of up to ${formatBytes(least)} are put together, folder by folder`));
  }

  // Show what was found, in its folder or environment.
  reveal(found) {
    this.measure = byId("measure").value = "layer";
    if (found.index === undefined) {
      this.show("packages");
      const nodes = children(this.at).flatMap(children);
      const node = nodes.find((each) => each.owner === found.owner);
      this.goTo(node);
    } else {
      this.show("files");
      this.goTo(this.model.find(this.at, found.index));
    }
    byId("map").scrollIntoView({ block: "start" });
  }

  // Show a node among its neighbours; where it is one of too many, show what it holds.
  goTo(node) {
    this.go(node.parent || node, { from: node, focus: true });
    if (this.drawn.some((each) => each.node === node)) return;
    if (children(node).length) this.go(node, { focus: true });
    else this.tell(node);
  }

  showLayer(index) {
    this.show("layers");
    const node = children(this.at).find((each) => each.index === index);
    if (node && this.value(node)) this.go(node, { focus: true });
    byId("map").scrollIntoView({ block: "start" });
  }
}

function drawMap(section, { map }) {
  map.start(section);
}
