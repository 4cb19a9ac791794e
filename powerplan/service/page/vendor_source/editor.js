export { EditorView, basicSetup } from "codemirror";
export { EditorState, Compartment } from "@codemirror/state";
export { keymap, hoverTooltip } from "@codemirror/view";
export { indentWithTab } from "@codemirror/commands";
export { indentUnit, syntaxHighlighting, HighlightStyle } from "@codemirror/language";
export { yaml } from "@codemirror/lang-yaml";
export { lintGutter, setDiagnostics } from "@codemirror/lint";
export { autocompletion, startCompletion } from "@codemirror/autocomplete";
export { oneDarkHighlightStyle } from "@codemirror/theme-one-dark";
