// Every picture of a result, drawn with ECharts from the rows of its tables. Units on every axis.

import { getInstanceByDom, init } from "./vendor/charts.js";
import { duration, number, percent, quantity, thresholds } from "./format.js";

const STAGE_LIMIT = 4000;
const COLOURS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8d6e63", "#999999"];
const SECONDS_PER_DAY = 86400;

const cssColour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function base(description) {
  const ink = cssColour("--ink");
  return {
    animation: false,
    color: COLOURS,
    textStyle: { color: ink, fontFamily: cssColour("--font") },
    aria: { enabled: true, label: { description } },
    grid: { left: 12, right: 20, top: 36, bottom: 12, containLabel: true },
    tooltip: { trigger: "item", renderMode: "richText", confine: true },
    legend: { top: 0, textStyle: { color: ink }, type: "scroll" },
  };
}

function axis(name, more = {}) {
  return {
    name, nameLocation: "middle", nameGap: 30,
    axisLabel: { color: cssColour("--ink") }, nameTextStyle: { color: cssColour("--ink") },
    splitLine: { lineStyle: { color: cssColour("--line") } },
    ...more,
  };
}

export function draw(element, option) {
  const chart = getInstanceByDom(element) ?? init(element);
  chart.setOption(option, { notMerge: true });
  return chart;
}

export function redrawOnResize() {
  const resize = () => document.querySelectorAll(".chart").forEach((element) => getInstanceByDom(element)?.resize());
  addEventListener("resize", resize);
}

export function energyChart(rows) {
  const drains = rows.filter((row) => row.energy_j_per_day > 0).sort((a, b) => b.energy_j_per_day - a.energy_j_per_day);
  const shown = drains.slice(0, 14).reverse();
  const words = `Energy a day by part and state; the largest is ${drains.length ? `${drains[0].part} ${drains[0].state}` : "none"}`;
  return {
    ...base(words),
    legend: { show: false },
    grid: { left: 12, right: 70, top: 10, bottom: 34, containLabel: true },
    tooltip: { renderMode: "richText", confine: true, formatter: ({ dataIndex }) => {
      const row = shown[dataIndex];
      return `${row.part} ${row.state}\n${quantity(row.energy_j_per_day, "J")} a day, ${percent(row.energy_fraction)}`;
    } },
    xAxis: axis("energy a day [J]", { type: "value", nameGap: 26 }),
    yAxis: { type: "category", data: shown.map((row) => `${row.part} ${row.state}`), axisLabel: { color: cssColour("--ink") } },
    series: [{
      type: "bar", barMaxWidth: 22,
      data: shown.map((row) => ({ value: row.energy_j_per_day, itemStyle: { color: row.part === "supply" ? "#999999" : COLOURS[0] } })),
      label: { show: true, position: "right", color: cssColour("--ink"), formatter: ({ dataIndex }) => percent(shown[dataIndex].energy_fraction) },
    }],
  };
}

export function batteryChart(rows, life) {
  const step = Math.max(1, Math.floor(rows.length / STAGE_LIMIT));
  const shown = rows.filter((_, index) => index % step === 0 || index === rows.length - 1);
  const line = (name, key, axisIndex = 0) => ({
    name, type: "line", showSymbol: false, yAxisIndex: axisIndex,
    data: shown.map((row) => [row.time_s / SECONDS_PER_DAY, key === "state_of_charge_fraction" ? 100 * row[key] : row[key]]),
  });
  const charge = { ...line("state of charge", "state_of_charge_fraction", 1), lineStyle: { type: "dashed" } };
  if (life && life.low !== life.high) {
    charge.markArea = { silent: true, itemStyle: { color: "rgba(128,128,128,0.25)" }, data: [[{ xAxis: life.low }, { xAxis: life.high }]] };
  }
  return {
    ...base("Voltages and charge of the battery until the end of its life"),
    grid: { left: 30, right: 30, top: 36, bottom: 34, containLabel: true },
    tooltip: { trigger: "axis", renderMode: "richText", confine: true, valueFormatter: (value) => number(value) },
    xAxis: axis("time [days]", { type: "value" }),
    yAxis: [axis("voltage [V]", { type: "value", scale: true, nameGap: 36 }), axis("charge [%]", { type: "value", min: 0, max: 100, nameGap: 36, splitLine: { show: false } })],
    series: [line("open circuit", "open_circuit_v"), line("under load", "loaded_v"), line("under the worst pulse", "worst_pulse_v"), charge],
  };
}

