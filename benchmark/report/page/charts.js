// Charts of whole tables. Every function takes one table's values and draws them; colour and mark
// tell the model, as in every figure; size or dash the sequence length.

const DASHES = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"];
const LETTER = 6.8; // CSS pixels of a letter in a legend
const PAPER_WIDTH = 690; // CSS pixels between the margins of A4

const byId = (id) => document.getElementById(id);
const value = (id) => byId(id).value;
const told = (id) => byId(id).selectedOptions[0].textContent;
const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const isPaper = () => document.documentElement.classList.contains("paper");
const shown = (number) => (number === null ? "-" : number.toFixed(3));

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
    height += 4 + 17 * Math.max(...lines.slice(first, first + perLine).map((one) => one.length));
  }
  return [entry, traces.length > 1 ? height : 0];
}

// Show a chart with its choices, or the sentence that says why there is none.
function isDrawn(id, is) {
  byId(id).querySelector(".controls").hidden = !is;
  byId(`${id}-none`).hidden = is;
  byId(`${id}-chart`).parentElement.hidden = !is;
  return is;
}

// "rmse_average_per_song" and how to say it
function scoreOf(section) {
  const name = value(`${section}-score`) + value(`${section}-convention`);
  const target = told(`${section}-score`);
  const what = target === "average" ? "mean of valence and arousal" : target;
  return [name, `RMSE (${what}), ${told(`${section}-convention`)}`];
}

function errorBars(row, name, kind) {
  const interval = row.intervals[name];
  if (kind === "intervals" && interval) {
    const score = row.scores[name];
    return { array: [interval[1] - score], arrayminus: [score - interval[0]], symmetric: false, thickness: 1.3 };
  }
  return kind === "spreads" && row.spreads[name] !== null
    ? { array: [row.spreads[name]], thickness: 1.3 }
    : undefined;
}

function hover(row, name, cost, costName) {
  const interval = row.intervals[name];
  const share = name.startsWith("rmse_average") ? row.frontShares[cost + name.replace("rmse_average", "")] : undefined;
  return [
    `<b>${plain(row.label)}</b>`,
    `RMSE ${shown(row.scores[name])}${row.spreads[name] === null ? "" : ` ± ${shown(row.spreads[name])}`}`,
    interval ? `95 % interval ${shown(interval[0])} to ${shown(interval[1])}` : "",
    `${costName}: ${Math.round(row.costs[cost]).toLocaleString("en")}`,
    share === undefined ? "" : `on the front in ${Math.round(100 * share)} % of draws of songs and repetitions`,
    `${row.nCells} of ${row.nAsked} cells`,
  ].filter(Boolean).join("<br>");
}

function drawTradeoff(table) {
  const [name, described] = scoreOf("tradeoff");
  const cost = value("tradeoff-cost");
  const bars = value("tradeoff-bars");
  const isCount = !cost.startsWith("train_");
  const x = (row) => row.costs[cost] * (row.aside[cost] ?? 1);
  const compared = table.compared.map((place) => table.rows[place]);
  const rows = compared.filter((row) => row.costs[cost] > 0);
  const free = compared.filter((row) => !rows.includes(row)).map((row) => row.label);
  if (!isDrawn("tradeoff", rows.length > 0)) return;
  const traces = rows.map((row) => ({
    name: plain(row.label), mode: "markers", x: [x(row)], y: [row.scores[name]],
    error_y: errorBars(row, name, bars), hoverinfo: "text", hovertext: hover(row, name, cost, told("tradeoff-cost")),
    marker: {
      color: colourOf(table, row.model), size: row.size, line: { width: 1, color: ink("--ground") },
      symbol: symbolOf(table, row.model),
    },
  }));
  const front = table.fronts[cost][name].map((place) => table.rows[place]);
  traces.unshift({
    name: "front: no row has both lower cost and lower RMSE", mode: "lines", x: front.map(x), y: front.map((row) => row.scores[name]),
    line: { shape: "hv", color: ink("--quiet"), width: 1.5 }, hoverinfo: "skip",
  });
  const printed = isCount && cost === "parameters" ? table.published : [];
  const measure = value("tradeoff-score").replace("rmse_", "");
  traces.push(...publishedPoints(table, printed, measure, (row) => row.parameters));
  const [range, lines, beyond] = withReferences(table, name, traces);
  const hidden = table.rows.length - compared.length;
  draw(
    "tradeoff-chart", traces,
    {
      xaxis: axis(`${told("tradeoff-cost")}, log scale`, { type: "log", dtick: 1, exponentformat: "SI" }),
      yaxis: axis("RMSE, lower is better", { range }), ...lines,
    },
    [
      `${described}, against ${told("tradeoff-cost")}.`,
      `Bars: ${told("tradeoff-bars")}. Bars that overlap do not make two rows equal: both are scored on the same songs, so compare them in pairs.`,
      new Set(rows.map((row) => row.length).filter((length) => length !== null)).size > 1 ? "Larger marks: longer training sequences." : "",
      isCount ? "" : "Seconds and joules depend on the machine and on what else it did.",
      rows.some((row) => (row.aside[cost] ?? 1) !== 1) ? table.saidOfAside : "",
      traces.some((trace) => trace.isPrinted) ? table.saidOfPublished : "",
      beyond ? `Below the chart: ${beyond}.` : "",
      free.length ? `Without such a cost, so not on a log axis: ${free.join(", ")}.` : "",
      hidden ? `${hidden === 1 ? "1 row is" : `${hidden} rows are`} not here: incomplete, changes of another row, or with an epoch chosen on the evaluation songs.` : "",
    ].filter(Boolean).join(" "),
    430,
  );
}

