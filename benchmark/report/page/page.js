// Start the page: unpack the charting code, fill the choices, draw, and draw again on every choice.

let tables; // of values; unpacked at the start

function tableShown() {
  return tables[byId("table") ? Number(value("table")) : 0];
}

function fill(id, options) {
  byId(id).replaceChildren(...options.map(([key, text]) => new Option(text, key)));
}

function fillSongs(table) {
  const rows = table.rows.map((row, place) => [place, row.label]).filter(([place]) => table.songs.rows[place]);
  const chosen = rows.find(([place]) => !table.rows[place].isFloor) ?? rows[0];
  fill("songs-row", rows);
  if (!chosen) return;
  byId("songs-row").value = chosen[0];
  fillBeside(table);
}

// What the chosen row can be compared with: not with itself.
function fillBeside(table) {
  const others = table.rows.map((row, place) => [place, row.label]);
  const curved = others.filter(([place]) => table.songs.rows[place]?.curves && place !== Number(value("songs-row")));
  fill("songs-beside", [["none", "nothing"], ...(curved.length > 1 ? [["all", "all models"]] : []), ...curved]);
}

function fillLearning(table) {
  const rows = table.rows.map((row, place) => [place, row.label]).filter(([place]) => table.learning[place].length);
  fill("learning-row", [["all", "all together"], ...rows]);
  fillNetworks(table);
}

function fillNetworks(table) {
  const row = value("learning-row");
  const networks = row === "all" ? [] : table.learning[Number(row)];
  fill("learning-network", networks.map((one, place) => [place, one.network]));
  byId("learning-network").closest("label").hidden = networks.length < 2;
}

function showSongs(table) {
  if (!areSongsShown(table)) return;
  listSongs(table);
  drawSong(table);
}

function showAll() {
  const table = tableShown();
  drawTradeoff(table);
  showSongs(table);
  drawLengths(table);
  drawRepetitions(table);
  drawLearning(table);
}

function takeTable() {
  const table = tableShown();
  fillSongs(table);
  fillLearning(table);
  song = 0;
  showAll();
  if (table.songs.ids.length) step(table, "worst");
}

function listen() {
  const on = (ids, draws) => ids.forEach((id) => byId(id).addEventListener("change", () => draws(tableShown())));
  on(["tradeoff-cost", "tradeoff-score", "tradeoff-convention", "tradeoff-bars"], drawTradeoff);
  on(["songs-row"], (table) => { fillBeside(table); showSongs(table); });
  on(["songs-order"], showSongs);
  on(["songs-beside", "songs-raters"], drawSong);
  on(["lengths-score", "lengths-convention"], drawLengths);
  on(["repetitions-score", "repetitions-convention"], drawRepetitions);
  on(["learning-row"], (table) => { fillNetworks(table); drawLearning(table); });
  on(["learning-network"], drawLearning);
  if (byId("table")) byId("table").addEventListener("change", takeTable);
  const steps = { "songs-worst": "worst", "songs-previous": -1, "songs-next": 1, "songs-best": "best" };
  for (const [id, by] of Object.entries(steps)) byId(id).addEventListener("click", () => step(tableShown(), by));
  byId("copy").addEventListener("click", copyCommands);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showAll);
  matchMedia("print").addEventListener("change", (event) => onPaper(event.matches));
  addEventListener("beforeprint", () => onPaper(true));
  addEventListener("afterprint", () => onPaper(false));
  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth !== width && !isPaper()) showAll();
    hintAtScrolling();
    width = innerWidth;
  });
}

// On paper the colours are those of a light screen and the charts as wide as the page.
function onPaper(is) {
  if (is === isPaper()) return;
  document.documentElement.classList.toggle("paper", is);
  showAll();
}

async function copyCommands() {
  try {
    await navigator.clipboard.writeText(byId("commands").textContent);
    byId("copied").textContent = "Copied.";
  } catch {
    getSelection().selectAllChildren(byId("commands"));
    byId("copied").textContent = "Selected; copy with your keyboard.";
  }
}

// Say where a table is wider than its place.
function hintAtScrolling() {
  for (const one of document.querySelectorAll(".wide")) one.classList.toggle("scrolls", one.scrollWidth > one.clientWidth + 1);
}

async function start() {
  await loadPlotly();
  tables = JSON.parse(await inflated("data"));
  for (const one of document.querySelectorAll(".controls, .songs")) one.hidden = false;
  for (const one of document.querySelectorAll(".still, .needs-script")) one.hidden = true;
  byId("state").hidden = true;
  hintAtScrolling();
  takeTable();
  listen();
  document.documentElement.dataset.ready = "yes";
}

if (typeof DecompressionStream !== "undefined") start();
