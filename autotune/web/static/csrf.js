// Every form that is sent bears the page's mark, which no other site can read.
document.addEventListener("submit", (event) => {
  const form = event.target;
  const mark = document.querySelector('meta[name="csrf-token"]');
  if (!mark || form.method !== "post" || form.elements.namedItem("csrf_token")) return;
  const field = document.createElement("input");
  field.type = "hidden";
  field.name = "csrf_token";
  field.value = mark.content;
  form.append(field);
}, true);
document.addEventListener("htmx:configRequest", (event) => {
  const mark = document.querySelector('meta[name="csrf-token"]');
  if (mark) event.detail.headers["X-CSRF-Token"] = mark.content;
});
