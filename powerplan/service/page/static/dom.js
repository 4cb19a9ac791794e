// Small helpers to build a page: text is always text, never markup.

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name === "dataset") Object.assign(element.dataset, value);
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export const byId = (id) => document.getElementById(id);

export function fill(element, ...children) {
  element.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function table(headings, rows, attributes = {}) {
  const cells = (tag, values) => values.map((value) => {
    const numeric = value && value.numeric !== undefined;
    return make(tag, numeric ? { class: "numeric" } : {}, numeric ? value.numeric : value ?? "");
  });
  return make("div", { class: "scroll" }, make("table", attributes,
    make("thead", {}, make("tr", {}, cells("th", headings))),
    make("tbody", {}, rows.map((row) => make("tr", {}, cells("td", row))))));
}

export const numeric = (text) => ({ numeric: text });

export function verdictBadge(verdict) {
  return make("span", { class: `verdict ${verdict.toLowerCase().replaceAll(" ", "-")}` }, verdict);
}

export function announce(text) {
  byId("status").textContent = text;
}
