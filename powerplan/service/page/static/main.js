// Starts the page and follows the address: #/plan, #/runs, #/compare/ids, #/profiles/name, #/result/id.

import * as api from "./api.js";
import { redrawOnResize } from "./charts.js";
import { showCompare } from "./compare.js";
import { announce, byId, fill, make } from "./dom.js";
import { PlanView } from "./plan.js";
import { showProfiles } from "./profiles.js";
import { showRuns } from "./runs.js";

const VIEWS = ["plan", "runs", "compare", "profiles"];

async function start() {
  const [schema, profiles, products, version] = await Promise.all([api.schema(), api.profiles(), api.products(), api.version()]);
  byId("version").textContent = `powerplan ${version.powerplan}`;
  const plan = new PlanView({ schema, profiles, products });
  const route = async () => {
    const [view, rest, more] = location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
    const name = view === "result" ? "plan" : VIEWS.includes(view) ? view : "plan";
    for (const one of VIEWS) byId(one).hidden = one !== name;
    document.querySelectorAll("nav a").forEach((link) => {
      if (link.dataset.view === name) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    });
    try {
      if (view === "result") await plan.openResult(rest);
      else if (name === "runs") await showRuns(byId("runs"));
      else if (name === "compare") await showCompare(byId("compare"), (rest ?? "").split(",").filter(Boolean));
      else if (name === "profiles") await showProfiles(byId("profiles"), profiles, rest, more);
    } catch (problem) {
      announce(problem.message);
      if (name !== "plan") fill(byId(name), make("p", { class: "assumed" }, problem.message));
    }
  };
  addEventListener("hashchange", route);
  redrawOnResize();
  await plan.begin();
  await route();
}

start().catch((problem) => announce(problem.message));
