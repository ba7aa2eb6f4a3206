// What the charts of all views share. Colour and mark tell the model, as in every figure; size or
// dash the sequence length.

// NAME -> { draw(table, values), begin(table, values), chosen(id, table, values) }, by each view's
// script: `draw` its part of the page, after `begin` where another table was chosen, and after
// `chosen` where another option of the select `id` was. `values` are what the view's `drawn` gave.
const views = {};

const DASHES = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"];
const LETTER = 6.8; // CSS pixels of a letter in a legend
const PAPER_WIDTH = 690; // CSS pixels between the margins of A4

const byId = (id) => document.getElementById(id);
const value = (id) => byId(id).value;
const told = (id) => byId(id).selectedOptions[0].textContent;
const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const isPaper = () => document.documentElement.classList.contains("paper");
const shown = (number) => (number === null || number === undefined ? "-" : number.toFixed(3));

// Plotly reads tags and entities in every text; a name is shown as it was written.
const plain = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const written = (text) => text.replaceAll("&gt;", ">").replaceAll("&lt;", "<").replaceAll("&amp;", "&");

// A long name in lines of about so many characters, broken at spaces and after underscores; inside
// a word only where it has neither.
function wrapped(text, width) {
  const lines = [""];
  const pieces = text.split(/(?<=[ _])/).flatMap((word) => word.match(new RegExp(`.{1,${width}}`, "g")) ?? []);
  for (const piece of pieces) {
    if (lines.at(-1) && lines.at(-1).length + piece.trimEnd().length > width) lines.push("");
    lines.push(lines.pop() + piece);
  }
  return lines.map((line) => plain(line.trimEnd())).join("<br>");
}

const isDark = () => !isPaper() && matchMedia("(prefers-color-scheme: dark)").matches;
const colourOf = (table, model) => table.looks[model]?.[isDark() ? "dark" : "light"] ?? ink("--quiet");
const symbolOf = (table, model) => table.looks[model].symbol;

function placeOfLength(table, length) {
  return [...new Set(table.rows.map((row) => row.length))].indexOf(length);
}

function axis(title, more = {}) {
  return {
    title: { text: title, standoff: 8 }, gridcolor: ink("--rule"), linecolor: ink("--quiet"), zeroline: false,
    automargin: true, ...more,
  };
}

// Draw, size and describe one chart. The legend lies below and gets the room it needs.
function draw(id, traces, layout, caption, height) {
  const plot = byId(id);
  plot.parentElement.hidden = false;
  const width = isPaper() ? PAPER_WIDTH : plot.clientWidth;
  const [entry, legend] = fitLegend(traces.filter((trace) => trace.showlegend !== false && trace.name), width);
  const full = height + legend;
  Plotly.react(
    plot,
    traces,
    {
      width, height: full, autosize: false, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { color: ink("--text"), family: "system-ui, sans-serif", size: 13 },
      margin: { l: 62, r: 14, t: 14, b: 52 + legend },
      hovermode: "closest", hoverlabel: { align: "left" },
      dragmode: matchMedia("(pointer: coarse)").matches ? false : "zoom",
      legend: {
        orientation: "h", x: 0, xref: "container", xanchor: "left", y: 0, yref: "container", yanchor: "bottom",
        entrywidth: entry, entrywidthmode: "pixels",
      },
      showlegend: legend > 0,
      ...layout,
    },
    { displayModeBar: false, doubleClick: "reset" },
  );
  byId(`${id}-caption`).textContent = caption;
  return plot;
}

// Break names that are wider than the chart, and return how wide an entry is and how high all are.
function fitLegend(traces, width) {
  const most = Math.floor((width - 95) / LETTER);
  for (const trace of traces) trace.name = wrapped(written(trace.name), most);
  const lines = traces.map((trace) => trace.name.split("<br>"));
  const longest = Math.max(0, ...lines.flat().map((line) => written(line).length));
  const entry = Math.min(width - 50, 45 + LETTER * longest);
  const perLine = Math.max(1, Math.floor((width - 20) / (entry + 40)));
  let height = 14;
  for (let first = 0; first < lines.length; first += perLine) {
    height += 4 + 17 * Math.max(...lines.slice(first, first + perLine).map((name) => name.length));
  }
  return [entry, traces.length > 1 ? height : 0];
}

// Show a chart with its choices, or the sentence that says why there is none.
function isDrawn(id, is) {
  const hasChoice = byId(`${id}-metric`)?.options.length > 1; // of another score, which may have a chart
  byId(id).querySelector(".controls").hidden = !is && !hasChoice;
  byId(`${id}-none`).hidden = is;
  byId(`${id}-chart`).parentElement.hidden = !is;
  return is;
}

// A line with a band around it: curves over time, or over epochs.
function band(x, curve, colour, dash, name) {
  if (!curve.median.length) return [];
  const edge = { mode: "lines", x, line: { width: 0 }, hoverinfo: "skip", showlegend: false };
  return [
    { ...edge, y: curve.low },
    { ...edge, y: curve.high, fill: "tonexty", fillcolor: faint(colour) },
    { name, mode: "lines", x, y: curve.median, line: { color: colour, dash, width: 2 }, hoverinfo: "x+y" },
  ];
}

function faint(colour, opacity = 0.2) {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  return `rgba(${red},${green},${blue},${opacity})`;
}

const hasScore = (row, name) => row.scores[name] !== undefined;

// Fill a select; what was chosen stays so where it can, and without a choice there is no select.
function fill(id, options) {
  const kept = value(id);
  byId(id).replaceChildren(...options.map(([key, text]) => new Option(text, key)));
  if (options.some(([key]) => String(key) === kept)) byId(id).value = kept;
  byId(id).closest("label").hidden = options.length < 2;
}

function fillMetrics(section, table) {
  if (!byId(`${section}-metric`)) return;
  fill(`${section}-metric`, table.metrics.map((metric) => [metric.name, metric.heading]));
  fillConventions(section, table);
}

const metricOf = (section, table) => table.metrics.find((metric) => metric.name === value(`${section}-metric`));

function fillConventions(section, table) {
  if (byId(`${section}-convention`)) fill(`${section}-convention`, metricOf(section, table).conventions);
}

// The chosen score: its name ("rmse_average_per_song"), its metric, and how to say it.
function scoreOf(section, table) {
  const metric = metricOf(section, table);
  const target = value(`${section}-target`);
  const what = target === "average" ? "mean of valence and arousal" : target;
  return {
    ...metric, target, name: `${metric.name}_${target}${value(`${section}-convention`)}`, isPrinted: metric.name === "rmse",
    described: `${metric.heading} (${what}), ${told(`${section}-convention`)}`, axis: `${metric.heading}, ${metric.better} is better`,
  };
}