export function latencyChart(rows) {
  const totals = rows.filter((row) => row.stage === "total");
  const tasks = [...new Set(totals.map((row) => row.task))];
  const series = tasks.map((task) => {
    const values = totals.filter((row) => row.task === task).map((row) => row.duration_s).sort((a, b) => a - b);
    const step = Math.max(1, Math.floor(values.length / 1000));
    const points = values.map((value, index) => [value * 1e3, (100 * (index + 1)) / values.length]);
    return { name: task, type: "line", step: "end", showSymbol: points.length < 30,
      data: points.filter((_, index) => index % step === 0 || index === points.length - 1) };
  });
  return {
    ...base("Share of activations that are at most this slow"),
    grid: { left: 30, right: 20, top: 36, bottom: 34, containLabel: true },
    tooltip: { renderMode: "richText", confine: true, formatter: ({ seriesName, value }) => `${seriesName}: ${number(value[1])} % within ${duration(value[0] / 1e3)}` },
    xAxis: axis("latency [ms]", { type: "value", min: 0 }),
    yAxis: axis("activations [%]", { type: "value", min: 0, max: 100, nameGap: 36 }),
    series,
  };
}

export function stagesChart(rows) {
  const stages = [...new Set(rows.map((row) => row.stage))].filter((stage) => stage !== "total");
  const tasks = [...new Set(rows.map((row) => row.task))];
  const mean = (task, stage) => {
    const values = rows.filter((row) => row.task === task && row.stage === stage).map((row) => row.duration_s);
    const count = new Set(rows.filter((row) => row.task === task).map((row) => row.activation)).size;
    return values.length ? (1e3 * values.reduce((sum, value) => sum + value, 0)) / count : 0;
  };
  return {
    ...base("Mean time of each stage of an activation"),
    grid: { left: 12, right: 20, top: 36, bottom: 34, containLabel: true },
    tooltip: { renderMode: "richText", confine: true, formatter: ({ seriesName, value }) => `${seriesName}: ${duration(value / 1e3)}` },
    xAxis: axis("mean time [ms]", { type: "value" }),
    yAxis: { type: "category", data: tasks, axisLabel: { color: cssColour("--ink") } },
    series: stages.map((stage) => ({ name: stage, type: "bar", stack: "all", barMaxWidth: 40, data: tasks.map((task) => mean(task, stage)) })),
  };
}

export function missesChart(rows) {
  const causes = rows.filter((row) => row.count > 0 && row.cause !== "detected").sort((a, b) => a.count - b.count);
  return {
    ...base("Missed events by the first thing that kept them from being detected"),
    legend: { show: false },
    grid: { left: 12, right: 50, top: 10, bottom: 34, containLabel: true },
    xAxis: axis("missed events", { type: "value" }),
    yAxis: { type: "category", data: causes.map((row) => `${row.cascade}: ${row.cause}`), axisLabel: { color: cssColour("--ink") } },
    series: [{ type: "bar", barMaxWidth: 26, data: causes.map((row) => row.count), label: { show: true, position: "right", color: cssColour("--ink") } }],
  };
}

