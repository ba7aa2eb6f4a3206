// Start the page: unpack the charting code, fill the choices, draw, and draw again on every choice.

let tables; // of values; unpacked at the start

function tableShown() {
  return tables[byId("table") ? Number(value("table")) : 0];
}

const valuesOf = (name) => [tableShown(), tableShown().views[name]];
const show = (name) => views[name].draw(...valuesOf(name));

function showAll() {
  Object.keys(views).forEach(show);
}

function takeTable() {
  for (const [name, view] of Object.entries(views)) {
    fillMetrics(name, tableShown());
    view.begin?.(...valuesOf(name));
  }
  showAll();
}

// Draw a view again where one of its choices changed.
function listenTo(name, view) {
  for (const choice of byId(name).querySelectorAll("select, input")) {
    choice.addEventListener("change", () => {
      if (choice.id === `${name}-metric`) fillConventions(name, tableShown());
      view.chosen?.(choice.id, ...valuesOf(name));
      show(name);
    });
  }
}

function listen() {
  Object.entries(views).forEach(([name, view]) => listenTo(name, view));
  if (byId("table")) byId("table").addEventListener("change", takeTable);
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
  for (const box of document.querySelectorAll(".wide")) box.classList.toggle("scrolls", box.scrollWidth > box.clientWidth + 1);
}

async function start() {
  await loadPlotly();
  tables = JSON.parse(await inflated("data"));
  for (const choice of document.querySelectorAll(".controls, .songs")) choice.hidden = false;
  for (const still of document.querySelectorAll(".still, .needs-script")) still.hidden = true;
  byId("state").hidden = true;
  hintAtScrolling();
  takeTable();
  listen();
  document.documentElement.dataset.ready = "yes";
}

if (typeof DecompressionStream !== "undefined") start();
