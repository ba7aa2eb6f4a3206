// Texts inside the page become numbers and code again: the counterpart of compression.py.

const THOUSANDTHS = 1000;

// base64 of a gzip -> bytes
async function inflate(text) {
  const squeezed = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([squeezed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// A series is unpacked once, so that drawing again (on paper, say) need not wait.
const unpacked = new Map();

function series(text) {
  if (!unpacked.has(text)) unpacked.set(text, unpack(text));
  return unpacked.get(text);
}

// four planes of bytes -> zigzag -> differences -> a series
async function unpack(text) {
  const planes = await inflate(text);
  const n = planes.length / 4;
  const values = new Float64Array(n);
  let whole = 0;
  for (let i = 0; i < n; i += 1) {
    const zigzag =
      planes[i] + planes[n + i] * 2 ** 8 + planes[2 * n + i] * 2 ** 16 + planes[3 * n + i] * 2 ** 24;
    whole += zigzag % 2 ? -(zigzag + 1) / 2 : zigzag / 2;
    values[i] = whole / THOUSANDTHS;
  }
  return values;
}

// bytes -> differences modulo 256 -> hundredths: for each target, every rater's curve
async function ratersOf(text, count) {
  const bytes = new Int8Array((await inflate(text)).buffer);
  const n = bytes.length / 2 / count;
  const curve = (start) => {
    const values = bytes.slice(start, start + n);
    for (let i = 1; i < n; i += 1) values[i] += values[i - 1]; // an Int8Array wraps around
    return Array.from(values, (value) => value / 100);
  };
  const side = (first) => Array.from({ length: count }, (_, rater) => curve((first + rater) * n));
  return [side(0), side(count)];
}

// text that an element of the page carries squeezed
async function inflated(id) {
  return new TextDecoder().decode(await inflate(document.getElementById(id).textContent));
}

async function loadPlotly() {
  const script = document.createElement("script");
  script.textContent = await inflated("plotly");
  document.head.append(script);
}
