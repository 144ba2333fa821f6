// The search box above the graph.

/** Finds nodes by name, kind or path; `walked` is told where Enter leads, `marked` what is found, `left` when a reader turns away. */
class Search {
  constructor({ walked, marked, left }) {
    Object.assign(this, { walked, marked, left, hits: [], hit: -1, nodes: [] });
    this.found = html("output", { class: "found", for: "search" });
    this.box = html("input", { type: "search", id: "search", placeholder: "Search layers  /", "aria-label": "Search layers by name or kind", spellcheck: "false", autocomplete: "off" });
    this.box.addEventListener("input", () => this.search());
    this.box.addEventListener("keydown", (event) => this.key(event));
  }

  /** Search among other nodes. */
  of(nodes) {
    this.nodes = nodes;
    this.clear();
  }

  clear() {
    this.box.value = "";
    this.search();
  }

  search() {
    const wanted = this.box.value.trim().toLowerCase();
    const holds = ({ name, kind, key }) => [name, kind, key].some((text) => text.toLowerCase().includes(wanted));
    this.hits = wanted ? [...this.nodes.keys()].filter((number) => holds(this.nodes[number])) : [];
    this.hit = -1;
    this.tell();
  }

  tell() {
    const turn = this.hit < 0 ? "" : `${this.hit + 1} of `;
    this.found.value = !this.box.value.trim() ? "" : this.hits.length ? turn + this.hits.length : "none";
    this.marked(this.hits);
  }

  key(event) {
    if (event.key === "Escape") {
      this.clear();
      this.left();
    } else if (event.key === "Enter" && this.hits.length) {
      event.preventDefault();
      const from = event.shiftKey ? Math.max(this.hit, 0) - 1 : this.hit + 1;
      this.hit = (from + this.hits.length) % this.hits.length;
      this.walked(this.hits[this.hit]);
      this.tell();
    }
  }
}
