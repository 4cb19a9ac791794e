// The scenario editor: completion and hover help from the schema, problems at their line as you type.

import {
  Compartment, EditorState, EditorView, autocompletion, basicSetup, hoverTooltip, indentUnit,
  indentWithTab, keymap, lintGutter, oneDarkHighlightStyle, setDiagnostics, startCompletion, syntaxHighlighting, yaml,
} from "./vendor/editor.js";
import { flowPath, pathAt } from "./schema.js";
import { make } from "./dom.js";

const VALIDATE_AFTER_MS = 350;

export class ScenarioEditor {
  constructor(parent, { schema, validate, onChange }) {
    this.schema = schema;
    this.validate = validate;
    this.onChange = onChange;
    this.timer = null;
    this.theme = new Compartment();
    this.view = new EditorView({
      parent,
      state: EditorState.create({
        doc: "",
        extensions: [
          basicSetup, yaml(), indentUnit.of("  "), lintGutter(), EditorView.lineWrapping,
          keymap.of([indentWithTab]),
          EditorView.contentAttributes.of({ "aria-label": "Scenario (YAML)" }),
          autocompletion({ override: [(context) => this.complete(context)], icons: false }),
          hoverTooltip((view, position) => this.hover(view, position)),
          EditorView.updateListener.of((update) => update.docChanged && this.changed()),
          this.theme.of(highlighting()),
        ],
      }),
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.view.dispatch({ effects: this.theme.reconfigure(highlighting()) });
    });
  }

  get text() { return this.view.state.doc.toString(); }

  set text(text) {
    this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: text } });
    this.view.scrollDOM.scrollTop = 0;
  }

  changed() {
    clearTimeout(this.timer);
    this.onChange();
    this.timer = setTimeout(() => this.check(), VALIDATE_AFTER_MS);
  }

  async check() {
    const text = this.text;
    const problems = await this.validate(text);
    if (problems && text === this.text) this.show(problems);
  }

  show(problems) {
    const document = this.view.state.doc;
    const diagnostics = problems.map((problem) => {
      const line = document.line(Math.min(Math.max(problem.line || 1, 1), document.lines));
      const from = Math.min(line.from + Math.max((problem.column || 1) - 1, 0), line.to);
      const word = /^[^\s:,{}\[\]]+/.exec(document.sliceString(from, line.to));
      const to = Math.min(from + (word ? word[0].length : 1), line.to);
      const message = [`${problem.code}  ${problem.message}`, problem.hint].filter(Boolean).join("\n");
      return { from, to: Math.max(to, from), severity: problem.severity === "warning" ? "warning" : "error", message };
    }).sort((one, other) => one.from - other.from);
    this.view.dispatch(setDiagnostics(this.view.state, diagnostics));
  }

  goTo(line, column) {
    const place = this.view.state.doc.line(Math.min(Math.max(line, 1), this.view.state.doc.lines));
    const position = Math.min(place.from + Math.max(column - 1, 0), place.to);
    this.view.dispatch({ selection: { anchor: position }, effects: EditorView.scrollIntoView(position, { y: "center" }) });
    this.view.focus();
  }

  // Where a position stands: path of the enclosing block, the key whose value is being written, the word so far.
  place(position) {
    const document = this.view.state.doc;
    const line = document.lineAt(position);
    const before = line.text.slice(0, position - line.from);
    const lines = document.toString().split("\n");
    const flow = flowPath(before);
    const path = pathAt(lines, line.number - 1, line.text.length - line.text.trimStart().length || before.length);
    if (/^\s*-\s/.test(before)) path.push(0);
    return { path: [...path, ...flow.path], key: flow.key, word: flow.word };
  }

  kindOf(name) {
    const text = this.text;
    const block = new RegExp(`^\\s+${name}\\s*:(.*(?:\\n\\s{4,}.*)*)`, "m").exec(text);
    const profile = block && /profile\s*:\s*([A-Za-z0-9_\-]+)/.exec(block[1]);
    const kind = block && /kind\s*:\s*([a-z]+)/.exec(block[1]);
    return (profile && this.schema.kindOfProfile.get(profile[1])) ?? (kind ? kind[1] : null);
  }

  complete(context) {
    if (!this.schema) return null;
    const { path, key, word } = this.place(context.pos);
    const kindOf = (name) => this.kindOf(name);
    const from = context.pos - word.length;
    if (key !== null) {
      if (!context.explicit && word === "" && !/:\s$/.test(context.state.sliceDoc(context.pos - 2, context.pos))) return null;
      const values = this.schema.values([...path, key], kindOf);
      const options = [...values].map(([label, detail]) => ({ label, detail, type: "constant" }));
      return options.length ? { from, options, validFor: /^[\p{L}\p{M}\w\-. ]*$/u } : null;
    }
    if (!context.explicit && word === "") return null;
    const keys = this.schema.keys(path, kindOf);
    const options = [...keys].map(([label, about]) => ({
      label, apply: `${label}: `, type: "property", info: about.text || undefined,
      detail: about.required ? "required" : undefined, boost: about.required ? 1 : 0,
    }));
    return options.length ? { from, options, validFor: /^[\p{L}\p{M}\w]*$/u } : null;
  }

  hover(view, position) {
    const word = view.state.wordAt(position);
    if (!word || !this.schema) return null;
    const key = view.state.sliceDoc(word.from, word.to);
    if (!/^\s*:/.test(view.state.sliceDoc(word.to, word.to + 3))) return null;
    const { path } = this.place(word.from);
    const about = this.schema.keys(path, (name) => this.kindOf(name)).get(key);
    if (!about || !about.text) return null;
    return {
      pos: word.from, end: word.to, above: true,
      create: () => ({ dom: make("div", { class: "hover-help" }, make("strong", {}, key), " ", about.text) }),
    };
  }

  suggest() { startCompletion(this.view); }
}

function highlighting() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  return dark ? syntaxHighlighting(oneDarkHighlightStyle) : [];
}
