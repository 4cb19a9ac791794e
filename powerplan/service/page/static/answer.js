// One result on the page: verdicts first, then what eats the energy, then every picture, then where it comes from.

import * as api from "./api.js";
import * as charts from "./charts.js";
import { fill, make, numeric, table, verdictBadge } from "./dom.js";
import { days, interval, number, percent, quantity } from "./format.js";

const PICTURES = [
  ["energy", "Energy by part and state", (rows) => charts.energyChart(rows)],
  ["battery", "Battery discharge", (rows, life) => charts.batteryChart(rows, life)],
  ["timeline", "Parts during one activation", (rows) => charts.timelineChart(rows)],
  ["latency", "Latency", (rows) => charts.latencyChart(rows.filter((row) => row.stage === "total"))],
  ["latency", "Time of each stage", (rows) => charts.stagesChart(rows)],
  ["misses", "Missed events by cause", (rows) => charts.missesChart(rows)],
];

export async function showAnswer(element, result) {
  const run = result.document;
  const life = run.metrics.battery_life;
  const tables = {};
  const load = (name) => (tables[name] ??= api.rows(result.id, name));
  const assumed = run.metrics.assumed_energy;
  fill(element,
    headline(run, life, assumed),
    verdictTable(run),
    await advice(load),
    ...(await pictures(load, life)),
    make("h2", {}, "All numbers"), metricsTable(run),
    await figures(load),
    make("h2", {}, "Where it comes from"), reproduce(result, run),
    make("h2", {}, "Files"), reportButton(result), files(result));
  drawAll(element, tables, life);
}

function reportButton(result) {
  if (result.files.some((file) => file.name === "report.html")) return null;
  const button = make("button", { type: "button", id: "make-report", onclick: async () => {
    button.disabled = true;
    try {
      const asked = await api.inputs(result.id);
      const job = await api.submit("report", asked.scenarios[0], asked.options);
      const ended = await api.follow(job.id, (state, progress) => { button.textContent = progress.stage || state; });
      if (ended.state === "done") {
        const made = await api.result(job.id);
        button.replaceWith(make("div", { id: "report-files" }, files(made)));
      } else button.textContent = ended.problem?.detail ?? ended.state;
    } catch (problem) {
      button.textContent = problem.message;
    }
  } }, "Make the report with all its plots");
  return make("p", {}, button);
}

function headline(run, life, assumed) {
  if (!life) {
    const failing = run.gates.filter((gate) => !gate.passes);
    return make("div", {}, make("p", { class: "headline" }, verdictBadge("NOT FEASIBLE")), ...failing.map((gate) =>
      make("p", {}, `${gate.name}: needs ${quantity(gate.needed, gate.unit)}, has ${quantity(gate.available, gate.unit)}. ${gate.detail}`)));
  }
  return make("div", {},
    make("p", { class: "headline" }, `${days(life.value)} `, make("small", {}, interval(life) && `(${interval(life)})`)),
    make("p", {}, `The life ends because ${run.end_text || run.end_reason}. Mean current `
      + `${quantity(run.metrics.average_current?.value, "A")} at the battery, ${run.engine} engine, seed ${run.seed}.`),
    assumed && make("p", { class: "hint" }, `${percent(assumed.value)} of the energy rests on assumed figures.`));
}

function verdictTable(run) {
  if (!run.requirements.length) return make("p", { class: "hint" }, "The scenario states no requirements.");
  const rows = run.requirements.map((line) => [
    line.id, line.text, verdictBadge(line.verdict), numeric(quantity(line.value, line.unit)),
    numeric(quantity(line.limit, line.unit)), numeric(line.margin === null ? "–" : percent(line.margin)), line.note,
  ]);
  return make("div", {}, make("h2", {}, "Verdicts"),
    table(["", "requirement", "verdict", numeric("value"), numeric("limit"), numeric("margin"), "note"], rows, { id: "verdicts" }));
}

async function advice(load) {
  const rows = await load("advice");
  if (!rows.length) return null;
  return make("div", {}, make("h2", {}, "What would change the verdict"),
    make("ul", {}, rows.map((row) => make("li", {}, make("b", {}, `${row.requirement} `), row.text))));
}

async function pictures(load, life) {
  if (!life) return [];
  const drawn = [];
  for (const [name, heading] of PICTURES) {
    const rows = (await load(name)).filter((row) => row.cause !== "detected");
    if (rows.length) drawn.push(make("h2", {}, heading), make("div", { class: "chart", role: "img", dataset: { picture: heading } }));
  }
  return drawn;
}

async function drawAll(element, tables, life) {
  for (const [name, heading, option] of PICTURES) {
    const place = element.querySelector(`[data-picture="${heading}"]`);
    if (place) {
      const drawing = option(await tables[name], life);
      place.setAttribute("aria-label", drawing.aria.label.description);
      charts.draw(place, drawing);
    }
  }
}

function metricsTable(run) {
  const rows = Object.entries(run.metrics).map(([name, metric]) =>
    [name, numeric(quantity(metric.value, metric.unit)), numeric(interval(metric)), metric.method]);
  return make("details", {}, make("summary", {}, `${rows.length} metrics with intervals and methods`),
    table(["metric", numeric("value"), numeric("interval"), "method"], rows));
}

async function figures(load) {
  const rows = await load("figures");
  if (!rows.length) return null;
  const cells = rows.map((row) => [row.part, row.figure, numeric(number(row.value)),
    row.low === row.high ? "" : `${number(row.low)} to ${number(row.high)}`, row.dimension,
    make("span", { class: row.basis === "assumed" ? "assumed" : "" }, row.basis), [row.source, row.where].filter(Boolean).join(", ")]);
  return make("details", {}, make("summary", {}, `${rows.length} figures and their sources`),
    table(["part", "figure", numeric("value (SI)"), "range", "kind", "basis", "source"], cells));
}

function reproduce(result, run) {
  const hashes = Object.entries(run.hashes).map(([name, hash]) => [name, make("code", {}, hash.slice(0, 16))]);
  return make("div", {},
    make("ul", { class: "notes" }, run.notes.map((note) => make("li", {}, note))),
    make("details", {}, make("summary", {}, "Hashes of all inputs"), table(["input", "SHA-256"], hashes)),
    make("p", { class: "hint" }, "Link to share this result: ", make("a", { href: `#/result/${result.id}` }, location.href.split("#")[0] + `#/result/${result.id}`)));
}

export function files(result) {
  return make("ul", { class: "links" }, result.files.map((file) => {
    const shown = file.name.endsWith(".html");
    return make("li", {}, make("a", {
      href: api.fileLink(result.id, file.name), target: shown ? "_blank" : null, rel: "noopener",
      onclick: (event) => {
        if (shown && !api.hasToken()) return;
        event.preventDefault();
        api.download(api.fileLink(result.id, file.name), file.name);
      },
    }, file.name));
  }));
}
