// What happens when a request does not go well: nothing is swapped away, what was typed stays, and the reader is told.
(() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const region = byId("toasts");
  const SIGN_IN = region.dataset.signIn;

  // One toast for one thing: a page that asks again and again says once that it gets no answer.
  const toast = (text, retry) => {
    const old = [...region.children].find((shown) => shown.querySelector("p")?.textContent === text);
    const shown = byId("toast-shape").content.firstElementChild.cloneNode(true);
    shown.querySelector("p").textContent = text;
    const again = shown.querySelector("[data-again]");
    if (retry) again.addEventListener("click", () => (shown.remove(), retry()));
    again.hidden = !retry;
    old?.remove();
    region.append(shown);
    onTop();
  };
  // Above an open dialog, too: what entered the top layer last lies on top.
  const onTop = () => {
    region.hidePopover();
    region.showPopover();
  };
  region.popover = "manual";
  region.showPopover();
  new MutationObserver((changes) => {
    if (changes.some((change) => change.addedNodes.length)) onTop();
  }).observe(region, { childList: true });

  const again = (ctx) => {
    const element = ctx.sourceElement;
    if (element.matches("form")) {
      return () => {
        if (element.dataset.confirm) element.dataset.agreed = "yes";
        element.requestSubmit(ctx.request.submitter);
      };
    }
    return element.matches("a") ? () => element.click() : null;
  };

  document.addEventListener("htmx:response:error", (event) => {
    const ctx = event.detail.ctx;
    const { status, headers } = ctx.response;
    if (status === 422) return; // the same form came back and says what to mend
    ctx.push = ctx.replace = null; // the address stays that of what is shown
    if (status === 401) {
      signIn(ctx);
    } else if (status >= 500) {
      const id = headers.get("X-Request-ID");
      toast(id ? `${region.dataset.broken} (${id})` : region.dataset.broken, again(ctx));
    } else {
      const told = new DOMParser().parseFromString(ctx.text, "text/html").querySelector("#error [data-sentence]");
      toast(told?.textContent ?? region.dataset.broken);
    }
  });
  document.addEventListener("htmx:error", (event) => {
    const ctx = event.detail.ctx;
    if (ctx?.request) toast(region.dataset.offline, again(ctx));
  });

  // A plain form leaves the page, and with it what was typed; without a line it stays.
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || navigator.onLine) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const form = event.target;
    toast(region.dataset.offline, () => form.requestSubmit(event.submitter));
  }, true);

  // The sign-in ended: one signs in again beside what one was doing, and sends it once more.
  let interrupted = null;
  let declined = false;
  const signIn = (ctx) => {
    const byItself = ctx.sourceElement.getAttribute("hx-trigger")?.startsWith("every");
    if (!byId("drawer") || byId("sign-in") || (byItself && declined)) return;
    interrupted = again(ctx);
    declined = true; // unless they do: a page that asks by itself shall not insist
    htmx.ajax("GET", SIGN_IN, { target: "#drawer", swap: "innerHTML" });
  };
  document.addEventListener("htmx:after:swap", () => {
    const signed = document.querySelector("#drawer [data-signed-in]");
    if (!signed) return;
    const { signedIn, csrf } = signed.dataset;
    declined = false;
    byId("drawer").close();
    if (signedIn !== document.body.dataset.reader) return location.assign("/");
    document.body.setAttribute("hx-headers:inherited", JSON.stringify({ "X-CSRFToken": csrf }));
    document.querySelectorAll("input[name=csrf_token]").forEach((field) => { field.value = csrf; });
    toast(region.dataset.signedIn, interrupted);
    interrupted = null;
  });

  // Attention goes to what has to be mended, or to what took the place of the form that was sent.
  document.addEventListener("htmx:after:swap", (event) => {
    const ctx = event.detail.ctx;
    if (!ctx.request?.submitter || !ctx.target?.id) return; // not a form that somebody sent
    const place = byId(ctx.target.id);
    const wrong = place?.querySelector("[aria-invalid=true], [role=alert]");
    const elsewhere = ![document.body, byId("main")].includes(document.activeElement);
    if (!place || (!wrong && elsewhere)) return;
    const goal = wrong ?? place;
    if (goal.tabIndex < 0) goal.tabIndex = -1;
    goal.focus({ preventScroll: !wrong });
  });

  // How many there are now is said aloud when a list was redrawn.
  document.addEventListener("htmx:after:swap", (event) => {
    if (event.detail.ctx.target?.id !== "rows") return;
    byId("said").textContent = document.querySelector("#rows footer > span, #rows .empty .title")?.textContent ?? "";
  });

  // Back leads to what is true now, unless something was typed there.
  const typed = (field) => field.type !== "hidden" && "defaultValue" in field && field.value !== field.defaultValue;
  addEventListener("pageshow", (event) => {
    const untouched = ![...document.forms].some((form) => form.method === "post" && [...form.elements].some(typed));
    if (event.persisted && untouched) location.reload();
  });
})();
