// The page: its parts, and the one thing that they share, which layer of which model is chosen.

const graph = new Graph((node) => choose(shownModel, node));
const side = new Side((model, node) => choose(model, node));
const table = new Table((model, node) => choose(model, node));
let shownModel = null;

function choose(model, node) {
  if (model === null) {
    graph.select(null);
    side.clear();
    table.mark(null);
    graph.canvas.focus({ preventScroll: true });
    return;
  }
  if (model !== shownModel) showModel(model);
  graph.select(node);
  side.showLayer(model, node);
  table.mark(model.nodes[node].norm);
}

function showModel(model) {
  shownModel = model;
  chooser.value = String(report.models.indexOf(model));
  refill(about, described(model));
  side.clear();
  side.showFindings(model);
  table.marked = null;
  table.show(model);
  graph.show(model);
}

function described(model) {
  const { artifact } = model;
  const words = artifact ? [artifact.format, artifact.keras && `Keras ${artifact.keras}`, `${artifact.layers} layers`, artifact.weights ? "" : "weights not read"] : [`${model.kind} model`, "from source"];
  return [html("span", { class: "path" }, model.path), html("span", { class: "kind" }, words.filter(Boolean).join(" · "))];
}

/** The models by file. */
function options() {
  const groups = new Map();
  report.models.forEach((model, number) => groups.set(model.path, [...(groups.get(model.path) || []), number]));
  const option = (number) => html("option", { value: number }, `${report.models[number].name}${marks(number)}`);
  return [...groups].map(([path, members]) => (groups.size > 1 ? html("optgroup", { label: path }, members.map(option)) : members.map(option)));
}

function marks(number) {
  const numbers = [...new Set(report.models[number].nodes.flatMap((node) => node.findings))];
  return numbers.length ? ` · ${count(numbers.length, "finding")}` : "";
}

const chooser = html("select", { "aria-label": "Model", onchange: () => showModel(report.models[Number(chooser.value)]) }, options());
const about = html("p", { class: "about" });
const tally = SEVERITIES.map((severity) => [severity, report.findings.filter((finding) => finding.severity === severity).length]);

function footer() {
  const rows = [...report.facts, ...report.models.filter((model, number) => report.models.findIndex((other) => other.path === model.path) === number && model.hash).map((model) => [model.path, `sha256 ${model.hash}`])];
  const notes = report.models.flatMap((model) => [
    ...(model.artifact ? model.artifact.notes.map((note) => [model.name, prose(note)]) : []),
    ...model.gaps.map(([reason, place]) => [model.name, [`not seen: `, prose(reason), place ? [" ", spot(place)] : null]]),
  ]);
  return html(
    "footer",
    {},
    html("details", {}, html("summary", {}, `About this report${notes.length ? ` · ${count(notes.length, "note")}` : ""}`), html("dl", {}, [...rows, ...notes].map(([term, text]) => html("div", {}, html("dt", {}, term), html("dd", {}, text))))),
  );
}

document.body.append(
  html(
    "header",
    { class: "top" },
    html("h1", {}, "bnlint"),
    report.models.length > 1 ? chooser : html("strong", { class: "single" }, report.models.length ? report.models[0].name : "No model"),
    about,
    html("p", { class: "tally" }, tally.map(([severity, number]) => html("span", { class: number ? severity : "zero" }, sign(severity), ` ${severity === "info" ? `${number} info` : count(number, severity)}`))),
  ),
  html("main", {}, report.models.length ? table.element : null, html("div", { class: "panes" }, report.models.length ? graph.element : null, side.element)),
  footer(),
);
if (report.models.length) showModel(report.models[report.chosen]);
else {
  side.clear();
  side.showFindings(null);
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    graph.search.box.focus();
    graph.search.box.select();
  } else if (event.key === "Escape" && !typing && graph.selected !== null) choose(null);
});
new ResizeObserver(resizePlots).observe(side.element);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => shownModel && graph.selected !== null && side.showLayer(shownModel, graph.selected));
window.addEventListener("beforeprint", () => shownModel && graph.view.fit());
