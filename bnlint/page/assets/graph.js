// The model as a graph: laid out by dagre, repeated blocks folded where there are many nodes.

const MANY = 300;

/** Measures text in a font. */
function ruler(font) {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = `${font} ${getComputedStyle(document.body).fontFamily}`;
  const known = new Map();
  return (text) => known.get(text) || known.set(text, pen.measureText(text).width).get(text);
}

const labelRuler = ruler("600 12px");
const belowRuler = ruler("10.5px");

/** How wide the two lines of a node are, in the fonts that graph.css gives them. */
const textWidth = (label, below) => Math.ceil(Math.max(labelRuler(label), belowRuler(below)));

/** Draws one model at a time; `chosen` is told which node a reader wants to see more of. */
class Graph {
  constructor(chosen) {
    this.chosen = chosen;
    this.layer = svg("g");
    this.drawing = svg("svg", { class: "graph", role: "group" }, this.layer);
    this.map = svg("svg", { class: "map", "aria-hidden": "true" });
    this.canvas = html("div", { class: "canvas", tabindex: 0, role: "group" }, this.drawing);
    this.stage = html("div", { class: "stage" }, this.canvas, this.map);
    this.hits = [];
    this.hit = -1;
    this.found = html("output", { class: "found", for: "search" });
    this.box = html("input", { type: "search", id: "search", placeholder: "Search layers  /", "aria-label": "Search layers by name or kind", spellcheck: "false", autocomplete: "off" });
    this.fold = html("button", { type: "button", onclick: () => this.foldAll(this.folded.size === 0) });
    const button = (label, text, action) => html("button", { type: "button", class: "tool", "aria-label": label, title: label, onclick: action }, text);
    this.element = html(
      "section",
      { class: "pane", "aria-label": "Model graph" },
      html(
        "div",
        { class: "tools" },
        this.box,
        this.found,
        this.fold,
        html("span", { class: "gap" }),
        button("Zoom out (−)", "−", () => this.view.scale(1 / STEP)),
        button("Zoom in (+)", "+", () => this.view.scale(STEP)),
        button("Show all (0)", "⤢", () => this.view.fit()),
      ),
      this.stage,
    );
    this.view = new View(this.canvas, this.layer, () => this.track());
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    this.canvas.addEventListener("click", (event) => this.click(event.target.closest("[data-item]")));
    this.box.addEventListener("input", () => this.search());
    this.box.addEventListener("keydown", (event) => this.walk(event));
    this.map.addEventListener("pointerdown", (event) => this.travel(event));
    this.map.addEventListener("pointermove", (event) => event.buttons && this.travel(event));
  }

  show(model) {
    this.model = model;
    this.selected = null;
    this.framed = false;
    this.folded = new Set(this.foldsAtFirst() ? model.blocks.keys() : []);
    this.canvas.setAttribute("aria-label", `Graph of ${model.name}: arrow keys move, plus and minus zoom, 0 shows all, Tab leads to the layers`);
    this.box.value = "";
    this.draw();
    this.view.show(this.width, this.height);
    this.search();
  }

  /** Whether a model is folded until a reader unfolds it: where it is large, and folding helps. */
  foldsAtFirst() {
    const { nodes, blocks } = this.model;
    const left = blocks.reduce((sum, [, first, last]) => sum - (last - first - 1), nodes.length);
    return nodes.length > MANY && left <= 2 * MANY;
  }

  // What is drawn: a node, or a folded block of nodes

  draw() {
    const { model } = this;
    this.items = [];
    this.of = [];
    const starts = new Map(model.blocks.map(([, start], number) => [start, number]));
    for (let node = 0; node < model.nodes.length; ) {
      const block = starts.get(node);
      const end = this.folded.has(block) ? model.blocks[block][2] : node + 1;
      this.items.push(end > node + 1 || this.folded.has(block) ? this.blockItem(block) : this.nodeItem(node));
      for (; node < end; node++) this.of[node] = this.items.length - 1;
    }
    this.place();
    this.layer.replaceChildren(...this.frames(), ...this.edges.map((edge) => edge.path), ...this.items.map((item, number) => this.element_of(item, number)));
    this.fold.hidden = model.blocks.length === 0;
    this.fold.textContent = this.folded.size ? "Unfold blocks" : "Fold blocks";
    this.fold.title = `${count(model.blocks.length, "repeated block")}`;
    this.element.dataset.nodes = this.items.reduce((sum, item) => sum + item.last - item.first, 0);
    this.drawMap();
    this.makeReachable(this.selected === null ? 0 : this.of[this.selected]);
    this.markSelected();
  }

