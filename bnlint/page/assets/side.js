// The right side: the chosen layer, and the findings.

const CARDS = 200;

/** What a place in the source is called, as a link into the graph where it is on it. */
const spot = (place) => html("span", { class: "spot" }, place.text);

/** The source around a place, the place marked. `around` is how many lines are shown before and after it. */
function frame(place, around) {
  if (!place || place.file === undefined) return null;
  const file = report.files[place.file];
  const lines = [];
  for (let number = place.line - around; number <= place.end + around; number++) {
    const window = file.windows.find((each) => each.start <= number && number < each.start + each.lines.length);
    if (window) lines.push([number, window.lines[number - window.start]]);
  }
  while (lines.length && !lines[0][1].trim() && lines[0][0] < place.line) lines.shift();
  while (lines.length && !lines[lines.length - 1][1].trim() && lines[lines.length - 1][0] > place.end) lines.pop();
  const rows = lines.map(([number, text]) => {
    const inside = place.line <= number && number <= place.end;
    const start = inside ? (number === place.line ? place.from : text.length - text.trimStart().length) : text.length;
    const stop = inside ? (number === place.end ? place.to : text.length) : text.length;
    const content = inside ? [text.slice(0, start), html("mark", {}, text.slice(start, Math.max(stop, start + 1)) || " "), text.slice(Math.max(stop, start + 1))] : [text];
    return html("span", { class: inside ? "row here" : "row" }, html("span", { class: "number" }, number), content, "\n");
  });
  return html("pre", { class: "frame", tabindex: 0, "aria-label": `Code at ${place.text}` }, html("code", {}, rows));
}

/** The configuration: what tells models apart, and behind it what rarely does. */
function settings(config) {
  const rare = ([key, text]) => text === "None" || /_(initializer|regularizer|constraint)$|^(name|dtype)$/.test(key);
  const list = (entries) => html("ul", { class: "config", "aria-label": "Configuration" }, entries.map(([key, text]) => html("li", {}, `${key}=${text}`)));
  const [often, seldom] = [config.filter((entry) => !rare(entry)), config.filter(rare)];
  return [often.length ? list(often) : null, seldom.length ? html("details", { class: "rare" }, html("summary", {}, `${seldom.length} more`), list(seldom)) : null];
}

/** The side panel; `chosen(model, node)` is told where a reader wants to go. */
class Side {
  constructor(chosen) {
    this.chosen = chosen;
    this.layer = html("section", { class: "layer", "aria-label": "Chosen layer", "aria-live": "polite" });
    this.list = html("section", { class: "findings", "aria-labelledby": "findings" });
    this.element = html("aside", { class: "side", "aria-label": "Details" }, this.layer, this.list);
    this.turns = new Map();
  }

  // The chosen layer

  showLayer(model, number) {
    const node = model.nodes[number];
    const norm = model.norms[node.norm];
    const plots = norm && Object.keys(norm.weights).length ? panels(norm) : null;
    const facts = [
      node.key && ["path", node.key],
      node.shape && ["shape", node.shape],
      node.training && ["training", node.training],
      norm && ["channels", norm.channels === null ? "unknown" : norm.channels],
      norm && norm.nodes.length > 1 && ["applied", `${norm.nodes.length} times`],
    ].filter(Boolean);
    refill(
      this.layer,
      html("header", {}, html("h2", {}, node.kind, " ", node.name && html("span", { class: "name" }, node.name)), html("button", { type: "button", class: "tool", "aria-label": "Close (Escape)", title: "Close (Escape)", onclick: () => this.chosen(null) }, "×")),
      html("dl", { class: "facts" }, facts.map(([term, text]) => html("div", {}, html("dt", {}, term), html("dd", {}, text)))),
      this.neighbours(model, number),
      node.findings.length ? html("p", { class: "hits" }, node.findings.map((finding) => this.jump(finding))) : null,
      plots && plots.element,
      this.code("built at", node.place),
      this.code("called at", node.applied),
      norm && norm.folding && !plots ? html("p", { class: "note" }, prose(norm.folding)) : null,
      settings(node.config || []),
    );
    if (plots) plots.draw();
    this.element.scrollTop = 0;
    for (const card of this.list.querySelectorAll(".card")) card.classList.toggle("current", node.findings.includes(Number(card.dataset.finding)));
  }

