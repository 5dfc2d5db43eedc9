// A run live. Its events say that something changed; what is shown then comes whole from the server, so that a page that
// was away for a while, or was reloaded, shows the same. Logs alone are added to as they come.
import { show } from "./plot.js";

const live = document.getElementById("live");
const said = document.getElementById("said");
const REFRESH_MS = 700;
const TAIL = 4096;
let due = null;
let last = 0;
let shown = { state: "", settled: -1, share: -1 };

function refresh() {
  if (due !== null) return;
  due = setTimeout(async () => {
    due = null;
    last = Date.now();
    try {
      const answer = await fetch(live.dataset.now, { headers: { Accept: "text/html", "HX-Request": "true" } });
      if (answer.ok) put(await answer.text());
    } catch {
      // The server is away; the event stream connects again, and then everything is asked for.
    }
  }, Math.max(0, last + REFRESH_MS - Date.now()));
}

// The new part in place of the old one; the plot, what is open, what has the focus and how far logs are scrolled stay.
function put(text) {
  const old = document.getElementById("now");
  const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("now");
  if (!fresh) return;
  const focused = document.activeElement?.id;
  const plot = old.querySelector("#plot");
  const spot = fresh.querySelector("#plot");
  if (plot && spot) spot.replaceWith(plot);
  const folded = new Map([...old.querySelectorAll("details.log")].map((item) => [item.firstElementChild.textContent, item.open]));
  for (const item of fresh.querySelectorAll("details.log")) {
    const open = folded.get(item.firstElementChild.textContent);
    if (open !== undefined) item.open = open;
  }
  const scrolled = [...old.querySelectorAll(".scroll")].map((item) => item.scrollLeft);
  old.replaceWith(fresh);
  [...fresh.querySelectorAll(".scroll")].forEach((item, place) => { item.scrollLeft = scrolled[place] ?? 0; });
  for (const log of fresh.querySelectorAll("pre.tail")) log.scrollTop = log.scrollHeight;
  if (focused && document.activeElement?.id !== focused) document.getElementById(focused)?.focus();
  tell(fresh);
  draw(fresh);
}

// What is read aloud: a change of state, and every tenth of the way.
function tell(now) {
  const { state, settled, points } = now.dataset;
  const share = Math.floor((10 * Number(settled)) / Math.max(1, Number(points)));
  if (state !== shown.state || share !== shown.share) said.textContent = `${state}: ${settled} of ${points} points settled`;
  shown = { ...shown, state, share };
}

function draw(now) {
  const place = now.querySelector("#plot");
  if (!place || (shown.settled === now.dataset.settled && place.figure)) return;
  shown.settled = now.dataset.settled;
  show(place, live.dataset.figure);
}

function log(source, text) {
  for (const place of document.querySelectorAll("pre[data-log]")) {
    if (place.dataset.log !== source) continue;
    const atEnd = place.scrollTop + place.clientHeight >= place.scrollHeight - 8;
    place.textContent = (place.textContent === "nothing yet" ? text : place.textContent + text).slice(-TAIL);
    if (atEnd) place.scrollTop = place.scrollHeight;
  }
}

let stream;
function listen() {
  stream = new EventSource(live.dataset.events);
  for (const name of ["snapshot", "run", "server", "point", "frontier", "note"]) stream.addEventListener(name, refresh);
  stream.addEventListener("log", (event) => {
    const { source, text } = JSON.parse(event.data);
    log(source, text);
  });
  // Nobody works on it any more: no connection is held open. Whoever resumes it comes back to this page anew.
  stream.addEventListener("end", () => { stream.close(); refresh(); });
  stream.addEventListener("open", () => { live.dataset.connected = "true"; });
  stream.addEventListener("error", () => {
    live.dataset.connected = "false";
    // Refused rather than cut off (a proxy, a server that starts): the browser gives up, so we do not.
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
  });
}

const now = document.getElementById("now");
for (const place of document.querySelectorAll("pre.tail")) place.scrollTop = place.scrollHeight;
tell(now);
draw(now);
if (["running", "queued"].includes(now.dataset.state)) listen();
