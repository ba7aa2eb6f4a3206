// The songs that scored: a list and a scatter to choose from, and the chosen song's curves.

const TARGETS = ["valence", "arousal"];
const SMALLEST_REACH = 0.6; // of an axis of emotion, so that noise does not fill the chart
let song = 0; // index of the chosen song
let drawing = 0; // counts the drawings begun; one that waited ends where a later one has begun

views.songs = { begin: beginSongs, chosen: onChoice, draw: showSongs };

const seconds = (songs, place) => Math.round(songs.nFrames[place] * songs.frameSeconds);
const chosenRow = () => Number(value("songs-row"));
const chosenMetric = (table) => metricOf("songs", table);
const scoresOf = (table, songs) => songs.rows[chosenRow()].scores[value("songs-metric")];
const both = (scores, place) => TARGETS.map((target) => scores[target][place]);

function average(scores, place) {
  const values = both(scores, place);
  return values.includes(null) ? null : (values[0] + values[1]) / 2;
}

// Songs without a score, as of a correlation with what does not change, come last.
function sorted(table, songs, order) {
  const places = songs.ids.map((_, place) => place);
  if (order === "dataset") return places;
  const scores = scoresOf(table, songs);
  const sign = (order === "best") === (chosenMetric(table).better === "lower") ? 1 : -1;
  const key = (place) => average(scores, place) ?? sign * Infinity;
  return places.sort((a, b) => (key(a) === key(b) ? 0 : sign * (key(a) - key(b))));
}

function beginSongs(table, songs) {
  const rows = table.rows.map((row, place) => [place, row.label]).filter(([place]) => songs.rows[place]);
  fill("songs-row", rows);
  if (!rows.length) return;
  byId("songs-row").value = (rows.find(([place]) => !table.rows[place].isFloor) ?? rows[0])[0];
  onChoice("songs-row", table, songs);
  song = sorted(table, songs, "worst")[0];
  if (byId("songs").dataset.listens) return;
  byId("songs").dataset.listens = "yes";
  const steps = { "songs-worst": "worst", "songs-previous": -1, "songs-next": 1, "songs-best": "best" };
  for (const [id, by] of Object.entries(steps)) byId(id).addEventListener("click", () => step(tableShown(), by));
}

// What the chosen row can be compared with, not with itself, and the metrics that it has.
function onChoice(id, table, songs) {
  if (id !== "songs-row") return;
  const others = table.rows.map((row, place) => [place, row.label]);
  const curved = others.filter(([place]) => songs.rows[place]?.curves && place !== chosenRow());
  fill("songs-beside", [["none", "nothing"], ...(curved.length > 1 ? [["all", "all models"]] : []), ...curved]);
  const { scores } = songs.rows[chosenRow()];
  fill("songs-metric", table.metrics.filter((metric) => metric.name in scores).map((metric) => [metric.name, metric.heading]));
}

function showSongs(table, songs) {
  if (!areSongsShown(songs)) return;
  listSongs(table, songs);
  drawSong(table, songs);
  const line = byId("songs-list").querySelector(".chosen");
  const list = line.closest(".list");
  list.scrollTop = line.offsetTop - list.clientHeight / 2;
}

// Show songs with their choices and buttons, or the sentence that says why there are none.
function areSongsShown(songs) {
  const are = songs.ids.length > 0;
  for (const part of byId("songs").querySelectorAll(".controls, .songs, #songs-chosen")) part.hidden = !are;
  for (const button of byId("songs").querySelectorAll(".controls button")) button.disabled = !are;
  byId("songs-none").hidden = are;
  if (are) return true;
  drawing += 1;
  byId("songs-list").replaceChildren();
  byId("songs-chosen").textContent = "";
  byId("songs-why").hidden = true;
  byId("songs-curves").parentElement.hidden = true;
  return false;
}

