// Curves over time: a median or mean with its band, and what training looked like.

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

// Whole epochs, however few there are.
function epochAxis(nEpochs) {
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500].find((one) => nEpochs / one <= 10) ?? 1000;
  return axis("epoch", { tick0: 0, dtick: step });
}

const epochs = (values) => values.map((_, place) => place + 1);

function drawLearning(table) {
  if (!isDrawn("learning", table.learning.some((one) => one.length))) return;
  const chosen = value("learning-row");
  const y = axis("RMSE, lower is better");
  if (chosen === "all") {
    const places = table.compared.length ? table.compared : table.rows.map((_, place) => place);
    const rows = places.map((place) => [table.rows[place], table.learning[place][0]]).filter(([, one]) => one?.validation.median.length);
    const traces = rows.map(([row, one]) => ({
      name: plain(row.label), mode: "lines", x: epochs(one.validation.median), y: one.validation.median, hoverinfo: "x+y+name",
      line: { color: colourOf(table, row.model), dash: DASHES[placeOfLength(table, row.length) % DASHES.length] },
    }));
    draw("learning-chart", traces, { xaxis: epochAxis(Math.max(...traces.map((trace) => trace.x.length))), yaxis: y },
      `RMSE on the held-out development songs that training stops on: median over repetitions and networks, drawn while at least half of them still train.${places.length < table.rows.length ? " Rows that are incomplete or change another one are not here; choose them one by one." : ""}`, 360);
    return;
  }
  const row = table.rows[Number(chosen)];
  const one = table.learning[Number(chosen)][Number(value("learning-network"))];
  const colour = colourOf(table, row.model);
  const traces = [
    ...band(epochs(one.validation.median), one.validation, colour, "solid", "songs it stops on"),
    ...band(epochs(one.training.median), one.training, ink("--quiet"), "dot", "songs it learns from"),
  ];
  draw("learning-chart", traces, { xaxis: epochAxis(one.validation.median.length), yaxis: y },
    `${row.label}, ${one.network}: median over ${one.n} curves, band from the lowest to the highest, drawn while at least half of them still train. Epoch kept: ${one.best} (median). Training error is measured with dropout on.`, 360);
}
