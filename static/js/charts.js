// Shows the values of a chart at the pointer, at a finger, or at the place chosen with the arrow keys.
// All is read from the chart anew each time, as the page may have been changed in place meanwhile.
"use strict";
(() => {
  const LARGER = { ns: "\u00b5s", "\u00b5s": "ms", ms: "s" };
  const MINUS = "\u2212";
  // The plot's own units, as in the chart's outlines.
  const HEIGHT = 500;
  const FARTHEST = 9999999;
  /** The chart in use by its id, and its step. */
  let active = null;
  let watcher = null;

  /** The heights of a line by step, from an outline as "M0.5 120l1 4 1-3M9.5 80h0". */
  function heights(outline) {
    const found = new Map();
    for (const part of outline.split("M").slice(1)) {
      const [start, rest = ""] = part.split(/[lh]/);
      let [x, y] = start.match(/-?[\d.]+/g).map(Number);
      found.set(Math.floor(x), y);
      const moves = part.includes("l") ? rest.match(/-?[\d.]+/g).map(Number) : [];
      for (let i = 0; i + 1 < moves.length; i += 2) {
        x += moves[i];
        y += moves[i + 1];
        found.set(Math.floor(x), y);
      }
    }
    return found;
  }

  function value(data, height) {
    if (Math.abs(height) >= FARTHEST) {
      return "beyond the plot";
    }
    const [top, bottom] = [Number(data.top), Number(data.bottom)];
    const number = top - ((top - bottom) * height) / HEIGHT;
    let size = Math.abs(number);
    let unit = data.unit;
    while (size >= 1000 && LARGER[unit]) {
      size /= 1000;
      unit = LARGER[unit];
    }
    const text = `${size.toFixed(Number(data.decimals))} ${unit}`;
    if (Number.parseFloat(text) === 0) {
      return text;
    }
    return data.plus ? `${text} ${number < 0 ? data.minus : data.plus}` : `${number < 0 ? MINUS : ""}${text}`;
  }

  function make(name) {
    const element = document.createElement("div");
    element.className = name;
    element.setAttribute("aria-hidden", "true");
    document.body.append(element);
    return element;
  }

  function row(tip, text, strong) {
    const line = document.createElement("p");
    const name = document.createElement("span");
    name.textContent = text;
    line.append(name);
    if (strong !== undefined) {
      const value = document.createElement("b");
      value.textContent = strong;
      line.append(value);
    }
    tip.append(line);
  }

  const part = (id) => document.getElementById(id)?.querySelector(".chart-plot");
  const steps = (plot) => plot.querySelector(".chart-area > svg").viewBox.baseVal.width;

  function hide() {
    active = null;
    watcher?.disconnect();
    document.querySelectorAll(".chart-cross, .chart-tip").forEach((element) => element.remove());
  }

  /** Draws the place in use; `spoken` also tells it to those who listen. */
  function show(spoken) {
    const plot = active && part(active.id);
    if (!plot) {
      hide();
      return;
    }
    document.querySelectorAll(".chart-cross, .chart-tip").forEach((element) => element.remove());
    const data = plot.dataset;
    const along = (active.step + 0.5) / steps(plot);
    // The same moment in every chart beside it.
    for (const other of document.querySelectorAll(".charts .chart-area")) {
      const box = other.getBoundingClientRect();
      const cross = make("chart-cross");
      cross.style.left = `${box.left + scrollX + box.width * along}px`;
      cross.style.top = `${box.top + scrollY}px`;
      cross.style.height = `${box.height}px`;
    }
    const seconds = Number(data.from) + active.step * Number(data.step);
    const when = `${new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ")} UTC`;
    const tip = make("chart-tip");
    row(tip, when);
    const lines = [...plot.querySelectorAll(".mean")].reverse();
    const said = [when];
    let found = false;
    for (const line of lines) {
      const height = heights(line.getAttribute("d")).get(active.step);
      if (height !== undefined) {
        found = true;
        const text = value(data, height);
        row(tip, line.dataset.name, text);
        said.push(`${line.dataset.name} ${text}`);
      }
    }
    if (!found) {
      row(tip, "no data");
      said.push("no data");
    }
    const area = plot.querySelector(".chart-area").getBoundingClientRect();
    const x = area.left + area.width * along;
    const width = tip.offsetWidth;
    const beside = x + 12 + width > document.documentElement.clientWidth ? x - 12 - width : x + 12;
    tip.style.left = `${Math.max(4, beside) + scrollX}px`;
    tip.style.top = `${area.top + scrollY + 6}px`;
    if (spoken) {
      speaker().textContent = said.join(", ");
    }
  }

  function speaker() {
    let element = document.getElementById("chart-spoken");
    if (!element) {
      element = document.createElement("div");
      element.id = "chart-spoken";
      element.className = "hidden";
      element.setAttribute("role", "status");
      document.body.append(element);
    }
    return element;
  }

  function choose(plot, step, spoken) {
    const last = steps(plot) - 1;
    active = { id: plot.closest(".chart").id, step: Math.min(Math.max(step, 0), last) };
    show(spoken);
    watcher ??= new MutationObserver(() => show(false));
    const main = document.getElementById("main");
    if (main) {
      watcher.observe(main, { subtree: true, attributeFilter: ["d", "data-from"] });
    }
  }

  function point(event) {
    const plot = event.target instanceof Element && event.target.closest(".chart-plot");
    if (!plot) {
      if (active && document.activeElement !== part(active.id)) {
        hide();
      }
      return;
    }
    const box = plot.querySelector(".chart-area").getBoundingClientRect();
    choose(plot, Math.floor(((event.clientX - box.left) / box.width) * steps(plot)), false);
  }

  document.addEventListener("pointermove", point);
  document.addEventListener("pointerdown", point);
  document.documentElement.addEventListener("pointerleave", (event) => {
    // What a finger showed stays until it touches elsewhere.
    if (event.pointerType === "mouse") {
      hide();
    }
  });
  addEventListener("resize", hide);

  document.addEventListener("keydown", (event) => {
    const plot = event.target instanceof Element && event.target.closest(".chart-plot");
    if (!plot || event.ctrlKey || event.altKey || event.metaKey) {
      return;
    }
    const last = steps(plot) - 1;
    const mine = active?.id === plot.closest(".chart").id;
    const now = mine ? active.step : last + 1;
    const far = Math.max(1, Math.round(last / 12));
    const wanted = {
      ArrowLeft: now - 1,
      ArrowRight: mine ? now + 1 : last,
      PageUp: now - far,
      PageDown: now + far,
      Home: 0,
      End: last,
    }[event.key];
    if (event.key === "Escape") {
      hide();
    } else if (wanted !== undefined) {
      event.preventDefault();
      choose(plot, wanted, true);
    }
  });
  document.addEventListener("focusout", (event) => {
    if (event.target instanceof Element && event.target.closest(".chart-plot")) {
      hide();
    }
  });
})();
