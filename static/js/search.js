// Films and people that a search which is still being typed could mean, to choose from by arrow keys or pointer.
// htmx fetches them as links; without scripts the form searches as any other.
"use strict";
(() => {
  const input = document.querySelector("header [name=q]");
  const list = document.getElementById("suggestions");
  const said = document.getElementById("suggested");
  let chosen = -1;

  const options = () => [...list.querySelectorAll("[role=option]")];

  function choose(at) {
    const all = options();
    chosen = at;
    all.forEach((option, i) => option.setAttribute("aria-selected", String(i === at)));
    if (all[at]) {
      input.setAttribute("aria-activedescendant", all[at].id);
      all[at].scrollIntoView({ block: "nearest" });
    } else {
      input.removeAttribute("aria-activedescendant");
    }
  }

  function show(wanted) {
    const open = wanted && options().length > 0;
    list.hidden = !open;
    input.setAttribute("aria-expanded", String(open));
    choose(-1);
  }

  function step(by) {
    if (list.hidden) show(true);
    // One place more than there are options: that of the text itself.
    const places = options().length + 1;
    choose(((chosen + 1 + by + places) % places) - 1);
  }

  const keys = {
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    Enter: () => options()[chosen].click(),
    Escape: () => show(false),
  };

  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  show(false);

  input.addEventListener("keydown", event => {
    const idle = (event.key === "Enter" && chosen < 0) || (event.key === "Escape" && list.hidden);
    if (idle || event.isComposing || !Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  });
  list.addEventListener("htmx:afterSwap", () => {
    show(document.activeElement === input);
    const found = options().length;
    said.textContent = list.hidden ? "" : `${found} suggestion${found === 1 ? "" : "s"}`;
  });
  // Pressing on a suggestion leaves the focus where it is, or the list would close before it is clicked.
  list.addEventListener("mousedown", event => event.preventDefault());
  input.addEventListener("blur", () => show(false));
})();