  nodeItem(number) {
    const node = this.model.nodes[number];
    const norm = this.model.norms[node.norm];
    const width = Math.max(64, textWidth(node.label, node.below) + 22 + (norm && norm.spark ? 76 : 0));
    return { first: number, last: number + 1, width, height: node.height, role: node.role, label: node.label, below: node.below, findings: node.findings, norm, says: `${node.kind} ${node.name}` };
  }

  blockItem(number) {
    const [name, first, last] = this.model.blocks[number];
    const inside = this.model.nodes.slice(first, last);
    const norms = inside.filter((node) => node.norm !== null).length;
    const below = `${last - first} layers, ${norms} BatchNorm`;
    const label = `▸ ${name}`;
    const width = Math.max(120, textWidth(label, below) + 22);
    return { first, last, block: number, width, height: 40, role: "block", label, below, findings: [...new Set(inside.flatMap((node) => node.findings))], says: `Folded block ${name}, ${below}` };
  }

  /** Give each item a place, each edge a path. A large graph brings a layout for all of its nodes. */
  place() {
    const pairs = this.relate();
    if (this.model.laid && this.folded.size === 0) {
      const { centres, edges, width, height } = this.model.laid;
      this.items.forEach((item, number) => Object.assign(item, { x: centres[number][0], y: centres[number][1] }));
      this.edges = edges.map(([source, target, points]) => this.edge(source, target, points.map(([x, y]) => ({ x, y }))));
      Object.assign(this, { width, height });
      return;
    }
    const many = this.items.length > MANY;
    const drawn = new dagre.graphlib.Graph();
    drawn.setGraph({ rankdir: "TB", nodesep: 20, ranksep: 26, edgesep: 12, ranker: many ? "tight-tree" : "network-simplex" });
    this.items.forEach((item, number) => drawn.setNode(String(number), { width: item.width, height: item.height }));
    for (const [source, target] of pairs) drawn.setEdge(String(source), String(target), {});
    const lonely = [...this.items.keys()].filter((number) => !this.items[number].before.length && !this.items[number].after.length);
    lonely.slice(1).forEach((number, position) => drawn.setEdge(String(lonely[position]), String(number), {}));
    dagre.layout(drawn, { disableOptimalOrderHeuristic: many });
    this.items.forEach((item, number) => Object.assign(item, { x: drawn.node(String(number)).x, y: drawn.node(String(number)).y }));
    this.edges = pairs.map(([source, target]) => this.edge(source, target, drawn.edge(String(source), String(target)).points));
    ({ width: this.width, height: this.height } = drawn.graph());
  }

  /** What feeds each item and what it feeds; all pairs, each once. */
  relate() {
    const pairs = new Map();
    this.items.forEach((item) => Object.assign(item, { before: [], after: [] }));
    this.model.nodes.forEach((node, number) => {
      for (const input of node.inputs) {
        const pair = [this.of[input], this.of[number]];
        if (pair[0] === pair[1] || pairs.has(pair.join())) continue;
        pairs.set(pair.join(), pair);
        this.items[pair[0]].after.push(pair[1]);
        this.items[pair[1]].before.push(pair[0]);
      }
    });
    return [...pairs.values()];
  }

  edge(source, target, points) {
    const [from, to] = [this.items[source], this.items[target]];
    const line = [{ x: from.x, y: from.y + from.height / 2 }, ...points.slice(1, -1), { x: to.x, y: to.y - to.height / 2 }];
    let path = `M${line[0].x} ${line[0].y}`;
    for (let number = 1; number < line.length; number++) {
      const [start, end] = [line[number - 1], line[number]];
      const middle = (start.y + end.y) / 2;
      path += start.x === end.x ? `L${end.x} ${end.y}` : `C${start.x} ${middle} ${end.x} ${middle} ${end.x} ${end.y}`;
    }
    return { source, target, path: svg("path", { class: "edge", d: path }) };
  }

