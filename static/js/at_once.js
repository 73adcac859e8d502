// A form that leads to a page with the real form, which is filled in and sent at once: pages that are kept for all
// visitors can hold no form with a token of one. Without scripts that page is shown, and its button is one press more.
"use strict";
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("form[data-at-once]")) return;
  event.preventDefault();
  const filled = new FormData(form);
  try {
    const answer = await fetch(form.action);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const real = document.adoptNode(page.querySelector("main form[method=post]"));
    for (const [name, value] of filled) real.elements[name].value = value;
    real.hidden = true;
    document.body.append(real);
    real.submit();
  } catch {
    location.assign(`${form.action}?${new URLSearchParams(filled)}`);
  }
});
