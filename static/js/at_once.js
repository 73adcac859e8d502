// A form that leads to a page with the real form, which is filled in and sent at once: pages that are kept for all
// visitors can hold no form with a token of one. Without scripts that page is shown, and its button is one press more.
"use strict";
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("form[data-at-once]")) return;
  event.preventDefault();
  const filled = new FormData(form);
  form.querySelector("[role=alert]")?.remove();
  try {
    const answer = await fetch(form.action);
    if (!answer.ok) throw new Error(`${form.action} answered ${answer.status}`);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const real = document.adoptNode(page.querySelector("main form[method=post]"));
    for (const [name, value] of filled) real.elements[name].value = value;
    real.hidden = true;
    document.body.append(real);
    real.submit();
  } catch {
    // The form stays as it was filled in: in the address of another page a long text could be lost.
    const said = document.createElement("p");
    said.className = "errorlist";
    said.setAttribute("role", "alert");
    said.textContent = "This could not be sent just now. Nothing is lost: wait a few seconds and try again.";
    form.append(said);
  }
});
