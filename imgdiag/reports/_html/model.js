// The image as trees to walk in: by folder, by layer, by package. Knows nothing of the page.
//
// A node is { label, path, kind, area, visible, wasted, children, parent }: bytes seen and bytes
// hidden, which add up to those of its children. Kinds: root, layer, environment, package, folder,
// file, small (what is small in a folder, `count` files) and rest.

const AREAS = { p: "package", e: "environment", s: "system", a: "app" };

class ImageModel {
  constructor(image) {
    this.image = image;
    this.tree = image.tree;
    this.length = this.tree.names.length;
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
    const root = this.project(() => true);
    return Object.assign(root, { kind: "root", label: "image" });
  }

  byLayer() {
    const root = group("root", "layers");
    for (const layer of this.image.layers) {
      const node = this.project((index) => index === layer.index);
      node.kind = "layer";
      node.label = `layer ${layer.index}`;
      node.note = layer.made_by.join(" ");
      adopt(root, node);
    }
    return root;
  }

  byPackage() {
    const root = group("root", "packages");
    const environments = new Map();
    const leaves = this.leavesByOwner();
    this.image.packages.forEach((each, index) => {
      if (!environments.has(each.environment)) {
        const node = group("environment", `/${each.environment}`);
        node.path = `/${each.environment}`;
        environments.set(each.environment, node);
      }
      const node = group("package", `${each.name} ${each.version}`);
      node.area = "package";
      node.visible = each.bytes;
      node.retained = each.retained_bytes;
      node.package = index;
      node.make = () => this.packageFiles(node, leaves.get(index) || [], each.bytes);
      adopt(environments.get(each.environment), node);
    });
    for (const node of environments.values()) adopt(root, node);
    const rest = group("rest", "not a Python package's");
    rest.area = "system";
    rest.visible = this.image.unattributed_bytes;
    adopt(root, rest);
    return root;
  }

  // Nodes of the embedded tree with their bytes in the layers that are wanted, folders summed up.
  project(wanted) {
    const { names, parents, areas, folded, contents } = this.tree;
    const visible = new Float64Array(this.length);
    const wasted = new Float64Array(this.length);
    const main = new Float64Array(this.length * 4); // bytes by area: a folder has most of one
    const letters = Object.keys(AREAS);
    for (let i = 0; i < contents.length; i += 4) {
      if (!wanted(contents[i + 1])) continue;
      visible[contents[i]] += contents[i + 2];
      wasted[contents[i]] += contents[i + 3];
      main[contents[i] * 4 + letters.indexOf(areas[contents[i]])] += contents[i + 2] + contents[i + 3];
    }
    for (let i = this.length - 1; i > 0; i--) {
      visible[parents[i]] += visible[i];
      wasted[parents[i]] += wasted[i];
      for (let a = 0; a < 4; a++) main[parents[i] * 4 + a] += main[i * 4 + a];
    }
    const nodes = new Array(this.length);
    for (let i = 0; i < this.length; i++) {
      if (i && !(visible[i] + wasted[i])) continue;
      const count = folded[i] || 0;
      const most = letters.reduce((best, _, a) => (main[i * 4 + a] > main[i * 4 + best] ? a : best), 0);
      nodes[i] = { label: names[i], path: this.path(i), index: i, kind: count ? "small" : "file", count,
        area: AREAS[letters[most]], visible: visible[i], wasted: wasted[i], children: [], parent: null };
      if (count) nodes[i].label = `${count.toLocaleString("en-US")} small ${count === 1 ? "file" : "files"}`;
      if (i) {
        nodes[i].parent = nodes[parents[i]];
        nodes[parents[i]].children.push(nodes[i]);
        if (nodes[parents[i]].kind === "file") nodes[parents[i]].kind = "folder";
      }
    }
    // Folders with nothing but one folder are walked through at once.
    for (let i = this.length - 1; i >= 0; i--) if (nodes[i]) passThrough(nodes[i], i === 0);
    return nodes[0];
  }

