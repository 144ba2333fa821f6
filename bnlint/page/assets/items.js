// What is drawn of a model: its nodes, and folded blocks of nodes as one item each.

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

/** The items of a model some of whose blocks are folded; and for each node the item that shows it. */
function itemsOf(model, folded) {
  const [items, of] = [[], []];
  const starts = new Map(model.blocks.map(([, start], number) => [start, number]));
  for (let node = 0; node < model.nodes.length; node = items[items.length - 1].last) {
    const block = starts.get(node);
    items.push(folded.has(block) ? blockItem(model, block) : nodeItem(model, node));
    of.push(...Array(items[items.length - 1].last - node).fill(items.length - 1));
  }
  return { items, of, pairs: related(model, items, of) };
}

function nodeItem(model, number) {
  const node = model.nodes[number];
  const norm = model.norms[node.norm];
  const width = Math.max(64, textWidth(node.label, node.below) + 22 + (norm && norm.spark ? 76 : 0));
  return { first: number, last: number + 1, width, height: node.height, role: node.role, label: node.label, below: node.below, findings: node.findings, norm, says: `${node.kind} ${node.name}` };
}

function blockItem(model, number) {
  const [name, first, last] = model.blocks[number];
  const inside = model.nodes.slice(first, last);
  const label = `▸ ${name}`;
  const below = `${last - first} layers, ${inside.filter((node) => node.norm !== null).length} BatchNorm`;
  const findings = [...new Set(inside.flatMap((node) => node.findings))];
  return { first, last, block: number, width: Math.max(120, textWidth(label, below) + 22), height: 40, role: "block", label, below, findings, says: `Folded block ${name}, ${below}` };
}

/** Tells each item what feeds it and what it feeds. All such pairs, each once. */
function related(model, items, of) {
  const pairs = new Map();
  items.forEach((item) => Object.assign(item, { before: [], after: [] }));
  model.nodes.forEach((node, number) => {
    for (const input of node.inputs) {
      const [source, target] = [of[input], of[number]];
      if (source === target || pairs.has(`${source} ${target}`)) continue;
      pairs.set(`${source} ${target}`, [source, target]);
      items[source].after.push(target);
      items[target].before.push(source);
    }
  });
  return [...pairs.values()];
}

/** Gives the items their places by dagre. The points of each pair's edge, and the size of the whole. */
function arranged(items, pairs) {
  const many = items.length > MANY;
  const drawn = new dagre.graphlib.Graph();
  drawn.setGraph({ rankdir: "TB", nodesep: 20, ranksep: 26, edgesep: 12, ranker: many ? "tight-tree" : "network-simplex" });
  items.forEach((item, number) => drawn.setNode(String(number), { width: item.width, height: item.height }));
  for (const [source, target] of pairs) drawn.setEdge(String(source), String(target), {});
  const lonely = [...items.keys()].filter((number) => !items[number].before.length && !items[number].after.length);
  lonely.slice(1).forEach((number, position) => drawn.setEdge(String(lonely[position]), String(number), {}));
  dagre.layout(drawn, { disableOptimalOrderHeuristic: many });
  items.forEach((item, number) => Object.assign(item, { x: drawn.node(String(number)).x, y: drawn.node(String(number)).y }));
  const edges = pairs.map(([source, target]) => [source, target, drawn.edge(String(source), String(target)).points.map(({ x, y }) => [x, y])]);
  return { edges, width: drawn.graph().width, height: drawn.graph().height };
}

/** The same by the layout that a large model brings for all of its nodes. */
function laidOut(items, laid) {
  items.forEach((item, number) => Object.assign(item, { x: laid.centres[number][0], y: laid.centres[number][1] }));
  return laid;
}

// Elements

/** An edge, through its points, from below its source to above its target. */
function edgeElement(from, to, points) {
  const line = [[from.x, from.y + from.height / 2], ...points.slice(1, -1), [to.x, to.y - to.height / 2]];
  let path = `M${line[0].join(" ")}`;
  for (let number = 1; number < line.length; number++) {
    const [[x, y], [nextX, nextY]] = [line[number - 1], line[number]];
    const middle = (y + nextY) / 2;
    path += x === nextX ? `L${nextX} ${nextY}` : `C${x} ${middle} ${nextX} ${middle} ${nextX} ${nextY}`;
  }
  return svg("path", { class: "edge", d: path });
}

function itemElement(item, number, decades) {
  const severity = worst(item.findings);
  const said = item.findings.length ? `, ${count(item.findings.length, "finding")}, worst: ${severity}` : "";
  const place = `translate(${item.x - item.width / 2} ${item.y - item.height / 2})`;
  return svg(
    "g",
    { class: `node ${item.role} ${severity}`, transform: place, "data-item": number, tabindex: -1, role: "button", "aria-label": item.says + said },
    svg("title", {}, item.says),
    svg("rect", { class: "box", width: item.width, height: item.height, rx: 4 }),
    svg("rect", { class: "bar", width: 4, height: item.height, rx: 2 }),
    svg("text", { class: "label", x: 12, y: 16 }, item.label),
    item.below && svg("text", { class: "below", x: 12, y: 31 }, item.below),
    item.norm && item.norm.spark && sparkline(item.norm.spark, item.width - 72, decades),
    severity && [svg("circle", { class: "badge", cx: item.width, r: 7 }), svg("text", { class: "sign", x: item.width, y: 3.5 }, SIGNS[severity])],
  );
}

/** A histogram of the moving variance, on the scale that all layers of the model share. */
function sparkline(bins, left, decades) {
  const tallest = Math.max(...bins);
  const bars = bins.map((channels, bin) => {
    const high = Math.max(1, (26 * channels) / tallest);
    return channels ? `M${left + 2 * bin} 34v${-high}h2v${high}z` : "";
  });
  const [low, high] = decades.map((decade) => short(10 ** decade));
  return svg("path", { class: "spark", d: bars.join("") }, svg("title", {}, `Moving variance of the channels, from ${low} to ${high} (logarithmic)`));
}

/** The outline of the items of a block that is not folded, with a handle to fold it. */
function frameElements(name, inside, fold) {
  const [left, right] = [Math.min(...inside.map((item) => item.x - item.width / 2)) - 8, Math.max(...inside.map((item) => item.x + item.width / 2)) + 8];
  const [top, low] = [Math.min(...inside.map((item) => item.y - item.height / 2)) - 8, Math.max(...inside.map((item) => item.y + item.height / 2)) + 8];
  return [svg("rect", { class: "outline", x: left, y: top, width: right - left, height: low - top, rx: 6 }), svg("text", { class: "handle", x: left + 6, y: top + 12, onclick: fold }, `▾ ${name}`)];
}