function publishedPoints(table, rows, measure, x) {
  const drawn = rows.filter((row) => x(row) && row.values[measure] !== null);
  const labels = [...new Set(drawn.map((row) => row.label))];
  return labels.map((label) => {
    const points = drawn.filter((row) => row.label === label);
    return {
      name: plain(label), isPrinted: true, mode: "markers", x: points.map(x), y: points.map((row) => row.values[measure]),
      hoverinfo: "text", hovertext: points.map((row) => `${plain(label)}<br>RMSE ${row.values[measure]}${row.length ? `, L=${row.length}` : ""}`),
      marker: { symbol: points[0].symbol, size: 12, color: colourOf(table, points[0].model), line: { width: 2, color: colourOf(table, points[0].model) } },
    };
  });
}

// What no model can know: dashed lines, or words where a line would flatten everything else.
function withReferences(table, name, traces) {
  const ends = traces.flatMap((trace) => trace.y.flatMap((y, i) => {
    const bar = trace.error_y;
    return bar ? [y + bar.array[i], y - (bar.arrayminus ?? bar.array)[i]] : [y];
  }));
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const known = Object.entries(table.references).filter(([, scores]) => scores[name] !== null);
  const near = known.filter(([, scores]) => scores[name] > low - 0.35 * (high - low));
  const beyond = known.filter((one) => !near.includes(one)).map(([label, scores]) => `${label} ${shown(scores[name])}`);
  const bottom = Math.min(low, ...near.map(([, scores]) => scores[name]));
  const pad = 0.06 * (high - bottom || 0.1);
  const isUnder = (y) => near.some(([, scores]) => scores[name] > y && scores[name] - y < pad); // its label would hide another
  const isBetween = (y) => isUnder(y) && near.some(([, scores]) => scores[name] < y && y - scores[name] < pad); // no room on the right
  const placed = (y) => (isBetween(y) ? { x: 0, xanchor: "left", yanchor: "bottom" } : { x: 1, xanchor: "right", yanchor: isUnder(y) ? "top" : "bottom" });
  const at = (scores) => ({ xref: "paper", yref: "y", y: scores[name] });
  return [
    [bottom - pad, high + pad],
    {
      shapes: near.map(([, scores]) => ({
        type: "line", x0: 0, x1: 1, xref: "paper", y0: scores[name], y1: scores[name],
        line: { color: ink("--quiet"), dash: "dash", width: 1 },
      })),
      annotations: near.map(([label, scores]) => ({
        ...at(scores), ...placed(scores[name]), showarrow: false, text: `${plain(label)} ${shown(scores[name])}`,
        font: { size: 12, color: ink("--quiet") },
      })),
    },
    beyond.join(", "),
  ];
}

