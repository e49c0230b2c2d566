// The search over everything: "/" goes there from anywhere, arrows walk through what was found, Escape leads back.
(() => {
  "use strict";
  const box = document.getElementById("seek");
  if (!box) return;
  const found = () => document.getElementById("found");
  const options = () => [...found().querySelectorAll("[role=option]")];
  let cameFrom = null;
  let chosen = -1;

  const show = (open) => {
    found().hidden = !open;
    box.setAttribute("aria-expanded", String(open && options().length > 0));
    if (!open) choose(-1);
  };
  const choose = (at) => {
    const all = options();
    chosen = all.length && at >= -1 ? (at + 1) % (all.length + 1) - 1 : all.length - 1;
    all.forEach((option, number) => option.setAttribute("aria-selected", String(number === chosen)));
    if (chosen < 0) box.removeAttribute("aria-activedescendant");
    else {
      box.setAttribute("aria-activedescendant", all[chosen].id);
      all[chosen].scrollIntoView({ block: "nearest" });
    }
  };

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, dialog, [contenteditable]");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (!box.offsetParent) {
      location.assign(box.form.action);
      return;
    }
    cameFrom = document.activeElement;
    box.focus();
    box.select();
  });

  box.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!options().length) return;
      event.preventDefault();
      if (found().hidden) show(true);
      choose(event.key === "ArrowDown" ? chosen + 1 : chosen - 1);
    }
    if (event.key === "Enter" && chosen >= 0 && !found().hidden) {
      event.preventDefault();
      options()[chosen].click();
    }
    if (event.key === "Escape") {
      event.preventDefault();
      show(false);
      (cameFrom?.isConnected && cameFrom !== document.body ? cameFrom : document.getElementById("main")).focus();
    }
  });

  box.addEventListener("input", () => {
    if (!box.value.trim()) show(false);
  });
  box.addEventListener("focus", () => {
    if (box.value.trim() && found().childElementCount) show(true);
  });
  box.form.addEventListener("focusout", (event) => {
    if (!box.form.contains(event.relatedTarget)) show(false);
  });
  document.addEventListener("htmx:after:swap", (event) => {
    if (event.detail.ctx?.sourceElement !== box) return;
    choose(-1);
    show(Boolean(box.value.trim()) && document.activeElement === box);
    document.getElementById("found-said").textContent = found().dataset.said ?? "";
  });
})();
