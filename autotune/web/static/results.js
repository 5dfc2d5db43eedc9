// The page of results: the plot follows the table, sliders mirror the numbers beside them, and weights follow the server's.
import { show } from "./plot.js";

const form = document.getElementById("view");
const place = document.querySelector("[data-plot]");

function plot() {
  show(place, document.getElementById("found").dataset.figure);
}

// A slider has no name of its own: it sets the number beside it, which is sent.
form.addEventListener("input", (event) => {
  const source = event.target;
  if (source.dataset.mirrors) document.getElementById(source.dataset.mirrors).value = source.value;
  const number = source.dataset.mirrors ? document.getElementById(source.dataset.mirrors) : source;
  const slider = form.querySelector(`[data-mirrors="${number.id}"]`);
  if (slider && slider !== source && number.value !== "") slider.value = number.value;
  form.elements.moved.value = number.dataset.objective ?? "";
}, { capture: true });

// The weights as the server has rebalanced them; the one that is being moved or typed is left alone until it is left.
let weights = {};
function follow() {
  for (const number of form.querySelectorAll("[data-objective]")) {
    const value = weights[number.dataset.objective];
    if (value === undefined) continue;
    const slider = form.querySelector(`[data-mirrors="${number.id}"]`);
    if (document.activeElement !== number) number.value = value;
    if (document.activeElement !== slider) slider.value = value;
  }
}
document.body.addEventListener("autotune:ranked", (event) => {
  weights = event.detail;
  follow();
});
form.addEventListener("focusout", () => setTimeout(follow));
document.body.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id === "found") plot();
});
plot();