  element_of(item, number) {
    const severity = worst(item.findings);
    const said = item.findings.length ? `, ${count(item.findings.length, "finding")}, worst: ${severity}` : "";
    const parts = [svg("title", {}, item.says), svg("rect", { class: "box", width: item.width, height: item.height, rx: 4 }), svg("rect", { class: "bar", width: 4, height: item.height, rx: 2 }), svg("text", { class: "label", x: 12, y: 16 }, item.label)];
    if (item.below) parts.push(svg("text", { class: "below", x: 12, y: 31 }, item.below));
    if (item.norm && item.norm.spark) parts.push(this.spark(item.norm, item.width - 72));
    if (severity) parts.push(svg("circle", { class: "badge", cx: item.width, r: 7 }), svg("text", { class: "sign", x: item.width, y: 3.5 }, SIGNS[severity]));
    item.element = svg(
      "g",
      { class: `node ${item.role} ${severity}`, transform: `translate(${item.x - item.width / 2} ${item.y - item.height / 2})`, "data-item": number, tabindex: -1, role: "button", "aria-label": item.says + said },
      parts,
    );
    return item.element;
  }

  /** A histogram of the moving variance, on the scale that all layers of the model share. */
  spark(norm, left) {
    const tallest = Math.max(...norm.spark);
    const bars = norm.spark.map((channels, bin) => {
      const high = channels ? Math.max(1, (26 * channels) / tallest) : 0;
      return high ? `M${left + 2 * bin} 34v${-high}h2v${high}z` : "";
    });
    const [low, high] = this.model.decades.map((decade) => short(10 ** decade));
    return svg("path", { class: "spark", d: bars.join("") }, svg("title", {}, `Moving variance of the channels, from ${low} to ${high} (logarithmic)`));
  }

  /** The outlines of blocks that can be folded. */
  frames() {
    if (!this.model.laid && !this.framed) return [];
    return this.model.blocks.flatMap(([name, first, last], number) => {
      if (this.folded.has(number)) return [];
      const inside = this.items.slice(this.of[first], this.of[last - 1] + 1);
      const [left, right] = [Math.min(...inside.map((item) => item.x - item.width / 2)) - 8, Math.max(...inside.map((item) => item.x + item.width / 2)) + 8];
      const [top, low] = [Math.min(...inside.map((item) => item.y - item.height / 2)) - 8, Math.max(...inside.map((item) => item.y + item.height / 2)) + 8];
      const toggle = svg("text", { class: "handle", x: left + 6, y: top + 12, onclick: () => this.setFolded(number, true) }, `▾ ${name}`);
      return [svg("rect", { class: "frame", x: left, y: top, width: right - left, height: low - top, rx: 6 }), toggle];
    });
  }

  setFolded(number, folded) {
    if (folded) this.folded.add(number);
    else this.folded.delete(number);
    this.draw();
    this.view.width = this.width;
    this.view.height = this.height;
    const item = this.items[this.of[this.model.blocks[number][1]]];
    this.view.centre(item.x, item.y);
    this.focus(this.items.indexOf(item));
  }

  foldAll(folded) {
    this.framed = true;
    this.folded = new Set(folded ? this.model.blocks.keys() : []);
    this.draw();
    this.view.show(this.width, this.height);
  }

  // Choosing

  click(element) {
    if (!element) return;
    const number = Number(element.dataset.item);
    this.makeReachable(number);
    this.activate(number);
  }

  activate(number) {
    const item = this.items[number];
    if (item.block !== undefined) this.setFolded(item.block, false);
    else this.chosen(item.first);
  }

  /** Mark a node as the one that the rest of the page speaks of, and bring it into sight. */
  select(node, sight = true) {
    this.selected = node;
    if (node === null) return this.markSelected();
    this.unfoldAround(node);
    this.makeReachable(this.of[node]);
    this.markSelected();
    if (sight) this.view.reveal(this.items[this.of[node]]);
  }

  unfoldAround(node) {
    const block = this.model.blocks.findIndex(([, first, last]) => first <= node && node < last);
    if (block < 0 || !this.folded.has(block)) return;
    this.folded.delete(block);
    this.draw();
    Object.assign(this.view, { width: this.width, height: this.height });
  }

  markSelected() {
    const chosen = this.selected === null ? -1 : this.of[this.selected];
    this.items.forEach((item, number) => {
      item.element.classList.toggle("selected", number === chosen);
      item.element.setAttribute("aria-pressed", String(number === chosen));
    });
    this.edges.forEach((edge) => edge.path.classList.toggle("near", edge.source === chosen || edge.target === chosen));
  }