// Fill the list; its buttons choose a song.
function listSongs(table, songs) {
  const scores = scoresOf(table, songs);
  byId("songs-caption").textContent = `Songs, mean ${chosenMetric(table).heading} over repetitions`;
  const lines = sorted(table, songs, value("songs-order")).map((place) => {
    const line = document.createElement("tr");
    line.dataset.song = place;
    const head = document.createElement("th");
    head.scope = "row";
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = songs.ids[place];
    button.addEventListener("click", () => chooseSong(table, place));
    head.append(button);
    const numbers = [seconds(songs, place), ...[...both(scores, place), average(scores, place)].map(shown)];
    line.append(head, ...numbers.map((number) => Object.assign(document.createElement("td"), { textContent: number })));
    return line;
  });
  byId("songs-list").replaceChildren(...lines);
  hintAtScrolling();
}

function chooseSong(table, place) {
  song = place;
  drawSong(table, table.views.songs);
}

// The song so many lines below the chosen one in the list's order, or at one of its ends.
function step(table, by) {
  const { songs } = table.views;
  const places = sorted(table, songs, value("songs-order"));
  song = typeof by === "number"
    ? places[(places.indexOf(song) + by + places.length) % places.length]
    : sorted(table, songs, by)[0];
  showSongs(table, songs);
}

function drawScatter(table, songs) {
  const scores = scoresOf(table, songs);
  const { heading, better } = chosenMetric(table);
  const model = table.rows[chosenRow()];
  // an error begins at 0; other scores have no end in common
  const range = better === "lower" ? { range: [0, 1.06 * Math.max(...scores.valence, ...scores.arousal)] } : {};
  const isChosen = songs.ids.map((_, at) => at === song);
  const plot = draw(
    "songs-scatter",
    [{
      mode: "markers", x: scores.valence, y: scores.arousal, hoverinfo: "text",
      hovertext: songs.ids.map((id, at) => `<b>${plain(id)}</b><br>valence ${shown(scores.valence[at])}, arousal ${shown(scores.arousal[at])}`),
      marker: {
        color: colourOf(table, model.model), size: isChosen.map((is) => (is ? 15 : 9)), opacity: 0.85,
        line: { color: ink("--text"), width: isChosen.map((is) => (is ? 3 : 0)) },
      },
    }],
    { xaxis: axis(`${heading} of valence`, range), yaxis: axis(`${heading} of arousal`, range) },
    `One point per song: ${heading} of ${model.label}, mean over repetitions. The ringed song's curves are below. Click or tap a point to choose a song; the list does the same.`,
    400,
  );
  if (!plot.dataset.listens) {
    plot.dataset.listens = "yes";
    plot.on("plotly_click", (event) => chooseSong(tableShown(), event.points[0].pointIndex));
  }
}

// Where a song's frames lie in the long series of all songs.
function framesOf(songs) {
  const first = songs.nFrames.slice(0, song).reduce((sum, n) => sum + n, 0);
  return [first, first + songs.nFrames[song]];
}

async function curvesOf(row, [first, last]) {
  const lines = await Promise.all(row.curves.series.map(series));
  return TARGETS.map((_, side) => {
    const [mean, below, above] = lines.slice(3 * side, 3 * side + 3).map((line) => Array.from(line.slice(first, last)));
    return { median: mean, low: mean.map((y, i) => y - below[i]), high: mean.map((y, i) => y + above[i]) };
  });
}