  clear() {
    const keys = [["/", "search"], ["Tab", "into the graph"], ["↑ ↓ ← →", "walk"], ["Enter", "choose"], ["+ − 0", "zoom"]];
    const hint = report.models.length ? html("p", { class: "hint" }, "Choose a layer in the graph or in the table. ", keys.map(([key, does]) => [html("kbd", {}, key), ` ${does} `])) : null;
    refill(this.layer, hint);
    for (const card of this.list.querySelectorAll(".current")) card.classList.remove("current");
  }

  code(word, place) {
    return place ? html("div", { class: "code" }, html("p", { class: "where" }, `${word} `, spot(place)), frame(place, 5)) : null;
  }

  /** What feeds a node and what it feeds. */
  neighbours(model, number) {
    const link = (other) => html("button", { type: "button", class: "link", onclick: () => this.chosen(model, other) }, model.nodes[other].name || model.nodes[other].label);
    const after = model.nodes.flatMap((node, other) => (node.inputs.includes(number) ? [other] : []));
    const row = (word, others) => (others.length ? html("span", {}, `${word} `, others.slice(0, 6).map((other) => [link(other), " "]), others.length > 6 && "…") : null);
    const outside = model.nodes[number].output ? html("span", {}, "output of the model") : null;
    return html("p", { class: "neighbours" }, row("fed by", [...new Set(model.nodes[number].inputs)]), row("feeds", after), outside);
  }

  jump(number) {
    const finding = report.findings[number];
    const show = () => {
      const card = this.list.querySelector(`[data-finding="${number}"]`);
      if (card) card.scrollIntoView({ block: "nearest" });
    };
    return html("button", { type: "button", class: `link ${finding.severity}`, onclick: show, title: finding.message }, sign(finding.severity), finding.code);
  }

  // Findings

  showFindings(model) {
    const numbers = [...report.findings.keys()];
    const here = (number) => report.findings[number].at.some(([other]) => report.models[other] === model);
    const order = (number) => SEVERITIES.indexOf(report.findings[number].severity) + (here(number) ? 0 : SEVERITIES.length);
    const sorted = numbers.sort((one, two) => order(one) - order(two) || one - two);
    const others = sorted.findIndex((number) => !here(number));
    const cards = sorted.slice(0, CARDS).map((number, position) => [
      position === others && others > 0 ? html("h3", {}, "Not on this graph") : null,
      this.card(number, model),
    ]);
    const more = sorted.length - CARDS;
    refill(
      this.list,
      html("h2", { id: "findings" }, "Findings"),
      numbers.length ? null : html("p", { class: "none" }, "Nothing was found."),
      cards,
      more > 0 ? html("p", { class: "none" }, `${count(more, "more finding")} not listed; \`bnlint check\` prints all.`) : "",
    );
  }

  card(number, model) {
    const finding = report.findings[number];
    const place = finding.place ? finding.place.text : finding.path;
    const safety = { safe: "safe fix: `--fix`", unsafe: `unsafe fix, changes ${finding.changes}: \`--fix --unsafe-fixes\``, display: "" }[finding.fix];
    return html(
      "article",
      { class: `card ${finding.severity}`, "data-finding": number, "aria-label": `${finding.severity} ${finding.code}` },
      html(
        "header",
        {},
        sign(finding.severity),
        html("a", { href: finding.url, rel: "noreferrer noopener", target: "_blank", title: finding.title }, finding.code),
        html("span", { class: "rule" }, finding.name),
        html("span", { class: "severity" }, finding.severity),
        this.go(number, model),
      ),
      html("p", { class: "message" }, prose(finding.message)),
      html("p", { class: "where" }, place, finding.layer && !finding.place ? html("b", {}, ` ${finding.layer}`) : null, finding.about && ` · ${finding.about}`),
      frame(finding.place, 2),
      finding.help ? html("p", { class: "help" }, prose(finding.help)) : null,
      safety ? html("p", { class: "fix" }, prose(safety)) : null,
      finding.reason ? html("p", { class: "fix" }, "No fix here: ", prose(finding.reason)) : null,
      finding.related.map(([text, other]) => html("p", { class: "related" }, other ? [spot(other), text && ": "] : null, prose(text))),
    );
  }

  /** The way to the nodes of a finding, one after the other. */
  go(number, model) {
    const places = report.findings[number].at;
    const here = places.filter(([other]) => report.models[other] === model);
    const all = here.length ? here : places;
    if (!all.length) return null;
    const show = () => {
      const turn = this.turns.get(number) || 0;
      this.turns.set(number, turn + 1);
      const [other, node] = all[turn % all.length];
      this.chosen(report.models[other], node);
    };
    return html("button", { type: "button", class: "link go", onclick: show }, all.length > 1 ? `show ${all.length} layers` : "show layer");
  }
}
