// Numbers as people read them: three significant digits, the best prefix, the unit always there.

const PREFIXES = [[1e9, "G"], [1e6, "M"], [1e3, "k"], [1, ""], [1e-3, "m"], [1e-6, "µ"], [1e-9, "n"], [1e-12, "p"]];
const PREFIXED = new Set(["A", "V", "W", "J", "C", "Hz", "B", "F"]);
const SECONDS_PER_DAY = 86400;

export function number(value, digits = 3) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (typeof value === "string") return value;
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(digits - 1);
  return Number(value.toPrecision(digits)).toLocaleString("en", { maximumSignificantDigits: Math.max(digits, 15) });
}

export function quantity(value, unit) {
  if (value === null || value === undefined) return "–";
  if (unit === "d") return days(value);
  if (unit === "s") return duration(value);
  if (unit === "1" || !unit) return number(value, 4);
  if (unit === "1/d") return `${number(value)}/day`;
  if (!PREFIXED.has(unit) || value === 0) return `${number(value)} ${unit}`;
  const [scale, prefix] = PREFIXES.find(([scale]) => Math.abs(value) >= scale * 0.9995) ?? PREFIXES.at(-1);
  return `${number(value / scale)} ${prefix}${unit}`;
}

// The prefix in which all of some values read well: [values in it, unit with prefix].
export function common(values, unit) {
  if (!PREFIXED.has(unit)) return [values, unit === "d" ? "days" : unit];
  const largest = Math.max(...values.map(Math.abs));
  const [scale, prefix] = PREFIXES.find(([scale]) => largest >= scale) ?? PREFIXES.at(-1);
  return [values.map((value) => value / scale), `${prefix}${unit}`];
}

export function days(value) {
  if (Math.abs(value) >= 730) return `${number(value / 365)} years`;
  if (Math.abs(value) >= 2) return `${number(value)} days`;
  return duration(value * SECONDS_PER_DAY);
}

export function duration(seconds) {
  const size = Math.abs(seconds);
  if (size === 0) return "0 s";
  if (size < 1e-6) return `${number(seconds * 1e9)} ns`;
  if (size < 1e-3) return `${number(seconds * 1e6)} µs`;
  if (size < 1) return `${number(seconds * 1e3)} ms`;
  if (size < 120) return `${number(seconds)} s`;
  if (size < 7200) return `${number(seconds / 60)} min`;
  if (size < 2 * SECONDS_PER_DAY) return `${number(seconds / 3600)} h`;
  return days(seconds / SECONDS_PER_DAY);
}

export const percent = (fraction) => (fraction === null || fraction === undefined ? "–" : `${number(100 * fraction)} %`);

export function interval(metric) {
  if (!metric || metric.low === metric.high || metric.low === null || metric.low === undefined) return "";
  return `${quantity(metric.low, metric.unit)} to ${quantity(metric.high, metric.unit)}`;
}

// Thresholds in order; `never` (above every score) comes last.
export function thresholds(rows, key) {
  const size = (value) => (typeof value === "number" ? value : Infinity);
  return [...new Set(rows.map((row) => row[key]))].sort((one, other) => size(one) - size(other));
}
