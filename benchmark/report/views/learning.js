// What training looked like: error per epoch.

// Whole epochs, however few there are.
function epochAxis(nEpochs) {
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500].find((size) => nEpochs / size <= 10) ?? 1000;
  return axis("epoch", { tick0: 0, dtick: step });
}

const epochs = (values) => values.map((_, place) => place + 1);

views.learning = { begin: fillRows, chosen: fillNetworks, draw: drawLearning };

function fillRows(table, learning) {
  const rows = table.rows.map((row, place) => [place, row.label]).filter(([place]) => learning[place].length);
  fill("learning-row", [["all", "all together"], ...rows]);
  fillNetworks("learning-row", table, learning);
}

function fillNetworks(id, table, learning) {
  if (id !== "learning-row") return;
  const row = value("learning-row");
  fill("learning-network", row === "all" ? [] : learning[row].map((curves, place) => [place, curves.network]));
}

function drawLearning(table, learning) {
  if (!isDrawn("learning", learning.some((networks) => networks.length))) return;
  const chosen = value("learning-row");
  const y = axis("RMSE, lower is better");
  if (chosen === "all") {
    const places = table.compared.length ? table.compared : table.rows.map((_, place) => place);
    const rows = places.map((place) => [table.rows[place], learning[place][0]]).filter(([, curves]) => curves?.validation.median.length);
    const traces = rows.map(([row, curves]) => ({
      name: plain(row.label), mode: "lines", x: epochs(curves.validation.median), y: curves.validation.median, hoverinfo: "x+y+name",
      line: { color: colourOf(table, row.model), dash: DASHES[placeOfLength(table, row.length) % DASHES.length] },
    }));
    draw("learning-chart", traces, { xaxis: epochAxis(Math.max(...traces.map((trace) => trace.x.length))), yaxis: y },
      `RMSE on the held-out development songs that training stops on: median over repetitions and networks, drawn while at least half of them still train.${places.length < table.rows.length ? " Rows that are incomplete or change another one are not here; choose them one by one." : ""}`, 360);
    return;
  }
  const row = table.rows[Number(chosen)];
  const curves = learning[chosen][value("learning-network")];
  const colour = colourOf(table, row.model);
  const traces = [
    ...band(epochs(curves.validation.median), curves.validation, colour, "solid", "songs it stops on"),
    ...band(epochs(curves.training.median), curves.training, ink("--quiet"), "dot", "songs it learns from"),
  ];
  draw("learning-chart", traces, { xaxis: epochAxis(curves.validation.median.length), yaxis: y },
    `${row.label}, ${curves.network}: median over ${curves.n} curves, band from the lowest to the highest, drawn while at least half of them still train. Epoch kept: ${curves.best} (median). Training error is measured with dropout on.`, 360);
}