  leavesByOwner() {
    const leaves = new Map();
    this.tree.owners.forEach((owner, index) => {
      if (owner >= 0) leaves.set(owner, [...(leaves.get(owner) || []), index]);
    });
    return leaves;
  }

  packageFiles(node, leaves, bytes) {
    const { names, parents, contents } = this.tree;
    this.visibleAt ||= sumByNode(contents);
    const made = new Map();
    const folder = (index) => {
      const way = [];
      for (let i = index; i > 0 && !made.has(i); i = parents[i]) way.push(i);
      for (const i of way.reverse()) {
        const one = group("folder", names[i]);
        Object.assign(one, { path: this.path(i), index: i, area: "package" });
        made.set(i, one);
        one.parent = made.get(parents[i]) || node;
        one.parent.children.push(one);
      }
      return made.get(index) || node;
    };
    let known = 0;
    for (const index of leaves) {
      const visible = this.visibleAt.get(index) || 0;
      if (!visible) continue;
      known += visible;
      const above = folder(parents[index]);
      const leaf = { ...group("file", names[index]), path: this.path(index), index, area: "package", visible,
        parent: above };
      above.children.push(leaf);
      for (let up = above; up !== node; up = up.parent) up.visible += visible;
    }
    if (known < bytes) {
      const small = { ...group("small", "its small files"), area: "package", visible: bytes - known, parent: node };
      node.children.push(small);
    }
    for (const one of [...made.values()].reverse()) passThrough(one, false);
    passThrough(node, true);
    return node.children;
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

  // Paths and packages that hold `text`, the largest first, and how many there are.
  search(text, most) {
    const wanted = text.toLowerCase();
    const found = [];
    this.image.packages.forEach((each, index) => {
      if (each.name.toLowerCase().includes(wanted)) {
        found.push({ package: index, label: `${each.name} ${each.version}`, bytes: each.bytes });
      }
    });
    this.lower ||= this.tree.names.map((_, index) => this.path(index).toLowerCase());
    this.bytesAt ||= this.sums();
    const before = wanted.includes("/");
    for (let i = 1; i < this.length; i++) {
      // Without a slash the name itself must match, or all below a folder would.
      const name = this.tree.names[i];
      if (name && (before ? this.lower[i] : name.toLowerCase()).includes(wanted)) {
        found.push({ index: i, label: this.path(i), bytes: this.bytesAt[i] });
      }
    }
    found.sort((a, b) => (a.index === undefined ? 0 : 1) - (b.index === undefined ? 0 : 1) || b.bytes - a.bytes);
    return { count: found.length, found: found.slice(0, most) };
  }

  sums() {
    const { parents, contents } = this.tree;
    const sums = new Float64Array(this.length);
    for (let i = 0; i < contents.length; i += 4) sums[contents[i]] += contents[i + 2] + contents[i + 3];
    for (let i = this.length - 1; i > 0; i--) sums[parents[i]] += sums[i];
    return sums;
  }
}

function group(kind, label) {
  return { kind, label, path: "", index: -1, count: 0, area: "app", visible: 0, wasted: 0, children: [], parent: null };
}

function adopt(parent, child) {
  child.parent = parent;
  parent.children.push(child);
  parent.visible += child.visible;
  parent.wasted += child.wasted;
  const largest = parent.children.reduce((a, b) => (a.visible + a.wasted >= b.visible + b.wasted ? a : b));
  parent.area = largest.area;
}

function passThrough(node, keepLabel) {
  const [only] = node.children;
  if (node.children.length !== 1 || only.kind !== "folder") return;
  if (!keepLabel) node.label = `${node.label}/${only.label}`;
  node.path = only.path;
  node.index = only.index;
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

function sumByNode(contents) {
  const sums = new Map();
  for (let i = 0; i < contents.length; i += 4) {
    sums.set(contents[i], (sums.get(contents[i]) || 0) + contents[i + 2]);
  }
  return sums;
}
