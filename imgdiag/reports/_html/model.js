// The image as trees to walk in: by folder, by layer, by package. Knows nothing of the page.
//
// A node is { kind, label, path, area, visible, wasted, children, parent }: bytes seen and bytes
// hidden, which add up to those of its children. Kinds: root, layer, environment (packages of one
// Python), system (packages of one manager), package, unowned, folder, file, rest, and small: what
// is too small for nodes of its own, in `visibleFiles` and `wastedFiles` files.

const ROW = 6; // numbers of one of the tree's contents
const AREAS = { p: "package", e: "environment", s: "system", a: "app" };

class ImageModel {
  constructor(image) {
    this.image = image;
    this.tree = image.tree;
    this.length = this.tree.names.length;
    this.small = new Set(this.tree.small);
    this.paths = null;
    this.views = {};
  }

  // The path of a node of the embedded tree, "/" for the root.
  path(index) {
    if (!this.paths) {
      this.paths = [""];
      for (let i = 1; i < this.length; i++) {
        const name = this.tree.names[i];
        const above = this.paths[this.tree.parents[i]];
        this.paths.push(name ? `${above}/${name}` : above);
      }
    }
    return this.paths[index] || "/";
  }

  view(name) {
    this.views[name] ||= { files: () => this.byFolder(), layers: () => this.byLayer(),
      packages: () => this.byPackage() }[name]();
    return this.views[name];
  }

  byFolder() {
    const root = group("root", "image");
    this.grow(root, this.rows(() => true));
    for (const child of root.children) {
      root.visible += child.visible;
      root.wasted += child.wasted;
    }
    return root;
  }

  byLayer() {
    const root = group("root", "layers");
    const rows = this.image.layers.map(() => []);
    for (const row of this.rows(() => true)) rows[this.tree.contents[row + 1]].push(row);
    for (const layer of this.image.layers) {
      const node = group("layer", `layer ${layer.index}`);
      Object.assign(node, { index: layer.index, note: [layer.line, ...layer.made_by].join(" ").trim(),
        visible: layer.visible_bytes || 0, wasted: layer.wasted_bytes || 0, area: "layer" });
      node.make = () => this.grow(node, rows[layer.index]);
      adopt(root, node);
    }
    return root;
  }

  byPackage() {
    const root = group("root", "packages");
    const groups = new Map();
    const groupOf = (key, make) => {
      if (!groups.has(key)) groups.set(key, make());
      return groups.get(key);
    };
    const names = new Map(this.image.environments.map((each) => [each.path, each.name]));
    this.image.packages.forEach((each, index) => {
      const path = each.environment;
      const environment = groupOf(`/${path}`, () =>
        Object.assign(group("environment", `packages of ${names.get(path) || `/${path}`}`), { path: `/${path}` }));
      this.addPackage(environment, each, index, "package");
    });
    this.image.system_packages.forEach((each, index) => {
      const system = groupOf(each.manager, () => group("system", `packages of ${each.manager}`));
      this.addPackage(system, each, this.image.packages.length + index, "system");
    });
    for (const node of groups.values()) adopt(root, node);
    const unowned = group("unowned", "no package's");
    unowned.visible = this.image.unattributed_bytes;
    const files = this.rows(() => true).reduce((sum, row) => sum + this.tree.contents[row + 4], 0);
    const owned = this.tree.owner_files.reduce((sum, count) => sum + count, 0);
    unowned.make = () => this.ownFiles(unowned, -1, files - owned);
    adopt(root, unowned);
    return root;
  }

  addPackage(above, each, owner, area) {
    const node = group("package", `${each.name} ${each.version}`);
    Object.assign(node, { area, owner, visible: each.bytes, retained: each.retained_bytes || 0 });
    node.make = () => this.ownFiles(node, owner, this.tree.owner_files[owner]);
    adopt(above, node);
  }

  // The visible files of one owner, -1 for nobody's, by folder; `files` are all that it has.
  ownFiles(node, owner, files) {
    const { contents, owners } = this.tree;
    this.rowsOf ||= groupBy(this.rows((row) => contents[row + 2] && !this.small.has(contents[row])),
      (row) => owners[contents[row]]);
    const rows = this.rowsOf.get(owner) || [];
    this.grow(node, rows, node.area);
    const [only] = node.children;
    if (node.children.length === 1 && only.kind === "folder") {
      node.path = only.path;
      node.children = only.children;
      for (const child of node.children) child.parent = node;
    }
    const known = rows.reduce((sum, row) => sum + contents[row + 2], 0);
    if (known < node.visible) {
      node.children.push({ ...group("small", ""), area: node.area, path: node.path, parent: node,
        visible: node.visible - known, visibleFiles: files - rows.length });
    }
  }

  // Where in the tree's contents the rows are that are wanted.
  rows(isWanted) {
    const rows = [];
    for (let row = 0; row < this.tree.contents.length; row += ROW) if (isWanted(row)) rows.push(row);
    return rows;
  }

