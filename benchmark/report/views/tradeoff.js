// Scores against a cost on a log axis, and the front: where rows stand is computed beforehand, once
// for figures and page.

views.tradeoff = { begin: fillCosts, draw: drawTradeoff };

function errorBars(row, name, kind) {
  const interval = row.intervals[name];
  if (kind === "intervals" && interval) {
    const score = row.scores[name];
    return { array: [interval[1] - score], arrayminus: [score - interval[0]], symmetric: false, thickness: 1.3 };
  }
  return kind === "spreads" && row.spreads[name] !== undefined
    ? { array: [row.spreads[name]], thickness: 1.3 }
    : undefined;
}

function hover(row, { name, heading }, cost, costName, frontShares) {
  const interval = row.intervals[name];
  const share = name.startsWith("rmse_average") ? frontShares[row.group]?.[cost + name.replace("rmse_average", "")] : undefined;
  return [
    `<b>${plain(row.label)}</b>`,
    `${plain(heading)} ${shown(row.scores[name])}${row.spreads[name] === undefined ? "" : ` ± ${shown(row.spreads[name])}`}`,
    interval ? `95 % interval ${shown(interval[0])} to ${shown(interval[1])}` : "",
    `${costName}: ${Math.round(row.costs[cost]).toLocaleString("en")}`,
    share === undefined ? "" : `on the front in ${Math.round(100 * share)} % of resamples of songs and repetitions`,
    `${row.nCells} of ${row.nAsked} cells`,
  ].filter(Boolean).join("<br>");
}

function fillCosts(table, values) {
  fill("tradeoff-cost", Object.entries(values.costs).map(([cost, { title }]) => [cost, title]));
}

function drawTradeoff(table, values) {
  const score = scoreOf("tradeoff", table);
  const { name, heading, better } = score;
  const cost = value("tradeoff-cost");
  const bars = value("tradeoff-bars");
  const known = values.costs[cost];
  const points = (known?.rows ?? []).map((place, i) => ({ ...table.rows[place], x: known.x[i] }));
  const rows = points.filter((row) => hasScore(row, name));
  if (!isDrawn("tradeoff", rows.length > 0)) return;
  const traces = rows.map((row) => ({
    name: plain(row.label), mode: "markers", x: [row.x], y: [row.scores[name]],
    error_y: errorBars(row, name, bars), hoverinfo: "text", hovertext: hover(row, score, cost, known.title, values.frontShares),
    marker: {
      color: colourOf(table, row.model), size: row.size, line: { width: 1, color: ink("--ground") },
      symbol: symbolOf(table, row.model),
    },
  }));
  const front = known.fronts[name].map((place) => points[place]);
  traces.unshift({
    name: `front: no row has both a lower cost and a ${better} ${plain(heading)}`, mode: "lines", x: front.map((row) => row.x),
    y: front.map((row) => row.scores[name]), line: { shape: "hv", color: ink("--quiet"), width: 1.5 }, hoverinfo: "skip",
  });
  const printed = score.isPrinted && cost === "parameters" ? table.published : [];
  traces.push(...publishedPoints(table, printed, score.target, (row) => row.parameters));
  const [range, lines, beyond] = withReferences(table, name, traces);
  const hidden = table.rows.length - rows.length;
  const isCount = !cost.startsWith("train_");
  draw(
    "tradeoff-chart", traces,
    {
      xaxis: axis(`${known.title}, log scale`, { type: "log", dtick: 1, exponentformat: "SI" }),
      yaxis: axis(score.axis, { range }), ...lines,
    },
    [
      `${score.described}, against ${known.title}.`,
      traces.some((trace) => trace.error_y) ? `Bars: ${told("tradeoff-bars")}. Bars that overlap do not make two rows equal: both are scored on the same songs, so compare them in pairs.` : "No bars: these scores have none of this kind.",
      new Set(rows.map((row) => row.length).filter((length) => length !== null)).size > 1 ? "Larger marks: longer training sequences." : "",
      isCount ? "" : "Seconds and joules depend on the machine and on what else it did.",
      known.isApart ? values.saidOfApart : "",
      traces.some((trace) => trace.isPrinted) ? table.saidOfPublished : "",
      beyond ? `Outside the chart: ${beyond}.` : "",
      hidden ? `${hidden === 1 ? "1 row is" : `${hidden} rows are`} not here: incomplete, changes of another row, with an epoch chosen on the evaluation songs, or recorded without this score or cost.` : "",
    ].filter(Boolean).join(" "),
    430,
  );
}

function publishedPoints(table, rows, target, x) {
  const drawn = rows.filter((row) => x(row) && row.values[target] !== null);
  const labels = [...new Set(drawn.map((row) => row.label))];
  return labels.map((label) => {
    const points = drawn.filter((row) => row.label === label);
    return {
      name: plain(label), isPrinted: true, mode: "markers", x: points.map(x), y: points.map((row) => row.values[target]),
      hoverinfo: "text", hovertext: points.map((row) => `${plain(label)}<br>RMSE ${row.values[target]}${row.length ? `, L=${row.length}` : ""}`),
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
  const room = 0.35 * (high - low);
  const known = Object.entries(table.references).filter(([, scores]) => scores[name] !== undefined);
  const near = known.filter(([, scores]) => scores[name] > low - room && scores[name] < high + room);
  const beyond = known.filter((line) => !near.includes(line)).map(([label, scores]) => `${label} ${shown(scores[name])}`);
  const drawn = near.map(([, scores]) => scores[name]);
  const [bottom, top] = [Math.min(low, ...drawn), Math.max(high, ...drawn)];
  const pad = 0.06 * (top - bottom || 0.1);
  const isUnder = (y) => near.some(([, scores]) => scores[name] > y && scores[name] - y < pad); // its label would hide another
  const isBetween = (y) => isUnder(y) && near.some(([, scores]) => scores[name] < y && y - scores[name] < pad); // no room on the right
  const placed = (y) => (isBetween(y) ? { x: 0, xanchor: "left", yanchor: "bottom" } : { x: 1, xanchor: "right", yanchor: isUnder(y) ? "top" : "bottom" });
  const at = (scores) => ({ xref: "paper", yref: "y", y: scores[name] });
  return [
    [bottom - pad, top + pad],
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
