// A search's trials: RMSE on held-out development songs against size, or against a setting.

views.searches = { begin: fillSearches, chosen: fillAgainst, draw: drawSearches };

function fillSearches(table, searches) {
  fill("searches-search", searches.map((search, place) => [place, search.name]));
  if (searches.length) fillAgainst("searches-search", table, searches);
}

function fillAgainst(id, table, searches) {
  if (id !== "searches-search") return;
  const { settings } = searches[value("searches-search")];
  fill("searches-against", [["parameters", "trainable parameters"], ["number", "trial"], ...Object.keys(settings).map((name) => [`.${name}`, name])]);
}

function drawSearches(table, searches) {
  if (!isDrawn("searches", searches.length > 0)) return;
  const search = searches[value("searches-search")];
  const against = value("searches-against");
  const x = (trial) => (against.startsWith(".") ? trial.values[against.slice(1)] : trial[against]);
  const trials = search.trials.filter((trial) => trial.rmse !== null && x(trial) !== null && x(trial) !== undefined);
  const points = (name, some, marker) => ({
    name, mode: "markers", x: some.map(x), y: some.map((trial) => trial.rmse), marker: { size: 8, ...marker }, hoverinfo: "text",
    hovertext: some.map((trial) => [
      `<b>trial ${trial.number}</b>${trial.isDefault ? ", default configuration" : ""}`, `RMSE ${shown(trial.rmse)}`,
      ...Object.entries(trial.values).map(([name, setting]) => `${plain(name)}: ${plain(String(setting))}`),
    ].join("<br>")),
  });
  const own = { color: colourOf(table, search.model), symbol: symbolOf(table, search.model) };
  const traces = [
    points("pruned or failed", trials.filter((trial) => trial.state !== "done"), { color: ink("--quiet"), symbol: "x-thin-open" }),
    points("trained to the end", trials.filter((trial) => trial.state === "done"), { ...own, opacity: 0.75 }),
  ].filter((trace) => trace.x.length);
  if (against === "parameters") {
    traces.push({
      name: "front", mode: "lines", x: search.front.map(([n]) => n), y: search.front.map(([, rmse]) => rmse),
      line: { shape: "hv", color: ink("--quiet"), width: 1.5 }, hoverinfo: "skip",
    });
  }
  const finalists = search.finalists.filter((row) => row.rmse !== null)
    .map((row) => ({ ...row, number: row.trial, parameters: row.n_parameters, state: "done" }));
  traces.push({
    ...points("finalists: mean over seeds", finalists, { ...own, size: 12, line: { width: 2, color: ink("--text") } }),
    error_y: { array: finalists.map((row) => row.rmse_std ?? 0), thickness: 1.3 },
  });
  const isLog = (against === "parameters" || search.settings[against.slice(1)]) && trials.every((trial) => x(trial) > 0);
  draw(
    "searches-chart", traces,
    { xaxis: axis(told("searches-against"), isLog ? { type: "log", exponentformat: "SI" } : {}), yaxis: axis("RMSE, lower is better") },
    `Trials of search ${search.name}: RMSE on held-out development songs, ${search.folds} folds. A pruned trial has the error where it was stopped, so it is not to be compared. Ringed, with ± one standard deviation: the finalists, trained again with several seeds.`,
    400,
  );
}
