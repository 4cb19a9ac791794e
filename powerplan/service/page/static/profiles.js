// The device library: find a part, see every figure with its source, assumed ones marked.

import * as api from "./api.js";
import { fill, make, table } from "./dom.js";

export async function showProfiles(element, all, kind, name) {
  if (name) {
    await showProfile(element, kind, name);
    return;
  }
  const kinds = [...new Set(all.map((profile) => profile.kind))].sort();
  const list = make("div", {});
  const search = make("input", { type: "search", id: "profile-search", placeholder: "name, part, word", oninput: () => update() });
  const kinded = make("select", { id: "profile-kind", onchange: () => update() },
    make("option", { value: "" }, "all kinds"), kinds.map((one) => make("option", { value: one }, one)));
  const update = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = all.filter((profile) => (!kinded.value || profile.kind === kinded.value)
      && words.every((word) => `${profile.name} ${profile.part} ${profile.summary} ${profile.kind}`.toLowerCase().includes(word)));
    fill(list, make("p", { class: "hint" }, `${found.length} of ${all.length} profiles`),
      table(["name", "kind", "part", "summary"], found.map((profile) =>
        [make("a", { href: `#/profiles/${profile.kind}/${profile.name}` }, profile.name), profile.kind, profile.part, profile.summary]), { id: "profile-table" }));
  };
  fill(element, make("h2", {}, "Profiles"), make("div", { class: "bar" },
    make("label", {}, "Search ", search), make("label", {}, "Kind ", kinded)), list);
  update();
}

async function showProfile(element, kind, name) {
  const profile = await api.profile(kind, name);
  const rows = profile.figures.map((figure) => [
    figure.figure, figure.value, [figure.min, figure.max].filter(Boolean).join(" to "),
    make("span", { class: figure.basis === "assumed" ? "assumed" : "" }, figure.basis),
    [profile.sources[figure.source] ?? figure.source, figure.where].filter(Boolean).join(", "),
  ]);
  fill(element,
    make("p", {}, make("a", { href: "#/profiles" }, "← all profiles")),
    make("h2", {}, `${profile.name}  (${profile.kind})`), make("p", {}, [profile.part, profile.summary].filter(Boolean).join(": ")),
    table(["figure", "value", "range", "basis", "source"], rows, { id: "figure-table" }),
    profile.notes.length ? make("ul", { class: "notes" }, profile.notes.map((note) => make("li", {}, note))) : null,
    profile.not_found.length ? make("p", {}, make("b", {}, "Not published: "), profile.not_found.join("; ")) : null,
    make("p", { class: "hint" }, "SHA-256 ", make("code", {}, profile.sha256)));
}
