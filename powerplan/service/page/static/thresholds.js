// The map of both thresholds: drag either one and see battery life, recall, false alarms and latency move at once.

import * as charts from "./charts.js";
import { fill, make } from "./dom.js";
import { days, duration, number, percent, thresholds } from "./format.js";
import { files } from "./answer.js";

const COLOURINGS = [
  { key: "battery_life_days", name: "battery life", of: (row) => row.battery_life_days, text: (value) => days(value) },
  { key: "recall", name: "recall", of: (row) => row.recall, text: (value) => percent(value) },
  { key: "false_alarms_per_day", name: "false alarms a day (log)", of: (row) => Math.log10(Math.max(row.false_alarms_per_day, 0.01)),
    text: (value) => `${number(10 ** value)}/day` },
  { key: "latency_p95_s", name: "latency p95", of: (row) => row.latency_p95_s ?? 0, text: (value) => duration(value) },
];

export function showThresholds(element, result) {
  const sweep = result.document;
  const rows = sweep.rows;
  const first = thresholds(rows, "threshold_1");
  const second = thresholds(rows, "threshold_2");
  const start = sweep.recommendation?.pair ?? sweep.own_pair ?? rows[0];
  const chosen = { first: first.indexOf(start.threshold_1), second: second.indexOf(start.threshold_2) };
  let colouring = COLOURINGS[0];

  const chart = make("div", { class: "chart tall", role: "img", id: "threshold-map", "aria-label": "Map over both thresholds" });
  const tiles = make("div", { class: "tiles", id: "threshold-tiles", "aria-live": "polite" });
  const outputs = { first: make("output"), second: make("output") };
  const sliders = {
    first: slider("threshold-1", first.length), second: slider("threshold-2", second.length),
  };
  const colour = make("select", { id: "colouring", onchange: () => { colouring = COLOURINGS[colour.selectedIndex]; update(); } },
    COLOURINGS.map((one) => make("option", {}, one.name)));

  function slider(id, count) {
    return make("input", { id, type: "range", min: 0, max: count - 1, step: 1, oninput: () => {
      chosen.first = Number(sliders.first.value);
      chosen.second = Number(sliders.second.value);
      update();
    } });
  }

  function row() {
    return rows.find((one) => one.threshold_1 === first[chosen.first] && one.threshold_2 === second[chosen.second]);
  }

  function update() {
    const now = row();
    sliders.first.value = chosen.first;
    sliders.second.value = chosen.second;
    outputs.first.textContent = number(first[chosen.first]);
    outputs.second.textContent = number(second[chosen.second]);
    sliders.first.setAttribute("aria-valuetext", outputs.first.textContent);
    sliders.second.setAttribute("aria-valuetext", outputs.second.textContent);
    fill(tiles, now ? tilesOf(now) : "no such pair");
    charts.draw(chart, charts.thresholdChart(rows, now, colouring, (one) => one.misses.length === 0));
  }

  fill(element,
    make("h2", {}, `Thresholds of ${sweep.cascade}`),
    make("p", {}, sweep.recommendation?.text ?? ""),
    ...(sweep.warnings ?? []).map((warning) => make("p", { class: "hint" }, warning)),
    make("div", { class: "sliders" },
      make("label", { for: "threshold-1" }, "level 1"), sliders.first, outputs.first,
      make("label", { for: "threshold-2" }, "level 2"), sliders.second, outputs.second),
    tiles,
    make("div", { class: "bar" }, make("label", {}, "Colour by ", colour),
      make("span", { class: "hint" }, "white dots: pairs that meet every judged line; diamond: the chosen pair; click the map to choose")),
    chart,
    make("ul", { class: "notes" }, [...(sweep.notes ?? []),
      ...(sweep.requirements?.not_judged_here ?? []).map((line) => `not judged here: ${line}`)].map((note) => make("li", {}, note))),
    make("h2", {}, "Files"), files(result));
  update();
  dragging(chart, (column, line) => {
    chosen.first = Math.min(Math.max(column, 0), first.length - 1);
    chosen.second = Math.min(Math.max(line, 0), second.length - 1);
    update();
  });
}

function tilesOf(row) {
  const tile = (name, value, more) => make("div", { class: "tile" }, make("span", {}, name), make("b", {}, value), make("span", {}, more ?? ""));
  return [
    tile("battery life", days(row.battery_life_days)),
    tile("recall", percent(row.recall), `${percent(row.recall_low)} to ${percent(row.recall_high)}`),
    tile("false alarms", `${number(row.false_alarms_per_day)}/day`, `${number(row.false_alarms_low)} to ${number(row.false_alarms_high)}`),
    tile("latency p95", row.latency_p95_s === null ? "–" : duration(row.latency_p95_s)),
    tile("escalation", percent(row.escalation)),
    tile("requirements", row.misses.length ? "not met" : "met", row.misses.join("; ") || "every judged line"),
  ];
}

// Press and move on the map: the chosen pair follows the pointer.
function dragging(element, choose) {
  let pressed = false;
  const move = (event) => {
    if (!pressed) return;
    const chart = charts.chartOf(element);
    const box = element.getBoundingClientRect();
    const place = chart.convertFromPixel({ gridIndex: 0 }, [event.clientX - box.left, event.clientY - box.top]);
    if (place && place.every(Number.isFinite)) choose(place[0], place[1]);
  };
  element.addEventListener("pointerdown", (event) => { pressed = true; element.setPointerCapture(event.pointerId); move(event); });
  element.addEventListener("pointermove", move);
  element.addEventListener("pointerup", () => { pressed = false; });
}
