/**
 * The esbuild plugin of the screens. It makes the entries, finds the shared modules for plugins outside of this
 * project, and parses the messages of each language.
 */
import { parse, TYPE, type MessageFormatElement } from "@formatjs/icu-messageformat-parser";
import type { Plugin } from "esbuild";
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";

import type { ScreensSource } from "../../core/http/screens/built_screens.ts";

export const shellEntry = "screens:shell";
export const entryOfPlugin = (id: string): string => `screens:plugin/${id}`;

/** Modules that all screens share, wherever their plugin is. */
const shared = /^(preact|@preact\/signals|d3-scale|d3-shape|cally)(\/|$)/;

export function entriesPlugin(sources: readonly ScreensSource[], webFolder: string): Plugin {
  const folders = [
    { id: "shell", folder: path.join(webFolder, "i18n") },
    ...sources.map(({ id, folder }) => ({ id, folder: path.join(folder, "web") })),
  ];
  return {
    name: "screens",
    setup: (build) => {
      build.onResolve({ filter: /^screens:/ }, ({ path: name }) => ({
        path: name.slice("screens:".length),
        namespace: "screens",
      }));
      build.onResolve({ filter: /^#web\/mod\.ts$/ }, () => ({ path: path.join(webFolder, "mod.ts") }));
      build.onResolve({ filter: shared }, ({ path: name, resolveDir, kind, pluginData }) =>
        pluginData === "shared" || resolveDir.startsWith(path.join(webFolder, ".."))
          ? undefined
          : build.resolve(name, { resolveDir: webFolder, kind, pluginData: "shared" }),
      );
      build.onLoad({ filter: /.*/, namespace: "screens" }, async ({ path: name }) => {
        const [kind = "", of = ""] = name.split("/");
        if (kind === "shell") return { contents: `import "./shell/main.tsx";`, resolveDir: webFolder, loader: "tsx" };
        if (kind === "plugin") {
          const folder = sources.find(({ id }) => id === of)?.folder ?? webFolder;
          return { contents: `export { default } from "./web/mod.tsx";`, resolveDir: folder, loader: "tsx" };
        }
        if (kind === "locales") {
          const loaders = languagesOf(folders).map(
            (language) => `${JSON.stringify(language)}: () => import("screens:locale/${language}")`,
          );
          return { contents: `export const locales = { ${loaders.join(", ")} };`, loader: "js" };
        }
        const messages = await messagesOf(folders, of);
        return { contents: JSON.stringify({ messages }), loader: "json" };
      });
    },
  };
}

interface MessageFolder {
  readonly id: string;
  /** The messages are in its `locales/`, and in those of its folders: a screen has its texts beside it. */
  readonly folder: string;
}

/** The languages of the shell. A plugin without one of them shows its English texts. */
function languagesOf([shell]: readonly MessageFolder[]): string[] {
  return readdirSync(path.join(shell?.folder ?? "", "locales"))
    .filter((file) => file.endsWith(".json"))
    .map((file) => path.basename(file, ".json"))
    .sort();
}

type Message = string | MessageFormatElement[];

/**
 * The messages of one language, by plugin. A plain text stays a string, and others are parsed.
 * @throws Error if two files of a plugin have the same key
 */
async function messagesOf(
  folders: readonly MessageFolder[],
  language: string,
): Promise<Record<string, Record<string, Message>>> {
  const all: Record<string, Record<string, Message>> = {};
  for (const { id, folder } of folders) {
    const texts = { ...(await readTexts(folder, "en")), ...(await readTexts(folder, language)) };
    all[id] = Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, messageOf(text)]));
  }
  return all;
}

async function readTexts(folder: string, language: string): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => new RegExp(`(^|[\\\\/])locales[\\\\/]${language}\\.json$`).test(file))
    .sort();
  for (const file of files) {
    const read: Record<string, string> = JSON.parse(await readFile(path.join(folder, file), "utf8"));
    for (const [key, text] of Object.entries(read)) {
      if (Object.hasOwn(texts, key)) throw new Error(`${path.join(folder, file)} has ${key}, as another file does.`);
      texts[key] = text;
    }
  }
  return texts;
}

function messageOf(text: string): Message {
  const elements = parse(text);
  const [only] = elements;
  return elements.length === 1 && only?.type === TYPE.literal ? only.value : elements;
}