async function drawSong(table, songs) {
  const own = (drawing += 1);
  const place = chosenRow();
  const row = songs.rows[place];
  for (const line of byId("songs-list").children) {
    const is = Number(line.dataset.song) === song;
    line.classList.toggle("chosen", is);
    line.querySelector("button").setAttribute("aria-pressed", is);
  }
  drawScatter(table, songs);
  const [valence, arousal] = both(scoresOf(table, songs), song).map(shown);
  byId("songs-chosen").textContent = `Song ${songs.ids[song]}: ${chosenMetric(table).heading} ${valence} valence, ${arousal} arousal`;
  const why = songs.why || (row.curves ? "" : "No curves for this row: its predictions are not in this results folder, or were left out to keep the page small.");
  byId("songs-why").textContent = why;
  byId("songs-why").hidden = !why;
  byId("songs-beside").disabled = Boolean(why);
  const nRaters = why ? 0 : (songs.raters?.counts[song] ?? 0);
  byId("songs-raters").parentElement.hidden = !nRaters;
  byId("songs-raters-count").textContent = `${nRaters} raters`;
  byId("songs-curves").parentElement.hidden = Boolean(why);
  if (why) return;
  const frames = framesOf(songs);
  const areShown = nRaters > 0 && byId("songs-raters").checked;
  const [annotated, rows, raters] = await Promise.all([
    Promise.all(songs.truth.map(series)), curvesShown(table, place, frames),
    areShown ? ratersOf(songs.raters.curves[song], nRaters) : [],
  ]);
  if (own !== drawing) return;
  const [times, ...truth] = annotated.map((line) => Array.from(line.slice(...frames)));
  const traces = raters.map((curves, side) => onSide(ratersTrace(times, curves, `${nRaters} raters`), side));
  for (const [label, model, curves, isMain] of rows) {
    curves.forEach((curve, side) => {
      const colour = colourOf(table, model.model);
      const dash = isMain ? "solid" : DASHES[1 + (placeOfLength(table, model.length) % (DASHES.length - 1))];
      const drawn = isMain ? band(times, curve, colour, dash, label) : band(times, curve, colour, dash, label).slice(2);
      traces.push(...drawn.map((trace) => onSide(trace, side)));
    });
  }
  truth.forEach((curve, side) => traces.push(onSide({
    name: "annotated", mode: "lines", x: times, y: curve, line: { color: ink("--truth"), width: 2.5 }, hoverinfo: "x+y+name",
  }, side)));
  drawSides(table, traces, place, areShown ? `Thin grey lines: its ${nRaters} raters.` : songs.ratersWhy);
}

// All raters of a song as one trace: a gap parts one curve from the next.
function ratersTrace(times, curves, name) {
  return {
    name, mode: "lines", x: curves.flatMap(() => [...times, null]), y: curves.flatMap((curve) => [...curve, null]),
    line: { color: faint(ink("--quiet"), 0.45), width: 1 }, hoverinfo: "skip", connectgaps: false,
  };
}

// The chosen row and those beside it: [label, row, curves of both targets, is it the chosen one]
async function curvesShown(table, chosen, frames) {
  const { songs } = table.views;
  const beside = value("songs-beside");
  const others = table.rows.map((_, place) => place).filter((place) => place !== chosen && songs.rows[place]?.curves);
  const places = beside === "none" ? [] : beside === "all" ? others : others.filter((place) => place === Number(beside));
  return Promise.all([chosen, ...places].map(async (place) => [
    plain(table.rows[place].label), table.rows[place], await curvesOf(songs.rows[place], frames), place === chosen,
  ]));
}

// Put a trace on the panel of its target; the legend names it once.
function onSide(trace, side) {
  const isNamed = side === 0 && trace.showlegend !== false;
  return { ...trace, xaxis: "x", yaxis: side ? "y2" : "y", legendgroup: trace.name, showlegend: isNamed };
}

function drawSides(table, traces, place, more) {
  const all = traces.flatMap((trace) => trace.y).filter((y) => y !== null);
  const least = all.reduce((a, b) => Math.min(a, b), Infinity); // too many for arguments of one call
  const most = all.reduce((a, b) => Math.max(a, b), -Infinity);
  let [low, high] = [Math.floor(5 * least) / 5, Math.ceil(5 * most) / 5];
  const lack = Math.max(0, SMALLEST_REACH - (high - low)) / 2;
  [low, high] = [low - lack, high + lack];
  draw(
    "songs-curves", traces,
    {
      hovermode: "x",
      xaxis: axis("seconds", { anchor: "y2" }),
      yaxis: axis("valence", { domain: [0.53, 1], range: [low, high] }),
      yaxis2: axis("arousal", { domain: [0, 0.47], range: [low, high] }),
    },
    `Song ${table.views.songs.ids[song]}, valence above, arousal below, on [-1, 1], against seconds from the start of the recording. Annotated: the dataset's own values. ${table.rows[place].label}: mean over repetitions, band from the lowest to the highest; it is no interval for the truth. ${more}`.trim(),
    430,
  );
}
