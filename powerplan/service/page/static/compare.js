// Two or more runs side by side: the same metric in one row, the difference to the first run in its unit.

import * as api from "./api.js";
import { files } from "./answer.js";
import * as charts from "./charts.js";
import { fill, make, numeric, table, verdictBadge } from "./dom.js";
import { common, number, quantity } from "./format.js";
import { finishedRuns } from "./runs.js";

const PICTURED = [["battery_life", "battery life"], ["average_current", "mean current"]];
const LIMIT = 8;
const WHY = "Play them in the same world and say why they differ";

export async function showCompare(element, chosen) {
  const jobs = await finishedRuns();
  const boxes = jobs.slice(0, 50).map((job) => make("label", {},
    make("input", { type: "checkbox", value: job.id, checked: chosen.includes(job.id) }), ` ${job.names.join(", ")} `,
    make("span", { class: "hint" }, new Date(job.created).toLocaleString())));
  const place = make("div", { id: "comparison" });
  const button = make("button", { type: "button", class: "primary", onclick: () => {
    const ids = [...element.querySelectorAll("input:checked")].map((box) => box.value).slice(0, LIMIT);
    location.hash = `#/compare/${ids.join(",")}`;
  } }, "Compare");
  fill(element, make("h2", {}, "Compare runs"),
    jobs.length ? make("div", { id: "choices" }, boxes.map((box) => make("div", {}, box))) : make("p", { class: "empty" }, "Run two scenarios first."),
    make("div", { class: "bar" }, button), place);
  if (chosen.length >= 2) await compare(place, chosen);
  else if (chosen.length === 1) fill(place, make("p", { class: "empty" }, "Choose two runs or more."));
}

async function compare(place, ids) {
  const results = await Promise.all(ids.map((id) => api.result(id)));
  const runs = results.map((result) => result.document);
  const labels = names(runs);
  const metrics = [...new Set(runs.flatMap((run) => Object.keys(run.metrics)))].sort();
  const changed = metrics.filter((name) => new Set(runs.map((run) => run.metrics[name]?.value)).size > 1);
  const warnings = unlike(runs);
  const pictures = PICTURED.filter(([name]) => runs.every((run) => run.metrics[name]));
  const elements = pictures.map(([, title]) => make("div", { class: "chart", role: "img", "aria-label": `${title} of the compared runs` }));
  fill(place,
    ...warnings.map((warning) => make("p", { class: "assumed" }, warning)),
    why(ids),
    make("h2", {}, "Requirements"), requirements(runs, labels),
    make("h2", {}, "Inputs that differ"), await inputs(ids, runs, labels),
    ...elements.flatMap((element, index) => [make("h2", {}, pictures[index][1]), element]),
    make("h2", {}, `Metrics that differ (${changed.length} of ${metrics.length})`),
    !changed.length ? make("p", { class: "empty" }, "Every metric is the same.") : table(["metric", ...labels.map(numeric)], changed.map((name) => [name, ...runs.map((run, index) => numeric(cell(runs, name, index)))]), { id: "metrics-compared" }));
  pictures.forEach(([name, title], index) => {
    const [values, unit] = common(runs.map((run) => run.metrics[name].value), runs[0].metrics[name].unit);
    charts.draw(elements[index], charts.compareChart(labels, values, title, unit));
  });
}

// The designs once more in one world, with the input that moved each line found by simulation.
function why(ids) {
  const place = make("div", { id: "why" });
  const button = make("button", { type: "button", id: "ask-why", onclick: async () => {
    button.disabled = true;
    try {
      const asked = await Promise.all(ids.map((id) => api.inputs(id)));
      const scenarios = asked.map((one, index) => ({ name: `${one.scenarios[0].name}_${index + 1}`.slice(-48), text: one.scenarios[0].text }));
      const job = await api.submitSeveral("compare", scenarios);
      const ended = await api.follow(job.id, (state, progress) => { button.textContent = progress.stage || state; });
      if (ended.state === "done") {
        const found = await api.result(job.id);
        fill(place, make("pre", {}, found.text.join("\n")), files(found));
      } else fill(place, make("p", { class: "assumed" }, ended.problem?.detail ?? ended.state));
    } catch (problem) {
      fill(place, make("p", { class: "assumed" }, problem.message));
    }
    button.textContent = WHY;
    button.disabled = false;
  } }, WHY);
  return make("div", {}, make("p", {}, button), place);
}

function names(runs) {
  return runs.map((run, index) => (runs.filter((other) => other.scenario === run.scenario).length > 1 ? `${index + 1}: ${run.scenario}` : run.scenario));
}

function unlike(runs) {
  const found = [];
  if (new Set(runs.map((run) => run.seed)).size > 1) found.push("The runs have different seeds: part of the differences is chance.");
  if (new Set(runs.map((run) => run.powerplan)).size > 1) found.push("The runs were made by different versions of powerplan.");
  if (new Set(runs.map((run) => run.simulated_days)).size > 1) found.push("The runs simulated different spans of time.");
  return found;
}

function cell(runs, name, index) {
  const metric = runs[index].metrics[name];
  const first = runs[0].metrics[name];
  if (!metric) return "–";
  const value = quantity(metric.value, metric.unit);
  if (index === 0 || !first || metric.value === null || first.value === null) return value;
  const delta = metric.value - first.value;
  const share = first.value ? ` (${delta >= 0 ? "+" : ""}${number((100 * delta) / first.value)} %)` : "";
  return `${value}  ${delta >= 0 ? "+" : "−"}${quantity(Math.abs(delta), metric.unit)}${share}`;
}

function requirements(runs, labels) {
  const ids = [...new Set(runs.flatMap((run) => run.requirements.map((line) => line.id)))];
  const rows = ids.map((id) => {
    const lines = runs.map((run) => run.requirements.find((line) => line.id === id));
    return [id, lines.find(Boolean).text, ...lines.map((line) => (line ? verdictBadge(line.verdict) : "–"))];
  });
  return rows.length ? table(["", "requirement", ...labels], rows, { id: "requirements-compared" }) : make("p", { class: "empty" }, "No requirements.");
}

// Two runs: every input that differs, by its key; more runs: the files behind them.
async function inputs(ids, runs, labels) {
  let rows;
  if (ids.length === 2) {
    const { document } = await api.diff(...ids);
    const said = (change, value) => (value === null ? "–" : change.kind === "figure" ? `${number(value)} (SI)` : String(value));
    rows = document.against_baseline[0].changed.map((change) => [change.name, said(change, change.before), said(change, change.after)]);
  } else {
    const all = [...new Set(runs.flatMap((run) => Object.keys(run.hashes)))].sort();
    rows = all.filter((name) => new Set(runs.map((run) => run.hashes[name])).size > 1)
      .map((name) => [name, ...runs.map((run) => run.hashes[name]?.slice(0, 12) ?? "–")]);
  }
  return rows.length ? table(["input", ...labels], rows, { id: "inputs-compared" }) : make("p", { class: "empty" }, "All inputs are the same.");
}
