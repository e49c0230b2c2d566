// A chart to zoom into, drawn from the table that says the same. Days are dates without a time, so they are read as UTC.
(() => {
  "use strict";
  const DAY = 86400;

  const figures = (table) => {
    const rows = [...table.tBodies[0].rows].reverse();
    const days = rows.map((row) => Date.parse(row.cells[0].dataset.day) / 1000);
    const names = [...table.tHead.rows[0].cells].map((head) => head.textContent.trim());
    const series = names.slice(1).map((_, at) => rows.map((row) => Number(row.cells[at + 1].dataset.value) / 100));
    return { names, data: [days, ...series] };
  };

  // The colour of a series as the canvas understands it, in the theme of the moment.
  const colour = (host, name) => {
    const probe = document.createElement("i");
    probe.className = name;
    host.append(probe);
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  };

  const options = (host, names, width) => {
    const { currency } = host.dataset;
    const locale = host.dataset.locale === "en" ? "en-GB" : host.dataset.locale; // the day before the month, as on all pages
    const number = new Intl.NumberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
    const sign = new Intl.NumberFormat(locale, { style: "currency", currency, currencyDisplay: "narrowSymbol" })
      .formatToParts(0).find((part) => part.type === "currency").value;
    const sum = { format: (value) => `${number.format(value)}\u00a0${sign}` };
    const short = new Intl.NumberFormat(locale, { notation: "compact", maximumFractionDigits: 1 });
    const written = (parts) => new Intl.DateTimeFormat(locale, { ...parts, timeZone: "UTC" });
    const [whole, brief, month] = [
      written({ day: "numeric", month: "short", year: "numeric", weekday: "short" }),
      written({ day: "numeric", month: "short" }),
      written({ month: "short", year: "2-digit" }),
    ];
    const at = (seconds) => new Date(seconds * 1000);
    const ink = colour(host, "ink-2");
    const axis = { stroke: ink, grid: { stroke: colour(host, "rule"), width: 1 }, ticks: { show: false }, font: "11px sans-serif" };
    return {
      width,
      height: 320,
      tzDate: (seconds) => uPlot.tzDate(at(seconds), "Etc/UTC"),
      cursor: { points: { size: 7 }, drag: { x: true, y: false } },
      scales: { x: { time: true } },
      axes: [
        { ...axis, values: (_plot, days, _axis, _space, step) => days.map((day) => (step >= 28 * DAY ? month : brief).format(at(day))) },
        { ...axis, size: 58, values: (_plot, sums) => sums.map((value) => short.format(value)) },
      ],
      series: [
        { label: names[0], value: (_plot, day) => (day == null ? "" : whole.format(at(day))) },
        ...names.slice(1).map((label, number) => ({
          label,
          stroke: colour(host, `tone s${number}`),
          width: 2,
          points: { show: false },
          value: (_plot, value) => (value == null ? "" : sum.format(value)),
        })),
      ],
    };
  };

  const draw = (host) => {
    const table = document.getElementById(host.dataset.zoom);
    const still = host.querySelector("figure");
    if (!table || !still) return;
    const { names, data } = figures(table);
    const place = document.createElement("div");
    place.setAttribute("role", "img");
    place.setAttribute("aria-label", host.dataset.label);
    still.before(place);
    still.hidden = true;
    host.querySelector("[hidden]:not(figure)")?.removeAttribute("hidden");
    let plot = null;
    const redraw = () => {
      const range = plot && { min: plot.scales.x.min, max: plot.scales.x.max };
      plot?.destroy();
      plot = new uPlot(options(host, names, place.clientWidth), data, place);
      if (range?.min) plot.setScale("x", range);
    };
    redraw();
    new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: 320 })).observe(place);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
    new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    host.querySelector("[data-zoom-out]")?.addEventListener("click", () => {
      plot.setScale("x", { min: data[0][0], max: data[0].at(-1) });
    });
  };

  document.querySelectorAll("[data-zoom]").forEach(draw);
})();
