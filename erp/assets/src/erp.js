// Small listeners that HTML alone cannot give. The policy forbids inline script, so everything hangs on data attributes.
(() => {
  "use strict";
  const byId = (id) => document.getElementById(id);

  // The zone of this browser: the server reads the cookie and writes moments in it, unless the reader chose another.
  const zone = Intl.DateTimeFormat(document.documentElement.lang).resolvedOptions().timeZone;
  if (zone) document.cookie = `zone=${zone}; path=/; max-age=31536000; samesite=lax`;

  document.addEventListener("click", (event) => {
    const pressed = event.target.closest("[data-act]");
    if (!pressed) return;
    const act = pressed.dataset.act;
    if (act === "close-toast") pressed.closest(".toast").remove();
    if (act === "open-dialog") byId(pressed.dataset.dialog).showModal();
    if (act === "close-dialog") pressed.closest("dialog").close();
    if (act === "print") print();
    if (act === "copy") navigator.clipboard.writeText(byId(pressed.dataset.copy).textContent.trim());
  });

  // A table that has the room it needs keeps its head in sight; one that has not must scroll sideways instead.
  const seeWhatFits = () => document.querySelectorAll(".list .scroll").forEach((box) => {
    box.classList.toggle("fits", box.scrollWidth <= box.clientWidth);
  });
  seeWhatFits();
  addEventListener("resize", seeWhatFits);
  document.addEventListener("htmx:after:swap", seeWhatFits);

  // Where tabs do not all fit, the one that is shown is in sight.
  document.querySelectorAll(".tabs [aria-current]").forEach((tab) => {
    const tabs = tab.parentElement;
    tabs.scrollLeft = tab.offsetLeft - tabs.offsetLeft - (tabs.clientWidth - tab.offsetWidth) / 2;
  });

  // A form with data-confirm says in the shared dialog what will happen before it is sent.
  // Listening in the capture phase puts the question before htmx sees the form.
  let asking = null;
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.dataset.confirm || form.dataset.agreed) {
      delete form.dataset.agreed;
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    asking = { form, submitter: event.submitter };
    const dialog = byId("confirm");
    dialog.querySelector("h2").textContent = event.submitter?.textContent.trim() ?? "";
    dialog.querySelector("p").textContent = form.dataset.confirm;
    const yes = dialog.querySelector("[value=yes]");
    yes.textContent = event.submitter?.textContent.trim() ?? "";
    yes.classList.toggle("danger", Boolean(event.submitter?.classList.contains("danger")));
    dialog.returnValue = "";
    dialog.showModal();
  }, true);
  byId("confirm")?.addEventListener("close", (event) => {
    const { form, submitter } = asking ?? {};
    asking = null;
    if (event.target.returnValue !== "yes" || !form?.isConnected) return;
    form.dataset.agreed = "yes";
    form.requestSubmit(submitter);
  });

  // Rows of a list are chosen by ticking: one, a range with Shift, all of the page, or all that fit the filters.
  let lastPicked = null;
  const picks = () => [...document.querySelectorAll("input[name=row][form=bulk]")];
  const tellPicked = () => {
    const told = document.querySelector("[data-picked]");
    if (!told) return;
    const rows = picks(), chosen = rows.filter((box) => box.checked), all = document.querySelector("[data-pick=all]");
    told.textContent = all?.checked ? told.dataset.all : String(chosen.length);
    const page = document.querySelector("[data-pick=page]");
    page.checked = chosen.length === rows.length;
    page.indeterminate = chosen.length > 0 && chosen.length < rows.length;
  };
  document.addEventListener("click", (event) => {
    const box = event.target;
    if (box.name !== "row" || box.getAttribute("form") !== "bulk") return;
    const rows = picks(), from = rows.indexOf(lastPicked), to = rows.indexOf(box);
    if (event.shiftKey && from >= 0) {
      rows.slice(Math.min(from, to), Math.max(from, to) + 1).forEach((other) => { other.checked = box.checked; });
    }
    lastPicked = box;
  });
  document.addEventListener("change", (event) => {
    const pick = event.target.dataset?.pick;
    if (pick) picks().forEach((box) => { box.checked = event.target.checked; });
    const isLess = !event.target.checked && (pick === "page" || event.target.name === "row");
    if (isLess) document.querySelectorAll("[data-pick=all]").forEach((box) => { box.checked = false; });
    tellPicked();
  });
  document.addEventListener("reset", () => setTimeout(tellPicked));
  document.addEventListener("htmx:after:swap", tellPicked);
  addEventListener("pageshow", tellPicked);

  // A second press of a plain form's button sends nothing. (htmx forms have hx-disable.)
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || "download" in form.dataset) return; // a file leaves the page as it is
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    event.submitter?.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
    document.querySelectorAll("[aria-busy=true]").forEach((button) => button.removeAttribute("aria-busy"));
  });

  // The user menu closes when attention goes elsewhere.
  document.addEventListener("click", (event) => {
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });
  document.addEventListener("keydown", (event) => {
    const menu = document.querySelector("details.menu[open]");
    if (event.key !== "Escape" || !menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });

  // The drawer opens when it has something to show; "?" brings the help of the page.
  document.addEventListener("htmx:after:swap", () => {
    const drawer = byId("drawer");
    if (drawer?.childElementCount && !drawer.open) drawer.showModal();
  });
  byId("drawer")?.addEventListener("close", (event) => event.target.replaceChildren());
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, dialog, [contenteditable]");
    if (event.key === "?" && !typing) byId("help")?.click();
  });

  // Filters redraw the rows while one types; without htmx the form's own button does it.
  document.addEventListener("htmx:config:request", (event) => {
    if (event.detail.ctx.sourceElement.closest("form.filters")) dropEmpty(event.detail.ctx);
  });
  const dropEmpty = (ctx) => {
    const body = ctx.request.body;
    if (!body?.entries) return;
    [...body.entries()].filter(([, value]) => value === "").forEach(([name]) => body.delete(name));
  };
})();
