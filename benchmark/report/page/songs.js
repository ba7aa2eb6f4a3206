// The judged songs: a list and a scatter to choose from, and the chosen song's curves.

const TARGETS = ["valence", "arousal"];
const SMALLEST_REACH = 0.6; // of an axis of emotion, so that noise does not fill the chart
let song = 0; // index of the chosen song
let drawing = 0; // counts the drawings begun; one that waited ends where a later one has begun

const average = (row, place) => (row.valence[place] + row.arousal[place]) / 2;
const seconds = (songs, place) => Math.round(songs.nFrames[place] * songs.frameSeconds);

function ordered(songs, row) {
  const places = songs.ids.map((_, place) => place);
  const order = value("songs-order");
  if (order === "dataset") return places;
  const sign = order === "worst" ? -1 : 1;
  return places.sort((a, b) => sign * (average(row, a) - average(row, b)));
}

// Show songs with their choices and buttons, or the sentence that says why there are none.
function areSongsShown(table) {
  const are = table.songs.ids.length > 0;
  for (const one of byId("songs").querySelectorAll(".controls, .songs, #songs-chosen")) one.hidden = !are;
  for (const one of byId("songs").querySelectorAll(".controls button")) one.disabled = !are;
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
function listSongs(table) {
  const { songs } = table;
  const row = songs.rows[Number(value("songs-row"))];
  const lines = ordered(songs, row).map((place) => {
    const line = document.createElement("tr");
    line.dataset.song = place;
    const head = document.createElement("th");
    head.scope = "row";
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = songs.ids[place];
    button.addEventListener("click", () => chooseSong(table, place));
    head.append(button);
    const numbers = [seconds(songs, place), ...[row.valence[place], row.arousal[place], average(row, place)].map(shown)];
    line.append(head, ...numbers.map((number) => Object.assign(document.createElement("td"), { textContent: number })));
    return line;
  });
  byId("songs-list").replaceChildren(...lines);
  hintAtScrolling();
}

function chooseSong(table, place) {
  song = place;
  drawSong(table);
}

// The song so many lines below the chosen one in the list's order, or at one of its ends.
function step(table, by) {
  const { songs } = table;
  const row = songs.rows[Number(value("songs-row"))];
  const places = ordered(songs, row);
  const sorted = [...places].sort((a, b) => average(row, b) - average(row, a));
  if (by === "worst") chooseSong(table, sorted[0]);
  else if (by === "best") chooseSong(table, sorted.at(-1));
  else chooseSong(table, places[(places.indexOf(song) + by + places.length) % places.length]);
  const line = byId("songs-list").querySelector(".chosen");
  const list = line.closest(".list");
  list.scrollTop = line.offsetTop - list.clientHeight / 2;
}

function drawScatter(table) {
  const { songs } = table;
  const place = Number(value("songs-row"));
  const row = songs.rows[place];
  const model = table.rows[place];
  const top = 1.06 * Math.max(...row.valence, ...row.arousal);
  const isChosen = songs.ids.map((_, at) => at === song);
  const plot = draw(
    "songs-scatter",
    [{
      mode: "markers", x: row.valence, y: row.arousal, hoverinfo: "text",
      hovertext: songs.ids.map((id, at) => `<b>${plain(id)}</b><br>valence ${shown(row.valence[at])}, arousal ${shown(row.arousal[at])}`),
      marker: {
        color: colourOf(table, model.model), size: isChosen.map((is) => (is ? 15 : 9)), opacity: 0.85,
        line: { color: ink("--text"), width: isChosen.map((is) => (is ? 3 : 0)) },
      },
    }],
    { xaxis: axis("RMSE of valence", { range: [0, top] }), yaxis: axis("RMSE of arousal", { range: [0, top] }) },
    `One point per song: RMSE of ${model.label}, mean over repetitions. The ringed song's curves are below. Click or tap a point to choose a song; the list does the same.`,
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
  const parts = await Promise.all(row.curves.series.map(series));
  return TARGETS.map((_, side) => {
    const [mean, below, above] = parts.slice(3 * side, 3 * side + 3).map((one) => Array.from(one.slice(first, last)));
    return { median: mean, low: mean.map((one, i) => one - below[i]), high: mean.map((one, i) => one + above[i]) };
  });
}

async function drawSong(table) {
  const own = (drawing += 1);
  const { songs } = table;
  const place = Number(value("songs-row"));
  const row = songs.rows[place];
  for (const line of byId("songs-list").children) {
    const is = Number(line.dataset.song) === song;
    line.classList.toggle("chosen", is);
    line.querySelector("button").setAttribute("aria-pressed", is);
  }
  drawScatter(table);
  byId("songs-chosen").textContent = `Song ${songs.ids[song]}: RMSE ${shown(row.valence[song])} valence, ${shown(row.arousal[song])} arousal`;
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
    Promise.all(songs.truth.map(series)), heard(table, place, frames),
    areShown ? ratersOf(songs.raters.curves[song], nRaters) : [],
  ]);
  if (own !== drawing) return;
  const [times, ...truth] = annotated.map((one) => Array.from(one.slice(...frames)));
  const traces = raters.map((curves, side) => onSide(ratersTrace(times, curves, `${nRaters} raters`), side));
  for (const [label, model, curves, isMain] of rows) {
    curves.forEach((curve, side) => {
      const colour = colourOf(table, model.model);
      const dash = isMain ? "solid" : DASHES[1 + (placeOfLength(table, model.length) % (DASHES.length - 1))];
      const drawn = isMain ? band(times, curve, colour, dash, label) : band(times, curve, colour, dash, label).slice(2);
      traces.push(...drawn.map((trace) => onSide(trace, side)));
    });
  }
  truth.forEach((one, side) => traces.push(onSide({
    name: "annotated", mode: "lines", x: times, y: one, line: { color: ink("--truth"), width: 2.5 }, hoverinfo: "x+y+name",
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
async function heard(table, chosen, frames) {
  const beside = value("songs-beside");
  const others = table.rows.map((_, place) => place).filter((place) => place !== chosen && table.songs.rows[place]?.curves);
  const places = beside === "none" ? [] : beside === "all" ? others : others.filter((place) => place === Number(beside));
  return Promise.all([chosen, ...places].map(async (place) => [
    plain(table.rows[place].label), table.rows[place], await curvesOf(table.songs.rows[place], frames), place === chosen,
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
    `Song ${table.songs.ids[song]}, valence above, arousal below, on [-1, 1], against seconds from the start of the recording. Annotated: the dataset's own values. ${table.rows[place].label}: mean over repetitions, band from the lowest to the highest; it is no interval for the truth. ${more}`.trim(),
    430,
  );
}