  // Hang nodes for `rows` of the contents below `root`, folders summed up. With an area for all of
  // them only what is visible counts; else each has that of most of its bytes.
  grow(root, rows, area = null) {
    const { names, parents, areas, contents } = this.tree;
    const nodes = new Map([[0, root]]);
    const nodeAt = (index) => {
      const way = [];
      for (let i = index; !nodes.has(i); i = parents[i]) way.push(i);
      for (const i of way.reverse()) {
        const parent = nodes.get(parents[i]);
        const node = { ...group(this.small.has(i) ? "small" : "file", names[i]), path: this.path(i), parent, by: {} };
        if (parent.kind === "file") parent.kind = "folder";
        parent.children.push(node);
        nodes.set(i, node);
      }
      return nodes.get(index);
    };
    for (const row of rows) {
      const node = nodeAt(contents[row]);
      const wasted = area ? 0 : contents[row + 3];
      const letter = areas[contents[row]];
      node.visible += contents[row + 2];
      node.wasted += wasted;
      node.visibleFiles += contents[row + 4];
      node.wastedFiles += contents[row + 5];
      node.by[letter] = (node.by[letter] || 0) + contents[row + 2] + wasted;
    }
    nodes.delete(0);
    // Parents come before their children, so backwards every child is complete.
    const order = [...nodes.keys()].sort((a, b) => b - a).map((index) => nodes.get(index));
    for (const node of order) {
      node.area = area || AREAS[Object.keys(node.by).reduce((a, b) => (node.by[a] >= node.by[b] ? a : b))];
      if (node.parent !== root) {
        node.parent.visible += node.visible;
        node.parent.wasted += node.wasted;
        for (const [letter, size] of Object.entries(node.by)) node.parent.by[letter] = (node.parent.by[letter] || 0) + size;
      }
      delete node.by;
    }
    // Folders with nothing but one folder are walked through at once.
    for (const node of order) passThrough(node);
  }

  // The node of a view's tree that stands for a path's index, or the last on the way to it.
  find(root, index) {
    const wanted = this.path(index);
    let at = root;
    for (;;) {
      const next = children(at).find((child) => child.kind !== "small" &&
        (child.path === wanted || wanted.startsWith(`${child.path}/`)));
      if (!next) return at;
      at = next;
    }
  }

  // Paths and packages that hold `text`, packages first, the largest first, and how many there are.
  search(text, most) {
    const wanted = text.toLowerCase();
    const found = [];
    [...this.image.packages, ...this.image.system_packages].forEach((each, owner) => {
      if (each.name.toLowerCase().includes(wanted)) {
        found.push({ owner, label: `${each.name} ${each.version}`, bytes: each.bytes });
      }
    });
    this.lower ||= this.tree.names.map((_, index) => this.path(index).toLowerCase());
    this.bytesAt ||= this.sums();
    const isPath = wanted.includes("/");
    for (let i = 1; i < this.length; i++) {
      // Without a slash the name itself must match, or all below a folder would.
      const name = this.tree.names[i];
      if (name && (isPath ? this.lower[i] : name.toLowerCase()).includes(wanted)) {
        found.push({ index: i, label: this.path(i), bytes: this.bytesAt[i] });
      }
    }
    found.sort((a, b) => (a.index === undefined ? 0 : 1) - (b.index === undefined ? 0 : 1) || b.bytes - a.bytes);
    return { count: found.length, found: found.slice(0, most) };
  }

  sums() {
    const { parents, contents } = this.tree;
    const sums = new Float64Array(this.length);
    for (let i = 0; i < contents.length; i += ROW) sums[contents[i]] += contents[i + 2] + contents[i + 3];
    for (let i = this.length - 1; i > 0; i--) sums[parents[i]] += sums[i];
    return sums;
  }
}

function group(kind, label) {
  return { kind, label, path: "", area: "app", visible: 0, wasted: 0, visibleFiles: 0, wastedFiles: 0,
    children: [], parent: null };
}

function adopt(parent, child) {
  child.parent = parent;
  parent.children.push(child);
  parent.visible += child.visible;
  parent.wasted += child.wasted;
  if (child.visible + child.wasted > (parent.largest || 0)) {
    parent.largest = child.visible + child.wasted;
    parent.area = child.area;
  }
}

function passThrough(node) {
  const [only] = node.children;
  if (node.children.length !== 1 || only.kind !== "folder") return;
  node.label = `${node.label}/${only.label}`;
  node.path = only.path;
  node.children = only.children;
  for (const child of node.children) child.parent = node;
}

function children(node) {
  if (node.make) {
    const make = node.make;
    node.make = null;
    make();
  }
  return node.children;
}

function groupBy(values, keyOf) {
  const groups = new Map();
  for (const value of values) {
    const key = keyOf(value);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(value);
  }
  return groups;
}
