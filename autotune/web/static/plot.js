// Pareto plots: the data of autotune/report/figure.py drawn by Plotly, in the colours of the sheet, updated in place.
const SYMBOLS = ["circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "pentagon", "hexagon"];
const COLOURS = 7;

const tone = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
// Plotly reads a little HTML in its texts; ours are plain.
const plain = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

// The colours as they are in this theme: a canvas resolves light-dark() and whatever else the sheet says.
function resolved(name) {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

function palette() {
  const series = Array.from({ length: COLOURS }, (_, index) => resolved(`--mark-${index}`));
  return { series, text: resolved("--text"), soft: resolved("--soft"), line: resolved("--line"), ground: resolved("--ground") };
}

function traces(figure, look, withPredictions) {
  const drawn = [];
  if (figure.edge.length > 1) {
    drawn.push({
      type: "scatter", mode: "lines", name: "edge of these two axes", hoverinfo: "skip",
      x: figure.edge.map((at) => at[0]), y: figure.edge.map((at) => at[1]),
      line: { color: look.text, width: 1.3, dash: "dash", shape: figure.x.maximise === figure.y.maximise ? "vh" : "hv" },
    });
  }
  for (const one of figure.series) {
    const colour = look.series[one.index % COLOURS];
    const symbol = SYMBOLS[one.index % SYMBOLS.length];
    const foretold = withPredictions ? one.marks.filter((mark) => mark.predicted) : [];
    if (foretold.length) {
      const links = { x: [], y: [] };
      for (const mark of foretold) {
        links.x.push(mark.predicted[0], mark.x, null);
        links.y.push(mark.predicted[1], mark.y, null);
      }
      drawn.push({ type: "scatter", mode: "lines", ...links, hoverinfo: "skip", showlegend: false, line: { color: colour, width: 1, dash: "dot" } });
      drawn.push({
        type: "scatter", mode: "markers", showlegend: false,
        x: foretold.map((mark) => mark.predicted[0]), y: foretold.map((mark) => mark.predicted[1]),
        text: foretold.map((mark) => `predicted: ${plain(mark.text[0])}`), hovertemplate: "%{text}<extra></extra>",
        marker: { symbol: `${symbol}-open`, size: 9, color: colour, opacity: 0.8 },
      });
    }
    drawn.push({
      type: "scatter", mode: "markers", name: plain(one.name) || "points", showlegend: Boolean(one.name),
      x: one.marks.map((mark) => mark.x), y: one.marks.map((mark) => mark.y),
      text: one.marks.map((mark) => mark.text.map(plain).join("<br>") + (mark.pick ? `<br>picked: ${plain(mark.pick)}` : "")),
      hovertemplate: "%{text}<extra></extra>",
      marker: {
        symbol, color: colour, size: one.marks.map((mark) => (mark.frontier ? 12 : 9)),
        opacity: one.marks.map((mark) => (mark.ranked ? 1 : 0.3)),
        line: { color: one.marks.map((mark) => (mark.frontier ? look.text : colour)), width: one.marks.map((mark) => (mark.frontier ? 2 : 0.5)) },
      },
    });
  }
  const picked = figure.series.flatMap((one) => one.marks).filter((mark) => mark.pick);
  if (picked.length) {
    drawn.push({
      type: "scatter", mode: "markers+text", name: "to choose", hoverinfo: "skip", showlegend: false,
      x: picked.map((mark) => mark.x), y: picked.map((mark) => mark.y), text: picked.map((mark) => plain(mark.pick)),
      textposition: "top center", cliponaxis: false, textfont: { color: look.text, size: 12 },
      marker: { symbol: "circle-open", size: 20, color: look.text, line: { width: 1.5 } },
    });
  }
  return drawn;
}

function axis(data, look) {
  return {
    title: { text: plain(data.title), standoff: 8 }, type: data.log ? "log" : "linear", rangemode: data.log ? "normal" : "tozero",
    gridcolor: look.line, zerolinecolor: look.line, linecolor: look.soft, tickcolor: look.line, automargin: true,
    ...(data.log ? { dtick: "D2", exponentformat: "none", tickformat: "~r" } : {}),
  };
}

function layout(figure, look, width) {
  const rules = [
    ...figure.x.rules.map((rule) => ({ type: "line", xref: "x", yref: "paper", x0: rule.at, x1: rule.at, y0: 0, y1: 1, label: rule.label })),
    ...figure.y.rules.map((rule) => ({ type: "line", xref: "paper", yref: "y", x0: 0, x1: 1, y0: rule.at, y1: rule.at, label: rule.label })),
  ];
  const narrow = width < 560;
  const legend = narrow || figure.series.length > 8 ? { orientation: "h", y: -0.22, yanchor: "top" } : { y: 1, yanchor: "top" };
  return {
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { color: look.text, family: "system-ui, sans-serif", size: 12 },
    margin: { l: 56, r: 12, t: 12, b: 48 }, hovermode: "closest", hoverlabel: { bgcolor: look.ground, font: { color: look.text }, align: "left" },
    xaxis: axis(figure.x, look), yaxis: axis(figure.y, look), showlegend: figure.series.some((one) => one.name), legend,
    shapes: rules.map(({ label, ...shape }) => ({ ...shape, line: { color: look.soft, width: 1.2, dash: "longdash" }, label: { text: plain(label), font: { color: look.soft, size: 11 } } })),
    uirevision: "kept",
  };
}

// Plotly, fetched when it is first needed. It makes <style> elements, which our content security policy refuses: its rules go
// into sheets without an element instead, and the sheet of its maps, which are not used here, goes nowhere.
let loading;
function plotly() {
  loading ??= new Promise((resolve, reject) => {
    const sheets = new Map();
    document.head.appendChild = function (node) {
      if (node.tagName !== "STYLE") return Node.prototype.appendChild.call(this, node);
      if (!sheets.has(node.id)) {
        sheets.set(node.id, new CSSStyleSheet());
        document.adoptedStyleSheets.push(sheets.get(node.id));
      }
      Object.defineProperty(node, "sheet", { value: sheets.get(node.id) });
      return node;
    };
    const script = document.createElement("script");
    script.src = "/static/plotly.min.js";
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error("Plotly could not be fetched"));
    document.body.append(script);
  });
  return loading;
}

// Draws the figure into the element; a later figure takes its place without a flicker.
export async function draw(place, figure) {
  place.figure = figure;
  const look = palette();
  const box = document.querySelector("[data-predictions]");
  const marks = figure.series.reduce((sum, one) => sum + one.marks.length, 0);
  place.dataset.marks = String(marks);
  place.dataset.frontier = String(figure.series.flatMap((one) => one.marks).filter((mark) => mark.frontier).length);
  const Plotly = await plotly();
  await Plotly.react(place, traces(figure, look, !box || box.checked), layout(figure, look, place.clientWidth), {
    responsive: true, displayModeBar: false,
  });
}

function again() {
  for (const place of document.querySelectorAll("[data-plot]")) if (place.figure) draw(place, place.figure);
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
document.addEventListener("change", (event) => {
  if (event.target.matches?.("[data-predictions]")) again();
});

// Fetches a figure and draws it. Of several fetches for one place only the last is drawn.
const wanted = new WeakMap();
export async function show(place, address) {
  wanted.get(place)?.abort();
  const control = new AbortController();
  wanted.set(place, control);
  try {
    const answer = await fetch(address, { signal: control.signal, headers: { Accept: "application/json" } });
    if (answer.ok) await draw(place, await answer.json());
  } catch (error) {
    if (error.name !== "AbortError") place.dataset.failed = "true";
  }
}