function drawLengths(table) {
  const [name, described] = scoreOf("lengths");
  const measure = value("lengths-score").replace("rmse_", "");
  const rows = table.rows.filter((row) => row.length !== null && row.scores[name] !== null);
  const lines = [...new Set(rows.map((row) => row.line))]
    .map((line) => rows.filter((row) => row.line === line).sort((a, b) => a.length - b.length))
    .filter((line) => line.length > 1);
  if (!isDrawn("lengths", lines.length > 0)) return;
  const models = new Set(lines.map((line) => line[0].model));
  const traces = lines.map((line, place) => ({
    name: plain(line[0].line), mode: "lines+markers", x: line.map((row) => row.length), y: line.map((row) => row.scores[name]),
    error_y: { array: line.map((row) => row.spreads[name] ?? 0), thickness: 1.3 },
    hoverinfo: "text", hovertext: line.map((row) => `<b>${plain(row.label)}</b><br>RMSE ${shown(row.scores[name])} ± ${shown(row.spreads[name])}`),
    line: { color: colourOf(table, line[0].model), dash: DASHES[place % DASHES.length] },
    marker: { size: 10, symbol: symbolOf(table, line[0].model) },
  }));
  const printed = table.published.filter((row) => models.has(row.model) && row.length && row.values[measure] !== null);
  for (const label of new Set(printed.map((row) => row.label))) {
    const points = printed.filter((row) => row.label === label).sort((a, b) => a.length - b.length);
    if (points.length > 1) {
      traces.push({
        name: plain(label), mode: "lines+markers", x: points.map((row) => row.length), y: points.map((row) => row.values[measure]),
        hoverinfo: "text", hovertext: points.map((row) => `${plain(label)}, L=${row.length}<br>RMSE ${row.values[measure]}`),
        line: { color: colourOf(table, points[0].model), dash: "dot", width: 1 },
        marker: { symbol: points[0].symbol, size: 10, line: { width: 2, color: colourOf(table, points[0].model) } },
      });
    }
  }
  const ticks = [...new Set(traces.flatMap((trace) => trace.x))].sort((a, b) => a - b);
  const floors = table.rows.filter((row) => row.isFloor && row.scores[name] !== null);
  const ends = [ticks[0], ticks.at(-1)];
  floors.forEach((row) => traces.push({
    name: plain(row.label), mode: "lines", x: ends, y: ends.map(() => row.scores[name]), hoverinfo: "text",
    hovertext: `${plain(row.label)}: RMSE ${shown(row.scores[name])}`, line: { color: colourOf(table, row.model), dash: "dash", width: 1.2 },
  }));
  draw(
    "lengths-chart", traces,
    { xaxis: axis("frames per sequence", { tickvals: ticks }), yaxis: axis("RMSE, lower is better") },
    `${described}, against the sequence length a model was trained with, two frames a second. Bars: ± one standard deviation over repetitions; all lengths are scored on the same songs. Dashed without points: floor rows, which cut no sequences.${printed.length ? " Thin marks: published by others." : ""}`,
    360,
  );
}

function drawRepetitions(table) {
  const [name, described] = scoreOf("repetitions");
  const rows = table.rows.filter((row) => row.nCells).reverse();
  if (!isDrawn("repetitions", rows.length > 0)) return;
  const width = isPaper() ? PAPER_WIDTH : byId("repetitions").clientWidth;
  const labels = rows.map((row) => wrapped(row.label, width < 500 ? 16 : 48));
  const points = rows.map((row, place) => ({
    mode: "markers", showlegend: false, x: row.repetitions.map((one) => one[name]), y: row.repetitions.map(() => place),
    hoverinfo: "text",
    hovertext: row.repetitions.map((one) => `<b>${plain(row.label)}</b><br>repetition ${one.number}, base seed ${one.seed}<br>RMSE ${shown(one[name])}`),
    marker: { color: colourOf(table, row.model), size: 10, opacity: 0.8, symbol: symbolOf(table, row.model) },
  }));
  const means = {
    mode: "markers", name: "mean", showlegend: false, x: rows.map((row) => row.scores[name]), y: rows.map((_, place) => place), hoverinfo: "skip",
    marker: { symbol: "line-ns", size: 18, line: { width: 2, color: ink("--text") } },
  };
  const nLines = Math.max(...labels.map((label) => label.split("<br>").length));
  draw(
    "repetitions-chart", [...points, means],
    {
      xaxis: axis("RMSE, lower is better"),
      yaxis: axis("", { tickfont: { size: 12 }, tickvals: rows.map((_, place) => place), ticktext: labels, range: [-0.6, rows.length - 0.4] }),
    },
    `${described}: one point per repetition (other first weights, batch orders and held-out songs), a bar at the mean of complete rows. Models that draw nothing at random are run once.`,
    70 + rows.length * Math.max(30, 8 + 16 * nLines),
  );
}
