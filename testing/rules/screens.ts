/** The rule for a plugin's screens (`web/` of its folder). They run in a browser, beside screens of other plugins. */
import { pluginOf, targetOf } from "./boundaries.ts";
import type { Source } from "./source.ts";

/** Says whether a file of a plugin is code for the browser. */
export const isScreen = (file: string): boolean => /^(?:examples\/)?plugins\/[^/]+\/web\//.test(file);

/** Modules that a screen can import besides its own files. */
const screenModules = new Set([
  "preact",
  "preact/hooks",
  "@preact/signals",
  "cally",
  "d3-scale",
  "d3-shape",
  "web/mod.ts",
  "web/slots.ts",
]);

/** Global names that a screen must not use, each with its replacement. */
const noScreenNames: Readonly<Record<string, string>> = {
  fetch: "useApi",
  XMLHttpRequest: "useApi",
  EventSource: "useRead, which follows changes",
  WebSocket: "useRead, which follows changes",
  localStorage: "a signal, or a setting of the server",
  sessionStorage: "a signal",
  indexedDB: "a signal",
  eval: "code that can be read",
  Function: "code that can be read",
  "document.cookie": "the session of the shell",
  "window.open": "a link",
  globalThis: "the names that it needs",
};

/** Finds the forbidden imports and names of a screen. @param requires of the plugin's manifest */
export function screenFaults(
  { file, imports, names, text }: Source,
  folder: string,
  requires: readonly string[],
): string[] {
  const wrong = imports.flatMap(({ from, typeOnly }) => {
    const to = from === undefined ? "" : targetOf(file, from);
    const other = pluginOf(to);
    if (to === "") return [`${file} imports a computed name. Remedy: a name in quotes.`];
    if (screenModules.has(to) || to.startsWith(`${folder}web/`)) return [];
    if (other?.folder === folder)
      return typeOnly ? [] : [`${file} imports code of the server: ${to}. Remedy: import type.`];
    if (other === undefined) return [`${file} imports ${to}. Remedy: #web/mod.ts.`];
    if (!requires.includes(other.id))
      return [`${file} imports ${to}, and its plugin does not require ${other.id}. Remedy: add it to the manifest.`];
    const isFace = new RegExp(`^plugins/${other.id}/(port|api|web/slots)\\.ts$`).test(to);
    if (isFace && (typeOnly || to.endsWith("slots.ts"))) return [];
    return [`${file} imports ${to}. Remedy: import type from #plugins/${other.id}/api.ts.`];
  });
  const used = names.filter(
    (name) => Object.hasOwn(noScreenNames, name) || Object.hasOwn(noScreenNames, name.split(".")[0] ?? ""),
  );
  return [
    ...wrong,
    ...used.map(
      (name) => `${file} uses ${name}. Remedy: ${noScreenNames[name] ?? noScreenNames[name.split(".")[0] ?? ""]}.`,
    ),
    ...(text.includes("dangerouslySetInnerHTML") ? [`${file} sets HTML. Remedy: elements.`] : []),
  ];
}
