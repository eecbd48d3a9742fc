// Shows the values of a chart at the pointer, at a finger, or at the place chosen with the arrow keys.
// All is read from the page anew each time, as live.js changes it in place.
"use strict";
(() => {
  const LARGER = { ns: "\u00b5s", "\u00b5s": "ms", ms: "s" };
  // As in view/chart/scale.rs.
  const HEIGHT = 500;
  const FARTHEST = 9_999_999;
  // The chart in use, by its id, and its step.
  let active = null;

  const plotOf = (node) => node instanceof Element && node.closest(".chart-plot");
  const idOf = (plot) => plot.closest(".chart").id;
  const stepsOf = (plot) => plot.querySelector(".chart-area > svg").viewBox.baseVal.width;

  // The height of a line at a step, from an outline as "M0.5 120l1 4 1-3M9.5 80h0".
  function heightAt(outline, step) {
    for (const part of outline.split("M").slice(1)) {
      let [x, y, ...moves] = part.match(/-?[\d.]+/g).map(Number);
      while (x < step && moves.length > 1) {
        x += moves.shift();
        y += moves.shift();
      }
      if (Math.floor(x) === step) return y;
    }
    return null;
  }

  function valueAt({ top, bottom, unit, decimals, plus, minus }, height) {
    if (Math.abs(height) >= FARTHEST) return "beyond the plot";
    const value = top - ((top - bottom) * height) / HEIGHT;
    let size = Math.abs(value);
    while (size >= 1000 && LARGER[unit]) {
      size /= 1000;
      unit = LARGER[unit];
    }
    const text = `${size.toFixed(decimals)} ${unit}`;
    if (parseFloat(text) === 0) return text;
    if (plus) return `${text} ${value < 0 ? minus : plus}`;
    return value < 0 ? `\u2212${text}` : text;
  }

  function add(parent, name, text = "", box = {}) {
    const element = document.createElement(name);
    element.textContent = text;
    for (const side in box) element.style[side] = `${box[side]}px`;
    parent.append(element);
    return element;
  }

  function clear() {
    for (const element of document.querySelectorAll(".chart-cross, .chart-tip")) element.remove();
  }

  function hide() {
    active = null;
    clear();
  }

  function show(isSpoken) {
    clear();
    const plot = active && plotOf(document.querySelector(`#${active.id} .chart-area`));
    if (!plot) return;
    const { id, step } = active;
    const along = (step + 0.5) / stepsOf(plot);
    const moment = new Date((Number(plot.dataset.from) + step * plot.dataset.step) * 1000);
    const when = `${moment.toISOString().slice(0, 19).replace("T", " ")} UTC`;
    const rows = [...plot.querySelectorAll(".mean")].reverse().flatMap((line) => {
      const height = heightAt(line.getAttribute("d"), step);
      return height === null ? [] : [[line.dataset.name, valueAt(plot.dataset, height)]];
    });
    if (!rows.length) rows.push(["no data", ""]);

    // The same moment in every chart beside it.
    for (const area of document.querySelectorAll(".charts .chart-area")) {
      const { left, top, width, height } = area.getBoundingClientRect();
      const box = { left: left + scrollX + width * along, top: top + scrollY, height };
      add(document.body, "div", "", box).className = "chart-cross";
    }
    const { left, top, width } = plot.querySelector(".chart-area").getBoundingClientRect();
    const tip = add(document.body, "div", "", { top: top + scrollY + 6 });
    tip.className = "chart-tip";
    tip.ariaHidden = "true";
    add(tip, "p", when);
    for (const [name, value] of rows) {
      const row = add(tip, "p");
      add(row, "span", name);
      add(row, "b", value);
    }
    const x = left + width * along;
    const fits = x + 12 + tip.offsetWidth <= document.documentElement.clientWidth;
    tip.style.left = `${Math.max(4, fits ? x + 12 : x - 12 - tip.offsetWidth) + scrollX}px`;
    if (isSpoken) spoken().textContent = [when, ...rows.map((row) => row.join(" "))].join(", ");
  }

  function spoken() {
    let element = document.getElementById("chart-spoken");
    if (!element) {
      element = add(document.body, "div");
      element.id = "chart-spoken";
      element.className = "hidden";
      element.role = "status";
    }
    return element;
  }

  function choose(plot, step, isSpoken) {
    active = { id: idOf(plot), step: Math.min(Math.max(step, 0), stepsOf(plot) - 1) };
    show(isSpoken);
  }

  function point({ target, clientX }) {
    const plot = plotOf(target);
    if (plot) {
      const { left, width } = plot.querySelector(".chart-area").getBoundingClientRect();
      choose(plot, Math.floor(((clientX - left) / width) * stepsOf(plot)), false);
    } else if (active && document.activeElement.closest(".chart")?.id !== active.id) {
      hide();
    }
  }

  document.addEventListener("pointermove", point);
  document.addEventListener("pointerdown", point);
  // What a finger showed stays until it touches elsewhere.
  document.documentElement.addEventListener("pointerleave", ({ pointerType }) => {
    if (pointerType === "mouse") hide();
  });
  document.addEventListener("focusout", ({ target }) => plotOf(target) && hide());
  document.addEventListener("second-hand:updated", () => show(false));
  document.addEventListener("toggle", () => show(false), true);
  addEventListener("resize", hide);
  document.addEventListener("keydown", (event) => {
    const plot = plotOf(event.target);
    if (!plot || event.ctrlKey || event.altKey || event.metaKey) return;
    const steps = stepsOf(plot);
    const now = active?.id === idOf(plot) ? active.step : steps;
    const far = Math.round(steps / 12);
    const moves = { ArrowLeft: -1, ArrowRight: 1, PageUp: -far, PageDown: far, Home: -steps, End: steps };
    if (event.key === "Escape") hide();
    if (!(event.key in moves)) return;
    event.preventDefault();
    choose(plot, now + moves[event.key], true);
  });
})();
