// Scores against the sequence length.

views.lengths = { draw: drawLengths };

function drawLengths(table) {
  const { name, heading, target, isPrinted, axis: title, described } = scoreOf("lengths", table);
  const rows = table.rows.filter((row) => row.length !== null && hasScore(row, name));
  const lines = [...new Set(rows.map((row) => row.line))]
    .map((line) => rows.filter((row) => row.line === line).sort((a, b) => a.length - b.length))
    .filter((line) => line.length > 1);
  if (!isDrawn("lengths", lines.length > 0)) return;
  const models = new Set(lines.map((line) => line[0].model));
  const traces = lines.map((line, place) => ({
    name: plain(line[0].line), mode: "lines+markers", x: line.map((row) => row.length), y: line.map((row) => row.scores[name]),
    error_y: { array: line.map((row) => row.spreads[name] ?? 0), thickness: 1.3 },
    hoverinfo: "text", hovertext: line.map((row) => `<b>${plain(row.label)}</b><br>${plain(heading)} ${shown(row.scores[name])} ± ${shown(row.spreads[name])}`),
    line: { color: colourOf(table, line[0].model), dash: DASHES[place % DASHES.length] },
    marker: { size: 10, symbol: symbolOf(table, line[0].model) },
  }));
  const printed = table.published.filter((row) => isPrinted && models.has(row.model) && row.length && row.values[target] !== null);
  for (const label of new Set(printed.map((row) => row.label))) {
    const points = printed.filter((row) => row.label === label).sort((a, b) => a.length - b.length);
    if (points.length > 1) {
      traces.push({
        name: plain(label), mode: "lines+markers", x: points.map((row) => row.length), y: points.map((row) => row.values[target]),
        hoverinfo: "text", hovertext: points.map((row) => `${plain(label)}, L=${row.length}<br>RMSE ${row.values[target]}`),
        line: { color: colourOf(table, points[0].model), dash: "dot", width: 1 },
        marker: { symbol: points[0].symbol, size: 10, line: { width: 2, color: colourOf(table, points[0].model) } },
      });
    }
  }
  const ticks = [...new Set(traces.flatMap((trace) => trace.x))].sort((a, b) => a - b);
  const floors = table.rows.filter((row) => row.isFloor && hasScore(row, name));
  const ends = [ticks[0], ticks.at(-1)];
  floors.forEach((row) => traces.push({
    name: plain(row.label), mode: "lines", x: ends, y: ends.map(() => row.scores[name]), hoverinfo: "text",
    hovertext: `${plain(row.label)}: ${plain(heading)} ${shown(row.scores[name])}`, line: { color: colourOf(table, row.model), dash: "dash", width: 1.2 },
  }));
  draw(
    "lengths-chart", traces,
    { xaxis: axis("frames per sequence", { tickvals: ticks }), yaxis: axis(title) },
    `${described}, against the sequence length a model was trained with, two frames a second. Bars: ± one standard deviation over repetitions; all lengths are scored on the same songs. Dashed without points: floor rows, which cut no sequences.${printed.length ? " Thin marks: published by others." : ""}`,
    360,
  );
}
