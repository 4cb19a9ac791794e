// The view that plans: an editor beside the answer.

import * as api from "./api.js";
import { announce, byId, fill, make } from "./dom.js";
import { ScenarioEditor } from "./editor.js";
import { ScenarioSchema } from "./schema.js";
import { showAnswer } from "./answer.js";
import { showThresholds } from "./thresholds.js";

const DRAFT = "powerplan.draft";
const THRESHOLD_COUNT = 16;
const DEFAULT_PRODUCT = "wake_word_remote";

export class PlanView {
  constructor({ schema, profiles, products }) {
    this.running = null;
    this.editor = new ScenarioEditor(byId("editor"), {
      schema: new ScenarioSchema(schema, profiles),
      validate: (text) => this.validate(text), onChange: () => this.remember(),
    });
    this.connect(products);
  }

  connect(products) {
    fill(byId("product"), make("option", { value: "" }, "choose a product"),
      products.map((product) => make("option", { value: product.name, title: product.summary }, product.name)));
    byId("product").addEventListener("change", (event) => event.target.value && this.startFrom(event.target.value));
    byId("name").addEventListener("input", () => this.remember());
    byId("open").addEventListener("change", (event) => this.open(event.target));
    byId("download").addEventListener("click", () => api.save(new Blob([this.editor.text], { type: "text/yaml" }), `${this.name}.yaml`));
    byId("run").addEventListener("click", () => this.ask("run"));
    byId("thresholds").addEventListener("click", () => this.ask("sweep", { thresholds: THRESHOLD_COUNT }));
    byId("cancel").addEventListener("click", () => this.running && api.cancel(this.running));
    byId("upload").addEventListener("change", (event) => this.upload(event.target));
    byId("editor").addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); this.ask("run"); }
    }, { capture: true });
  }

  async begin() {
    const draft = JSON.parse(localStorage.getItem(DRAFT) ?? "null");
    if (draft?.text) this.put(draft.name, draft.text);
    else await this.startFrom(DEFAULT_PRODUCT);
  }

  get name() { return byId("name").value.replaceAll(/[^A-Za-z0-9_-]/g, "_").replace(/^[_-]+/, "") || "scenario"; }

  put(name, text) {
    byId("name").value = name;
    if (this.editor.text !== text) this.editor.text = text;
  }

  remember() {
    localStorage.setItem(DRAFT, JSON.stringify({ name: this.name, text: this.editor.text }));
  }

  async startFrom(name) {
    const product = await api.product(name);
    this.put(name, product.text);
    byId("product").value = name;
  }

  async open(input) {
    const [file] = input.files;
    input.value = "";
    if (!file) return;
    this.put(file.name.replace(/\.[^.]*$/, "").replaceAll(/[^A-Za-z0-9_-]/g, "_").slice(0, 48) || "scenario", await file.text());
  }

  async validate(text) {
    try {
      const found = await api.validate(this.name, text);
      this.list(found.problems, found.hidden_count);
      return found.problems;
    } catch (problem) {
      announce(problem.message);
      return null;
    }
  }

  list(problems, hidden = 0) {
    fill(byId("problems"),
      problems.length ? null : make("li", { class: "hint" }, "none"),
      problems.map((problem) => make("li", { class: problem.severity }, make("button", {
        type: "button", onclick: () => this.editor.goTo(problem.line, problem.column),
      }, make("code", {}, `${problem.line}:${problem.column} ${problem.code} `), problem.message,
      problem.hint ? make("span", { class: "hint" }, ` ${problem.hint}`) : null))),
      hidden ? make("li", {}, `and ${hidden} more`) : null);
  }

  async ask(kind, options = {}) {
        byId("run").disabled = byId("thresholds").disabled = true;
    try {
      const job = await api.submit(kind, { name: this.name, text: this.editor.text }, options);
      this.running = job.id;
      byId("cancel").hidden = false;
      const ended = await api.follow(job.id, (state, progress) => this.progress(state, progress));
      if (ended.state === "done") location.hash = `#/result/${job.id}`;
      else this.failed(ended);
      if (location.hash === `#/result/${job.id}`) await this.showResult(job.id);
    } catch (problem) {
      this.list(problem.problems?.length ? problem.problems : [{ line: 1, column: 1, code: "", message: problem.message, severity: "error" }]);
      if (problem.problems?.length) this.editor.show(problem.problems);
      announce(problem.message);
    } finally {
      this.running = null;
      byId("run").disabled = byId("thresholds").disabled = false;
      byId("cancel").hidden = byId("progress").hidden = true;
    }
  }

  progress(state, { stage, share }) {
    byId("progress").hidden = false;
    const [bar, words] = byId("progress").children;
    if (state === "running" && share > 0) bar.value = share;
    else bar.removeAttribute("value");
    words.textContent = state === "running" && stage ? stage : state;
  }

  failed(job) {
    const problems = job.problem?.problems ?? [];
    this.list(problems.length ? problems : [{ line: 1, column: 1, code: "", message: job.problem?.detail ?? job.state, severity: "error" }]);
    announce(job.state === "cancelled" ? "cancelled" : job.problem?.detail ?? job.state);
  }

  async showResult(id) {
    const answer = byId("answer");
    if (this.shown === id) return;
    const result = await api.result(id);
    this.shown = id;
    if (result.kind === "sweep") showThresholds(answer, result);
    else if (result.document.metrics) await showAnswer(answer, result);
    else fill(answer, make("pre", {}, result.text.join("\n")));
    announce(`${result.kind} of ${result.document.scenario ?? this.name} is done`);
  }

  async openResult(id) {
    const asked = await api.inputs(id);
    const [scenario] = asked.scenarios;
    this.put(scenario.name, scenario.text);
    const job = await api.job(id);
    if (job.state === "done") await this.showResult(id);
    else this.failed(job);
  }

  async upload(input) {
    const [file] = input.files;
    input.value = "";
    if (!file) return;
    try {
      const kept = await api.upload(file);
      byId("uploads").append(make("li", {}, `${file.name}: write `, make("code", {}, kept.reference)));
    } catch (problem) {
      byId("uploads").append(make("li", { class: "assumed" }, `${file.name}: ${problem.message}`));
    }
  }
}
