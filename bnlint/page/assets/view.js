// Moving and zooming a drawing with wheel, pointer and keys.

const NEAREST = 2.5;
const STEP = 1.25;

/** The window `canvas` on the drawing `layer`, an SVG group; `moved` is told of each change. */
class View {
  constructor(canvas, layer, moved) {
    Object.assign(this, { canvas, layer, moved, x: 0, y: 0, zoom: 1, width: 1, height: 1 });
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.addEventListener("pointerdown", (event) => this.grab(event));
    new ResizeObserver(() => this.apply()).observe(canvas);
  }

  /** The size of the drawing; it is shown from its top, around `middle`, or whole if it can be read then. */
  show(width, height, middle) {
    Object.assign(this, { width, height });
    const whole = this.whole();
    if (whole >= 0.6) this.fit();
    else {
      this.zoom = Math.min(1, Math.max(0.6, (this.canvas.clientWidth - 24) / width));
      this.x = this.canvas.clientWidth / 2 - (width * this.zoom <= this.canvas.clientWidth ? width / 2 : middle) * this.zoom;
      this.y = 16;
      this.apply();
    }
  }

  whole() {
    return Math.min((this.canvas.clientWidth - 24) / this.width, (this.canvas.clientHeight - 24) / this.height, 1.2);
  }

  fit() {
    this.zoom = Math.max(this.whole(), 0.01);
    this.x = (this.canvas.clientWidth - this.width * this.zoom) / 2;
    this.y = Math.max(12, (this.canvas.clientHeight - this.height * this.zoom) / 2);
    this.apply();
  }

  /** Zoom by a factor, a point of the window (its middle, if none is given) staying where it is. */
  scale(factor, x = this.canvas.clientWidth / 2, y = this.canvas.clientHeight / 2) {
    const zoom = Math.min(NEAREST, Math.max(Math.min(this.whole(), 0.2), this.zoom * factor));
    this.x = x - ((x - this.x) * zoom) / this.zoom;
    this.y = y - ((y - this.y) * zoom) / this.zoom;
    this.zoom = zoom;
    this.apply();
  }

  move(x, y) {
    this.x += x;
    this.y += y;
    this.apply();
  }

  /** Bring a point of the drawing into the middle. */
  centre(x, y) {
    this.x = this.canvas.clientWidth / 2 - x * this.zoom;
    this.y = this.canvas.clientHeight / 2 - y * this.zoom;
    this.apply();
  }

  /** Bring a box of the drawing into the window, if it is not there. */
  reveal(box) {
    const [x, y] = [box.x * this.zoom + this.x, box.y * this.zoom + this.y];
    const [right, low] = [(box.width * this.zoom) / 2 + 8, (box.height * this.zoom) / 2 + 8];
    const seen = x >= right && x <= this.canvas.clientWidth - right && y >= low && y <= this.canvas.clientHeight - low;
    if (!seen) this.centre(box.x, box.y);
  }

  apply() {
    this.layer.setAttribute("transform", `translate(${this.x} ${this.y}) scale(${this.zoom})`);
    this.moved();
  }

  wheel(event) {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    if (event.shiftKey) this.move(-event.deltaX * lines, -event.deltaY * lines);
    else {
      const box = this.canvas.getBoundingClientRect();
      const speed = event.ctrlKey ? 0.01 : 0.002;
      this.scale(Math.exp(-event.deltaY * lines * speed), event.clientX - box.left, event.clientY - box.top);
    }
  }

  grab(event) {
    if (event.button !== 0) return;
    let [x, y, dragged] = [event.clientX, event.clientY, false];
    const drag = (next) => {
      if (!dragged && Math.hypot(next.clientX - x, next.clientY - y) < 4) return;
      if (!dragged) this.canvas.setPointerCapture(event.pointerId);
      dragged = true;
      this.canvas.classList.add("dragged");
      this.move(next.clientX - x, next.clientY - y);
      [x, y] = [next.clientX, next.clientY];
    };
    const drop = () => {
      this.canvas.removeEventListener("pointermove", drag);
      this.canvas.classList.remove("dragged");
      if (dragged) window.addEventListener("click", (click) => click.stopPropagation(), { capture: true, once: true });
    };
    this.canvas.addEventListener("pointermove", drag);
    this.canvas.addEventListener("pointerup", drop, { once: true });
    this.canvas.addEventListener("pointercancel", drop, { once: true });
  }

  /** Whether a key was one of the view's. */
  key(event) {
    const far = 60;
    const moves = { ArrowLeft: [far, 0], ArrowRight: [-far, 0], ArrowUp: [0, far], ArrowDown: [0, -far] };
    if (event.key === "+" || event.key === "=") this.scale(STEP);
    else if (event.key === "-") this.scale(1 / STEP);
    else if (event.key === "0") this.fit();
    else if (moves[event.key]) this.move(...moves[event.key]);
    else return false;
    return true;
  }
}
