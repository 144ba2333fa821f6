// The whole graph, small, beside the part of it that is seen.

/** Shows where the findings are and what part is seen; a pointer on it moves there. */
class Overview {
  constructor(view) {
    this.view = view;
    this.seen = svg("rect", { class: "seen" });
    this.element = svg("svg", { class: "map", "aria-hidden": "true" });
    this.element.addEventListener("pointerdown", (event) => this.travel(event));
    this.element.addEventListener("pointermove", (event) => event.buttons && this.travel(event));
  }

  draw(items, width, height) {
    this.width = width;
    const dots = items.map((item) => svg("rect", { class: `dot ${item.role} ${worst(item.findings)}`, x: item.x - item.width / 2, y: item.y - item.height / 2, width: item.width, height: item.height }));
    refill(this.element, dots, this.seen);
    this.element.setAttribute("viewBox", `-20 -20 ${width + 40} ${height + 40}`);
  }

  track() {
    const { x, y, zoom, canvas } = this.view;
    const seen = { x: -x / zoom, y: -y / zoom, width: canvas.clientWidth / zoom, height: canvas.clientHeight / zoom };
    for (const [name, value] of Object.entries(seen)) this.seen.setAttribute(name, value);
  }

  travel(event) {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.element.getScreenCTM().inverse());
    const wide = this.width * this.view.zoom > this.view.canvas.clientWidth;
    this.view.centre(wide ? point.x : this.width / 2, point.y);
  }
}
