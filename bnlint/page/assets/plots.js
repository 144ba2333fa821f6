// The statistics of one BatchNormalization, channel by channel.

const DEAD = 1e-3;
const drawn = new Set();

/** The numbers of a weight: little-endian float32 in base64. */
function numbers(weight) {
  if (!weight) return null;
  const bytes = Uint8Array.from(atob(weight.data), (character) => character.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return Array.from({ length: bytes.length / 4 }, (_, position) => view.getFloat32(4 * position, true));
}

/** What is plotted of a layer: title, values, what makes a channel bad and how that is called, and whether the axis is logarithmic. */
function curves(norm) {
  const [gamma, beta, mean, variance] = ["gamma", "beta", "moving_mean", "moving_variance"].map((name) => numbers(norm.weights[name]));
  const epsilon = norm.epsilon;
  const finite = (value) => (Number.isFinite(value) ? "" : "not finite");
  const found = [
    { name: "gamma", values: gamma, bad: (value) => finite(value) || (Math.abs(value) < DEAD ? `|γ| < ${DEAD}` : "") },
    { name: "beta", values: beta, bad: finite },
    { name: "moving mean", values: mean, bad: finite },
    { name: "moving variance", values: variance, log: true, bad: (value) => finite(value) || (value < 0 ? "negative" : epsilon !== null && value < epsilon ? `below ε = ${short(epsilon)}` : "") },
  ].filter((curve) => curve.values && curve.values.length);
  if (variance && variance.length && epsilon !== null && (gamma || !norm.scale)) {
    const scale = variance.map((value, channel) => (gamma ? gamma[channel] : 1) / Math.sqrt(value + epsilon));
    found.push({ name: "effective scale", note: `${gamma ? "γ" : "1"} / √(variance + ε)`, values: scale, bad: finite });
  }
  return found;
}

/** The panels, empty until `draw` is called with them in the page. */
function panels(norm) {
  for (const plot of drawn) plot.destroy();
  drawn.clear();
  const made = curves(norm).map(panel);
  const note = norm.folding ? html("p", { class: "note" }, html("b", {}, "folding"), prose(norm.folding)) : null;
  return { element: html("div", { class: "plots" }, made.map((each) => each.element), note), draw: () => made.forEach((each) => each.draw()) };
}

function panel(curve) {
  const { values } = curve;
  const bad = new Map();
  values.forEach((value, channel) => curve.bad(value) && bad.set(channel, curve.bad(value)));
  const finite = values.filter(Number.isFinite);
  const [low, high] = [finite.reduce((a, b) => Math.min(a, b), Infinity), finite.reduce((a, b) => Math.max(a, b), -Infinity)];
  const range = finite.length ? (low === high ? short(low) : `${short(low)} … ${short(high)}`) : "no finite value";
  const readout = html("span", { class: "readout" }, range);
  const stage = html("div", { class: "plot", role: "img", "aria-label": `${curve.name} of ${count(values.length, "channel")}: ${range}${bad.size ? `; ${bad.size} marked` : ""}` });
  const element = html("figure", {}, html("figcaption", {}, html("b", {}, curve.name), curve.note && html("small", {}, curve.note), readout), stage, bad.size ? html("p", { class: "marked" }, marked(bad)) : null);
  const point = (channel) => (channel === null || channel === undefined ? range : `${channel}: ${short(values[channel])}`);
  return { element, draw: () => plot(curve, bad, finite, stage, (channel) => (readout.textContent = point(channel))) };
}

/** Which channels are marked, by reason. */
function marked(bad) {
  const reasons = new Map();
  for (const [channel, reason] of bad) reasons.set(reason, [...(reasons.get(reason) || []), channel]);
  return [...reasons].map(([reason, channels]) => `${count(channels.length, "channel")} ${reason}: ${channels.slice(0, 8).join(", ")}${channels.length > 8 ? " …" : ""}`).join(" · ");
}

function plot(curve, bad, finite, stage, told) {
  const { values } = curve;
  const positive = curve.log ? finite.filter((value) => value > 0) : [];
  const log = positive.length > 0;
  const limits = log ? decades(positive) : room(finite);
  const shown = values.map((value) => (Number.isNaN(value) ? limits[0] : Math.min(limits[1], Math.max(limits[0], value))));
  const size = values.length > 512 ? 2 : values.length > 96 ? 3 : 4.5;
  const dots = (ink, width) => ({ paths: () => null, points: { show: true, size: width, fill: ink, stroke: ink, width: 0 } });
  const axis = { stroke: colour("soft"), font: "10px system-ui, sans-serif", grid: { stroke: colour("line"), width: 0.5 }, ticks: { show: false }, gap: 3 };
  const options = {
    width: Math.max(120, stage.clientWidth),
    height: 118,
    legend: { show: false },
    padding: [6, 8, 0, 0],
    cursor: { sync: { key: "channels" }, drag: { x: true, y: false }, y: false, points: { show: false } },
    scales: { x: { time: false, range: (_, low, high) => [low - (high - low) * 0.01 - 0.2, high + (high - low) * 0.01 + 0.2] }, y: { distr: log ? 3 : 1, range: () => limits } },
    axes: [
      { ...axis, size: 20, space: 40, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000] },
      { ...axis, size: 44, space: 22, ...(log ? { splits: () => powers(limits), filter: (_, ticks) => ticks } : {}), values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : short(tick))) },
    ],
    series: [{}, dots(colour("norm"), size), dots(colour("error"), Math.max(size, 3) + 1.5)],
    hooks: { setCursor: [(made) => told(made.cursor.idx)] },
  };
  const columns = [values.map((_, channel) => channel), shown.map((value, channel) => (bad.has(channel) ? null : value)), shown.map((value, channel) => (bad.has(channel) ? value : null))];
  const made = new uPlot(options, columns, stage);
  drawn.add(made);
  stage.made = made;
}

/** Whole decades around positive numbers; of very many the upper ones. */
function decades(values) {
  const [low, high] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
  const top = Math.ceil(Math.log10(high));
  const bottom = Math.max(top - 12, Math.min(top - 1, Math.floor(Math.log10(low))));
  return [10 ** bottom, 10 ** top];
}

/** The powers of ten that an axis names: five at most. */
function powers([low, high]) {
  const [bottom, top] = [Math.round(Math.log10(low)), Math.round(Math.log10(high))];
  const step = Math.ceil((top - bottom) / 4);
  return Array.from({ length: Math.floor((top - bottom) / step) + 1 }, (_, number) => 10 ** (bottom + step * number));
}

/** A range with room around the numbers. */
function room(values) {
  if (!values.length) return [-1, 1];
  const [low, high] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
  const margin = (high - low) * 0.08 || Math.abs(low) * 0.1 || 1;
  return [low - margin, high + margin];
}

/** Plots follow the width of the panel. */
function resizePlots() {
  for (const made of drawn) {
    const width = made.root.parentElement ? made.root.parentElement.clientWidth : 0;
    if (width && width !== made.width) made.setSize({ width, height: made.height });
  }
}
