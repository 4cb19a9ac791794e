// Jobs of this service: what was asked, where it stands, and a way back to each answer.

import * as api from "./api.js";
import { fill, make, table } from "./dom.js";

const PLANNED = new Set(["run", "verify", "report"]);

export async function showRuns(element) {
  const jobs = await api.jobs();
  if (!jobs.length) {
    fill(element, make("h2", {}, "Runs"), make("p", { class: "empty" }, "Nothing was run yet."));
    return;
  }
  const rows = jobs.map((job) => [
    make("a", { href: `#/result/${job.id}` }, job.names.join(", ")), job.kind, job.state,
    job.state === "running" ? `${Math.round(100 * job.progress.share)} %` : "", new Date(job.created).toLocaleString(),
    job.problem?.detail ?? "",
  ]);
  fill(element, make("h2", {}, "Runs"), table(["scenario", "kind", "state", "progress", "asked", "problem"], rows, { id: "runs-table" }),
    make("p", {}, make("button", { type: "button", onclick: () => showRuns(element) }, "Refresh")));
}

export async function finishedRuns() {
  const jobs = await api.jobs();
  return jobs.filter((job) => job.state === "done" && PLANNED.has(job.kind));
}
