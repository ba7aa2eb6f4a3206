// One point for every repetition.

views.repetitions = { draw: drawRepetitions };

function drawRepetitions(table) {
  const { name, heading, axis: title, described } = scoreOf("repetitions", table);
  const rows = table.rows.filter((row) => row.repetitions.some((cell) => hasScore(cell, name))).reverse();
  if (!isDrawn("repetitions", rows.length > 0)) return;
  const width = isPaper() ? PAPER_WIDTH : byId("repetitions").clientWidth;
  const labels = rows.map((row) => wrapped(row.label, width < 500 ? 16 : 48));
  const points = rows.map((row, place) => ({
    mode: "markers", showlegend: false, x: row.repetitions.map((cell) => cell.scores[name]), y: row.repetitions.map(() => place),
    hoverinfo: "text",
    hovertext: row.repetitions.map((cell) => `<b>${plain(row.label)}</b><br>repetition ${cell.number}, base seed ${cell.seed}<br>${plain(heading)} ${shown(cell.scores[name])}`),
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
      xaxis: axis(title),
      yaxis: axis("", { tickfont: { size: 12 }, tickvals: rows.map((_, place) => place), ticktext: labels, range: [-0.6, rows.length - 0.4] }),
    },
    `${described}: one point per repetition (other first weights, batch orders and held-out songs), a bar at the mean of complete rows. Models that draw nothing at random are run once.`,
    70 + rows.length * Math.max(30, 8 + 16 * nLines),
  );
}