  /** Exactly one node is in the order of Tab: the one that was focused last. */
  makeReachable(number) {
    this.layer.querySelectorAll("[tabindex='0']").forEach((element) => element.setAttribute("tabindex", -1));
    if (this.items[number]) this.items[number].element.setAttribute("tabindex", 0);
  }

  focus(number) {
    this.makeReachable(number);
    this.items[number].element.focus({ preventScroll: true });
    this.view.reveal(this.items[number]);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const element = event.target.closest("[data-item]");
    const done = element ? this.step(event, Number(element.dataset.item)) || this.view.key(event) : this.view.key(event);
    if (done) event.preventDefault();
  }

  /** A key on a node: along the edges, to the side, to the ends; Enter chooses. */
  step(event, number) {
    if (event.shiftKey && event.key.startsWith("Arrow")) return false;
    const item = this.items[number];
    if (event.key === "Enter" || event.key === " ") this.activate(number);
    else {
      const next = { ArrowUp: item.before[0], ArrowDown: item.after[0], ArrowLeft: this.beside(item, -1), ArrowRight: this.beside(item, 1), Home: 0, End: this.items.length - 1 };
      if (!(event.key in next)) return false;
      if (next[event.key] !== undefined) this.focus(next[event.key]);
    }
    return true;
  }

  /** The nearest node to the left or right at about the same height, else the one before or after. */
  beside(item, direction) {
    const near = this.items.map((other, number) => ({ other, number })).filter(({ other }) => Math.abs(other.y - item.y) < 30 && (other.x - item.x) * direction > 1);
    near.sort((one, two) => Math.abs(one.other.x - item.x) - Math.abs(two.other.x - item.x));
    return near.length ? near[0].number : this.items[this.items.indexOf(item) + direction] && this.items.indexOf(item) + direction;
  }

  // Searching

  search() {
    const wanted = this.box.value.trim().toLowerCase();
    const nodes = this.model.nodes;
    this.hits = wanted ? [...nodes.keys()].filter((number) => [nodes[number].name, nodes[number].kind, nodes[number].key].some((text) => text.toLowerCase().includes(wanted))) : [];
    this.hit = -1;
    this.markHits();
  }

  markHits() {
    const items = new Set(this.hits.map((node) => this.of[node]));
    this.drawing.classList.toggle("searched", this.hits.length > 0);
    this.items.forEach((item, number) => item.element.classList.toggle("hit", items.has(number)));
    const wanted = this.box.value.trim();
    this.found.value = !wanted ? "" : this.hits.length ? `${this.hit < 0 ? "" : `${this.hit + 1} of `}${this.hits.length}` : "none";
  }

  walk(event) {
    if (event.key === "Escape") {
      this.box.value = "";
      this.search();
      this.canvas.focus();
    } else if (event.key === "Enter" && this.hits.length) {
      event.preventDefault();
      const step = event.shiftKey ? -1 : 1;
      this.hit = (this.hit + step + this.hits.length + (this.hit < 0 && step < 0 ? 1 : 0)) % this.hits.length;
      this.chosen(this.hits[this.hit]);
      this.markHits();
    }
  }

  // The map at the side

  drawMap() {
    const dots = this.items.map((item) => svg("rect", { class: `dot ${item.role} ${worst(item.findings)}`, x: item.x - item.width / 2, y: item.y - item.height / 2, width: item.width, height: item.height }));
    this.seen = svg("rect", { class: "seen" });
    this.map.replaceChildren(...dots, this.seen);
    this.map.setAttribute("viewBox", `-20 -20 ${this.width + 40} ${this.height + 40}`);
  }

  track() {
    if (!this.seen) return;
    const { x, y, zoom, canvas } = this.view;
    this.stage.classList.toggle("whole", this.width * zoom <= canvas.clientWidth && this.height * zoom <= canvas.clientHeight);
    for (const [name, value] of Object.entries({ x: -x / zoom, y: -y / zoom, width: canvas.clientWidth / zoom, height: canvas.clientHeight / zoom })) this.seen.setAttribute(name, value);
  }

  travel(event) {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.map.getScreenCTM().inverse());
    this.view.centre(this.width < this.height ? this.width / 2 : point.x, point.y);
  }
}
