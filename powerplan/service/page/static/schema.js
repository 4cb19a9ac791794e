// What may stand at a place of a scenario: walks the JSON Schema of `powerplan schema` along a path of keys.

export class ScenarioSchema {
  constructor(schema, profiles) {
    this.root = schema;
    this.kindOfProfile = new Map(profiles.map((profile) => [profile.name, profile.kind]));
    this.profiles = profiles;
  }

  resolve(node) {
    while (node && node.$ref) node = this.root.$defs[node.$ref.split("/").at(-1)];
    return node;
  }

  // The schemas a value may follow, unions taken apart.
  branches(node) {
    node = this.resolve(node);
    if (!node) return [];
    const union = node.anyOf ?? node.oneOf;
    const own = node.properties || node.additionalProperties || node.patternProperties || node.items || node.enum || !union;
    return [...(own ? [node] : []), ...(union ?? []).flatMap((member) => this.branches(member))];
  }

  // The schemas of the value at `path`; `document` gives the profile of a part, which decides between kinds.
  at(path, kindOf = () => null) {
    let nodes = this.branches(this.root);
    path.forEach((key, depth) => {
      nodes = nodes.flatMap((node) => this.step(node, key)).flatMap((node) => this.branches(node));
      if (depth === 1 && path[0] === "parts") nodes = this.ofKind(nodes, kindOf(path[1]));
    });
    return nodes;
  }

  step(node, key) {
    if (typeof key === "number") return node.items ? [node.items] : [];
    if (node.properties && key in node.properties) return [node.properties[key]];
    for (const [pattern, member] of Object.entries(node.patternProperties ?? {})) {
      if (new RegExp(pattern).test(key)) return [member];
    }
    return node.additionalProperties && typeof node.additionalProperties === "object" ? [node.additionalProperties] : [];
  }

  ofKind(nodes, kind) {
    const own = nodes.filter((node) => node === this.root.$defs[`${kind}_part`]);
    return own.length ? own : nodes;
  }

  keys(path, kindOf) {
    const found = new Map();
    for (const node of this.at(path, kindOf)) {
      for (const [key, member] of Object.entries(node.properties ?? {})) {
        if (!found.has(key)) found.set(key, { text: this.describe(member), required: (node.required ?? []).includes(key) });
      }
    }
    return found;
  }

  values(path, kindOf) {
    const found = new Map();
    for (const node of this.at(path, kindOf)) {
      for (const value of node.enum ?? []) if (value !== null) found.set(String(value), "");
      if (node.type === "boolean") ["true", "false"].forEach((value) => found.set(value, ""));
      for (const example of node.examples ?? []) found.set(String(example), "example");
    }
    for (const profile of this.profilesAt(path)) found.set(profile.name, profile.title ?? profile.kind);
    return found;
  }

  profilesAt(path) {
    const last = path.at(-1);
    const wanted = { battery: "battery", regulator: "regulator", harvest: "harvester" };
    if (last === "profile" && path[0] === "parts") {
      return this.profiles.filter((one) => !Object.values(wanted).includes(one.kind));
    }
    const holder = last === "profile" ? path.at(-2) : last;
    return holder in wanted ? this.profiles.filter((one) => one.kind === wanted[holder]) : [];
  }

  describe(member) {
    const words = [];
    const add = (text) => { if (text && !words.includes(text)) words.push(text); };
    add(member.description);
    for (const node of this.branches(member)) add(node.description);
    const choices = this.branches(member).flatMap((node) => node.enum ?? []).filter((value) => value !== null);
    if (choices.length) add(`One of ${choices.join(", ")}.`);
    if (member.default !== undefined && member.default !== null && typeof member.default !== "object") {
      add(`Default: ${member.default}.`);
    }
    return words.join(" ");
  }
}

// The path of keys of the block a line stands in, read from indentation: works while the text is still broken.
export function pathAt(lines, lineNumber, column) {
  const path = [];
  let limit = Math.min(column, indentOf(lines[lineNumber]) ?? column);
  if (lines[lineNumber].trim() === "") limit = column;
  for (let index = lineNumber - 1; index >= 0 && limit > 0; index -= 1) {
    const line = lines[index];
    const indent = indentOf(line);
    if (indent === null || indent >= limit) continue;
    const match = /^(\s*)((?:-\s+)*)([^\s:#"'[\]{},-][^\s:]*)\s*:/.exec(line);
    if (match) {
      if (match[2] && indent + match[2].length < limit) {
        path.unshift(match[3], 0);
      } else {
        if (match[2]) path.unshift(0);
        else path.unshift(match[3]);
      }
    } else if (/^\s*-/.test(line)) path.unshift(0);
    limit = indent;
  }
  return path;
}

function indentOf(line) {
  if (/^\s*(#|$)/.test(line)) return null;
  return line.length - line.trimStart().length;
}

// The keys opened by `{` and `[` on a line up to a column: `battery: {profile: x, |` gives ["battery"].
export function flowPath(text) {
  const stack = [];
  let key = null;
  let word = "";
  let inFlow = 0;
  for (let index = 0; index < text.length; index += 1) {
    const letter = text[index];
    if (letter === "#" && (index === 0 || text[index - 1] === " ")) break;
    if (letter === ":" ) { key = word.trim().replace(/^-\s*/, ""); word = ""; }
    else if (letter === "{" || letter === "[") {
      if (key !== null) stack.push(key);
      if (letter === "[") stack.push(0);
      stack.push(letter);
      key = null; word = ""; inFlow += 1;
    } else if (letter === "}" || letter === "]") {
      while (stack.length && stack.pop() !== (letter === "}" ? "{" : "["));
      if (letter === "]") stack.pop();
      if (stack.length && typeof stack.at(-1) === "string" && !"{[".includes(stack.at(-1))) stack.pop();
      key = null; word = ""; inFlow -= 1;
    } else if (letter === ",") { key = null; word = ""; }
    else word += letter;
  }
  return { path: stack.filter((part) => part !== "{" && part !== "["), key, word: word.trimStart(), inFlow: inFlow > 0 };
}
