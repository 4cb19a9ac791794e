// The only place that talks to the service. Every refusal is an ApiProblem with the service's own words.

const ROOT = "api/v1";
const POLL_MS = 400;
const BUSY_MS = 2_000;

export class ApiProblem extends Error {
  constructor(status, document) {
    super(document?.detail || `the service answered ${status}`);
    this.status = status;
    this.problems = document?.problems ?? [];
  }
}

function token() {
  return sessionStorage.getItem("token");
}

export const hasToken = () => Boolean(token());

async function call(path, { method = "GET", body, type = "application/json", raw = false } = {}) {
  const headers = body === undefined ? {} : { "content-type": type };
  if (token()) headers.authorization = `Bearer ${token()}`;
  let response;
  try {
    response = await fetch(path, { method, body, headers });
  } catch {
    throw new ApiProblem(0, { detail: "the service does not answer; is `powerplan serve` still running?" });
  }
  if (response.status === 401 && askForToken()) return call(path, { method, body, type, raw });
  if (!response.ok) throw new ApiProblem(response.status, await response.json().catch(() => null));
  if (raw) return response;
  return response.status === 204 ? null : response.json();
}

function askForToken() {
  const given = prompt("This service asks for its access token:");
  if (given) sessionStorage.setItem("token", given);
  return Boolean(given);
}

const post = (path, value) => call(path, { method: "POST", body: JSON.stringify(value) });

export const version = () => call("version");
export const schema = () => call(`${ROOT}/schema`);
export const products = async () => (await call(`${ROOT}/products`)).products;
export const product = (name) => call(`${ROOT}/products/${encodeURIComponent(name)}`);
export const profiles = async () => (await call(`${ROOT}/profiles`)).profiles;
export const profile = (kind, name) => call(`${ROOT}/profiles/${encodeURIComponent(kind)}/${encodeURIComponent(name)}`);
export const validate = (name, text) => post(`${ROOT}/validate`, { name, text });
export const submit = (kind, scenario, options = {}) => post(`${ROOT}/jobs`, { kind, scenario, options });
export const submitSeveral = (kind, scenarios, options = {}) => post(`${ROOT}/jobs`, { kind, scenarios, options });
export const jobs = async () => (await call(`${ROOT}/jobs?limit=200`)).jobs;
export const job = (id) => call(`${ROOT}/jobs/${id}`);
export const inputs = (id) => call(`${ROOT}/jobs/${id}/inputs`);
export const cancel = (id) => post(`${ROOT}/jobs/${id}/cancel`, {});
export const result = (id) => call(`${ROOT}/results/${id}`);
export const diff = (before, after) => call(`${ROOT}/diff?before=${before}&after=${after}&allow=workload&allow=requirements&allow=horizon`);
export const fileLink = (id, name) => `${ROOT}/results/${id}/${encodeURIComponent(name)}`;

// A table of a result as rows; an absent one has none.
export async function rows(id, name) {
  let table;
  try {
    table = await call(`${ROOT}/results/${id}/tables/${name}.json`);
  } catch (problem) {
    if (problem.status === 404) return [];
    throw problem;
  }
  const names = Object.keys(table.columns);
  const count = names.length ? table.columns[names[0]].length : 0;
  return Array.from({ length: count }, (_, index) => Object.fromEntries(names.map((key) => [key, table.columns[key][index]])));
}

export async function download(path, name) {
  const blob = await (await call(path, { raw: true })).blob();
  save(blob, name);
}

export function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

export async function upload(file) {
  const [route, type] = file.name.toLowerCase().endsWith(".csv") ? ["scores", "text/csv"] : ["models", "application/octet-stream"];
  return call(`${ROOT}/${route}`, { method: "POST", body: await file.arrayBuffer(), type });
}

// Follow a job until it is finished: events of the service, or asking now and then where a stream is not possible.
export function follow(id, onProgress) {
  return new Promise((resolve, reject) => {
    const finished = ["done", "failed", "cancelled"];
    const ask = async () => {
      try {
        const now = await job(id);
        onProgress(now.state, now.progress);
        if (finished.includes(now.state)) resolve(now);
        else setTimeout(ask, POLL_MS);
      } catch (problem) {
        // 503: its journal is away for a while; the job goes on.
        if (problem.status === 503) setTimeout(ask, BUSY_MS);
        else reject(problem);
      }
    };
    if (token()) { ask(); return; }
    const source = new EventSource(`${ROOT}/jobs/${id}/events`);
    source.addEventListener("progress", (event) => onProgress("running", JSON.parse(event.data)));
    source.addEventListener("state", (event) => {
      const { state } = JSON.parse(event.data);
      onProgress(state, { stage: "", share: 0 });
      if (finished.includes(state)) { source.close(); ask(); }
    });
    source.addEventListener("error", () => { source.close(); ask(); });
  });
}
