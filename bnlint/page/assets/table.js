// The table of all BatchNormalization layers.

/** What a column shows and sorts by. `of` gives [text, sort key]. */
const COLUMNS = [
  ["layer", (norm, model) => [norm.name || model.nodes[norm.nodes[0]].label, norm.nodes[0]]],
  ["path", (norm) => [norm.where, norm.where], "path"],
  ["channels", (norm) => [norm.channels === null ? "?" : String(norm.channels), norm.channels]],
  ["momentum", (norm) => [norm.config.momentum || "", Number(norm.config.momentum)]],
  ["epsilon", (norm) => [norm.config.epsilon || "", Number(norm.config.epsilon)]],
  ["axis", (norm) => [norm.config.axis || "", norm.config.axis || ""]],
  ["trainable", (norm) => [norm.trainable, norm.trainable]],
  ["gamma", (norm) => span(norm.weights.gamma), "weights"],
  ["beta", (norm) => span(norm.weights.beta), "weights"],
  ["moving mean", (norm) => span(norm.weights.moving_mean), "weights"],
  ["moving variance", (norm) => span(norm.weights.moving_variance), "weights"],
  ["findings", (norm, model) => [null, -rank(numbersOf(norm, model))]],
];

function span(weight) {
  if (!weight) return ["", null];
  const text = weight.min === null ? "none finite" : weight.min === weight.max ? short(weight.min) : `${short(weight.min)} … ${short(weight.max)}`;
  return [weight.nonfinite ? `${text}, ${weight.nonfinite} not finite` : text, weight.nonfinite ? Infinity : weight.max];
}

const numbersOf = (norm, model) => [...new Set(norm.nodes.flatMap((node) => model.nodes[node].findings))];

const rank = (numbers) => numbers.reduce((sum, number) => sum + { error: 10000, warning: 100, info: 1 }[report.findings[number].severity], 0);

class Table {
  constructor(chosen) {
    this.chosen = chosen;
    this.body = html("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "BatchNormalization layers" });
    this.title = html("span");
    this.element = html("details", { class: "norms", open: true }, html("summary", {}, this.title), this.body);
  }

  show(model) {
    this.model = model;
    this.order = { column: null, down: false };
    const total = model.norms.length;
    const source = model.artifact ? "" : " (statistics are in saved models only)";
    this.title.textContent = `${count(total, "BatchNormalization layer")} of ${count(model.nodes.length, "node")}${source}`;
    this.element.classList.toggle("empty", total === 0);
    const needed = { weights: (norm) => Object.keys(norm.weights).length > 0, path: (norm) => norm.where !== norm.name };
    this.columns = COLUMNS.filter(([, , kind]) => kind === undefined || model.norms.some(needed[kind]));
    this.draw();
  }

  draw() {
    const { column, down } = this.order;
    const rows = this.model.norms.map((norm, number) => ({ norm, number, cells: this.columns.map(([, of]) => of(norm, this.model)) }));
    if (column !== null) rows.sort((one, two) => (down ? -1 : 1) * compare(one.cells[column][1], two.cells[column][1]) || one.number - two.number);
    const heads = this.columns.map(([name], position) => {
      const state = column === position ? (down ? "descending" : "ascending") : "none";
      return html("th", { scope: "col", "aria-sort": state }, html("button", { type: "button", onclick: () => this.sort(position) }, name));
    });
    const made = html("table", {}, html("thead", {}, html("tr", {}, heads)), html("tbody", {}, rows.map((row) => this.row(row))));
    refill(this.body, made);
    this.mark(this.marked);
  }

  row({ norm, number, cells }) {
    const go = () => this.chosen(this.model, norm.nodes[0]);
    const content = cells.map(([text], position) => {
      if (position === 0) return html("td", {}, html("button", { type: "button", class: "link", onclick: go }, text));
      if (text === null) return html("td", { class: "codes" }, numbersOf(norm, this.model).map((each) => html("span", { class: `code ${report.findings[each].severity}`, title: report.findings[each].message }, sign(report.findings[each].severity), report.findings[each].code)));
      return html("td", { class: this.columns[position][0] === "path" ? "path" : "number", title: this.columns[position][0] === "path" ? text : null }, text);
    });
    return html("tr", { "data-norm": number, onclick: (event) => event.target.closest("button") || go() }, content);
  }

  sort(column) {
    this.order = { column, down: this.order.column === column && !this.order.down };
    this.draw();
    this.body.querySelectorAll("th button")[column].focus();
  }

  /** Mark the row of the chosen layer. */
  mark(norm) {
    this.marked = norm;
    for (const row of this.body.querySelectorAll("[data-norm]")) {
      const chosen = Number(row.dataset.norm) === norm;
      row.classList.toggle("chosen", chosen);
      if (chosen) row.scrollIntoView({ block: "nearest" });
    }
  }
}

/** Numbers before words, what is not known last. */
function compare(one, two) {
  const missing = (value) => value === null || value === undefined || Number.isNaN(value) || value === "";
  if (missing(one) || missing(two)) return missing(one) - missing(two);
  return typeof one === "number" && typeof two === "number" ? one - two || 0 : String(one).localeCompare(String(two), "en", { numeric: true });
}