export function timelineChart(rows) {
  const parts = [...new Set(rows.map((row) => row.part))].reverse();
  const states = [...new Set(rows.map((row) => row.state))];
  const largest = Math.max(...rows.map((row) => row.power_w), 1e-12);
  const origin = Math.min(...rows.map((row) => row.start_s));
  const data = rows.map((row) => ({
    value: [parts.indexOf(row.part), (row.start_s - origin) * 1e3, (row.end_s - origin) * 1e3, row.power_w],
    name: `${row.part} ${row.state}`,
    itemStyle: { color: COLOURS[states.indexOf(row.state) % COLOURS.length], opacity: 0.12 + 0.88 * Math.sqrt(row.power_w / largest) },
  }));
  return {
    ...base("Which part is in which state during one activation"),
    legend: { show: false },
    grid: { left: 12, right: 20, top: 10, bottom: 70, containLabel: true },
    dataZoom: [{ type: "inside", filterMode: "none" }, { type: "slider", filterMode: "none", height: 18, bottom: 6 }],
    tooltip: { renderMode: "richText", confine: true, formatter: ({ name, value }) => `${name}\n${duration((value[2] - value[1]) / 1e3)} at ${quantity(value[3], "W")}` },
    xAxis: axis("time [ms]", { type: "value", min: "dataMin", max: "dataMax" }),
    yAxis: { type: "category", data: parts, axisLabel: { color: cssColour("--ink") } },
    series: [{
      type: "custom", encode: { x: [1, 2], y: 0 }, data, clip: true,
      renderItem: (parameters, api) => {
        const start = api.coord([api.value(1), api.value(0)]);
        const end = api.coord([api.value(2), api.value(0)]);
        const height = api.size([0, 1])[1] * 0.6;
        return { type: "rect", shape: { x: start[0], y: start[1] - height / 2, width: Math.max(end[0] - start[0], 1), height }, style: api.style() };
      },
    }],
  };
}

export function thresholdChart(rows, chosen, colour, feasible) {
  const first = thresholds(rows, "threshold_1");
  const second = thresholds(rows, "threshold_2");
  const values = rows.map((row) => colour.of(row)).filter((value) => Number.isFinite(value));
  const cell = (row) => [first.indexOf(row.threshold_1), second.indexOf(row.threshold_2)];
  const outline = rows.filter(feasible).map((row) => cell(row));
  return {
    ...base(`${colour.name} over both thresholds`),
    legend: { show: false },
    grid: { left: 52, right: 100, top: 10, bottom: 34, containLabel: true },
    tooltip: { renderMode: "richText", confine: true, formatter: ({ value }) => `${number(first[value[0]])} / ${number(second[value[1]])}\n${colour.name}: ${colour.text(value[2])}` },
    xAxis: axis("threshold of level 1", { type: "category", data: first.map((value) => number(value, 4)), splitLine: { show: false } }),
    yAxis: axis("threshold of level 2", { type: "category", data: second.map((value) => number(value, 4)), nameGap: 66, splitLine: { show: false } }),
    visualMap: {
      min: Math.min(...values), max: Math.max(...values), calculable: false, right: 0, text: [colour.text(Math.max(...values)), colour.text(Math.min(...values))], top: "middle", itemHeight: 120,
      inRange: { color: ["#fde725", "#5ec962", "#21918c", "#3b528b", "#440154"].reverse() },
      textStyle: { color: cssColour("--ink") }, formatter: (value) => colour.text(Number(value)), seriesIndex: 0,
    },
    series: [
      { type: "heatmap", data: rows.map((row) => [...cell(row), colour.of(row)]) },
      { type: "scatter", symbol: "circle", symbolSize: 5, silent: true, itemStyle: { color: "#ffffff", borderColor: "#000000" }, data: outline },
      { type: "scatter", symbol: "diamond", symbolSize: 18, silent: true, itemStyle: { color: "#ff2d55", borderColor: "#ffffff", borderWidth: 2 }, data: chosen ? [cell(chosen)] : [] },
    ],
  };
}

export function compareChart(names, values, title, unit) {
  return {
    ...base(`${title} of the compared runs`),
    legend: { show: false },
    grid: { left: 12, right: 90, top: 10, bottom: 34, containLabel: true },
    xAxis: axis(unit ? `${title} [${unit}]` : title, { type: "value" }),
    yAxis: { type: "category", data: [...names].reverse(), axisLabel: { color: cssColour("--ink"), width: 160, overflow: "truncate" } },
    series: [{ type: "bar", barMaxWidth: 26, data: [...values].reverse(), label: { show: true, position: "right", color: cssColour("--ink"), formatter: ({ value }) => number(value) } }],
  };
}

export const chartOf = (element) => getInstanceByDom(element);
