// The only place that talks to the service. Every refusal is an ApiProblem with the service's own words.

const ROOT = "api/v1";
const POLL_MS = 400;

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

export const version = () => call(`${ROOT}/version`);
export const schema = () => call(`${ROOT}/schema`);
export const products = async () => (await call(`${ROOT}/products`)).products;
export const product = (name) => call(`${ROOT}/products/${encodeURIComponent(name)}`);
export const profiles = async () => (await call(`${ROOT}/profiles`)).profiles;
export const profile = (name) => call(`${ROOT}/profiles/${encodeURIComponent(name)}`);
export const validate = (name, text) => post(`${ROOT}/validate`, { name, text });
export const submit = (kind, scenarios, options = {}) => post(`${ROOT}/jobs`, { kind, scenarios, options });
export const jobs = async () => (await call(`${ROOT}/jobs`)).jobs;
export const job = (id) => call(`${ROOT}/jobs/${id}`);
export const inputs = (id) => call(`${ROOT}/jobs/${id}/inputs`);
export const cancel = (id) => call(`${ROOT}/jobs/${id}/cancel`, { method: "POST", body: "{}" });
export const result = (id) => call(`${ROOT}/results/${id}`);
export const table = (id, name) => call(`${ROOT}/results/${id}/tables/${name}`);
export const fileLink = (id, name) => `${ROOT}/results/${id}/files/${encodeURIComponent(name)}`;

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
  const kind = file.name.toLowerCase().endsWith(".csv") ? "scores" : "models";
  return call(`${ROOT}/${kind}`, { method: "POST", body: await file.arrayBuffer(), type: "application/octet-stream" });
}

// Follow a job until it is finished: events of the server, or asking now and then where a stream is not possible.
export function follow(id, onProgress) {
  return new Promise((resolve, reject) => {
    const finished = ["done", "failed", "cancelled"];
    const ask = async () => {
      try {
        const now = await job(id);
        onProgress(now);
        if (finished.includes(now.state)) resolve(now);
        else setTimeout(ask, POLL_MS);
      } catch (problem) { reject(problem); }
    };
    if (token()) { ask(); return; }
    const source = new EventSource(`${ROOT}/jobs/${id}/events`);
    const take = (event) => {
      const now = JSON.parse(event.data);
      onProgress(now);
      if (finished.includes(now.state)) { source.close(); resolve(now); }
    };
    ["message", "progress", "state", "job"].forEach((name) => source.addEventListener(name, take));
    source.addEventListener("error", () => { source.close(); ask(); });
  });
}
