// The model as a graph that can be walked, searched and folded.

const MANY = 300;

/** Draws one model at a time; `chosen` is told which node a reader wants to see more of. */
class Graph {
  constructor(chosen) {
    this.chosen = chosen;
    this.items = [];
    this.layer = svg("g");
    this.drawing = svg("svg", { class: "graph", role: "group" }, this.layer);
    this.canvas = html("div", { class: "canvas", tabindex: 0, role: "group" }, this.drawing);
    this.view = new View(this.canvas, this.layer, () => this.track());
    this.map = new Overview(this.view);
    this.stage = html("div", { class: "stage" }, this.canvas, this.map.element);
    this.search = new Search({ walked: (node) => chosen(node), marked: (nodes) => this.markHits(nodes), left: () => this.canvas.focus() });
    this.fold = html("button", { type: "button", onclick: () => this.foldAll(this.folded.size === 0) });
    const button = (label, text, action) => html("button", { type: "button", class: "tool", "aria-label": label, title: label, onclick: action }, text);
    const zoom = [button("Zoom out (−)", "−", () => this.view.scale(1 / STEP)), button("Zoom in (+)", "+", () => this.view.scale(STEP)), button("Show all (0)", "⤢", () => this.view.fit())];
    const tools = html("div", { class: "tools" }, this.search.box, this.search.found, this.fold, html("span", { class: "gap" }), zoom);
    this.element = html("section", { class: "pane", "aria-label": "Model graph" }, tools, this.stage);
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    this.canvas.addEventListener("click", (event) => this.click(event.target.closest("[data-item]")));
  }

  show(model) {
    this.model = model;
    this.selected = null;
    this.framed = Boolean(model.laid);
    this.folded = new Set(this.foldsAtFirst() ? model.blocks.keys() : []);
    this.canvas.setAttribute("aria-label", `Graph of ${model.name}: arrow keys move, plus and minus zoom, 0 shows all, Tab leads to the layers`);
    this.draw();
    this.view.show(this.width, this.height, this.items[0].x);
    this.search.of(model.nodes);
  }

  /** Whether a model is folded until a reader unfolds it: where it is large, and folding helps. */
  foldsAtFirst() {
    const { nodes, blocks } = this.model;
    const left = blocks.reduce((sum, [, first, last]) => sum - (last - first - 1), nodes.length);
    return nodes.length > MANY && left <= 2 * MANY;
  }

  draw() {
    const { model, folded } = this;
    const { items, of, pairs } = itemsOf(model, folded);
    const { edges, width, height } = model.laid && !folded.size ? laidOut(items, model.laid) : arranged(items, pairs);
    Object.assign(this, { items, of, width, height });
    this.edges = edges.map(([source, target, points]) => ({ source, target, element: edgeElement(items[source], items[target], points) }));
    items.forEach((item, number) => (item.element = itemElement(item, number, model.decades)));
    refill(this.layer, this.frames(), this.edges.map((edge) => edge.element), items.map((item) => item.element));
    this.element.dataset.nodes = of.length;
    this.fold.hidden = model.blocks.length === 0;
    this.fold.textContent = folded.size ? "Unfold blocks" : "Fold blocks";
    this.fold.title = count(model.blocks.length, "repeated block");
    Object.assign(this.view, { width, height });
    this.map.draw(items, width, height);
    this.makeReachable(this.selected === null ? 0 : of[this.selected]);
    this.markSelected();
    this.markHits(this.search.hits);
  }

  track() {
    const { zoom, canvas } = this.view;
    this.stage.classList.toggle("whole", this.width * zoom <= canvas.clientWidth && this.height * zoom <= canvas.clientHeight);
    this.map.track();
  }

  // Folding

  frames() {
    if (!this.framed) return [];
    return this.model.blocks.map(([name, first, last], number) => {
      if (this.folded.has(number)) return null;
      return frameElements(name, this.items.slice(this.of[first], this.of[last - 1] + 1), () => this.setFolded(number, true));
    });
  }

  setFolded(number, folded) {
    if (folded) this.folded.add(number);
    else this.folded.delete(number);
    this.draw();
    const item = this.of[this.model.blocks[number][1]];
    this.view.centre(this.items[item].x, this.items[item].y);
    this.focus(item);
  }

  foldAll(folded) {
    this.framed = true;
    this.folded = new Set(folded ? this.model.blocks.keys() : []);
    this.draw();
    this.view.show(this.width, this.height, this.items[0].x);
  }

  // Choosing

  /** Mark a node as the one that the rest of the page speaks of, and bring it into sight. */
  select(node) {
    this.selected = node;
    if (node === null) return this.markSelected();
    const block = this.model.blocks.findIndex(([, first, last]) => first <= node && node < last);
    if (this.folded.delete(block)) this.draw();
    this.makeReachable(this.of[node]);
    this.markSelected();
    this.view.reveal(this.items[this.of[node]]);
  }

  click(element) {
    if (!element) return;
    this.makeReachable(Number(element.dataset.item));
    this.activate(Number(element.dataset.item));
  }

  activate(number) {
    const item = this.items[number];
    if (item.block !== undefined) this.setFolded(item.block, false);
    else this.chosen(item.first);
  }

  markSelected() {
    const chosen = this.selected === null ? -1 : this.of[this.selected];
    this.items.forEach((item, number) => {
      item.element.classList.toggle("selected", number === chosen);
      item.element.setAttribute("aria-pressed", String(number === chosen));
    });
    this.edges.forEach(({ source, target, element }) => element.classList.toggle("near", source === chosen || target === chosen));
  }

  markHits(nodes) {
    const hits = new Set(nodes.map((node) => this.of[node]));
    this.drawing.classList.toggle("searched", hits.size > 0);
    this.items.forEach((item, number) => item.element.classList.toggle("hit", hits.has(number)));
  }

  // Keys

  /** Exactly one item is in the order of Tab: the one that was focused last. */
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
    const stepped = element && !event.shiftKey && this.step(event.key, Number(element.dataset.item));
    if (stepped || this.view.key(event)) event.preventDefault();
  }

  /** A key on an item: along the edges, to the side, to the ends; Enter chooses. Whether it was one of these. */
  step(key, number) {
    if (key === "Enter" || key === " ") {
      this.activate(number);
      return true;
    }
    const item = this.items[number];
    const ways = { ArrowUp: () => item.before[0], ArrowDown: () => item.after[0], ArrowLeft: () => this.beside(number, -1), ArrowRight: () => this.beside(number, 1), Home: () => 0, End: () => this.items.length - 1 };
    if (!(key in ways)) return false;
    const next = ways[key]();
    if (next in this.items) this.focus(next);
    return true;
  }

  /** The nearest item to the left or right at about the same height, else the one before or after. */
  beside(number, direction) {
    const { x, y } = this.items[number];
    const far = (other) => (this.items[other].x - x) * direction;
    const near = [...this.items.keys()].filter((other) => Math.abs(this.items[other].y - y) < 30 && far(other) > 1);
    return near.length ? near.reduce((one, two) => (far(two) < far(one) ? two : one)) : number + direction;
  }
}
