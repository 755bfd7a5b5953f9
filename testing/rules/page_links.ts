/** Finds the links and paths of a Markdown page that lead to no file, folder or heading of the project. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

export interface PageFault {
  readonly line: number;
  /** From the root, with the heading after `#`. */
  readonly target: string;
}

/** Folders of the root by which a path in a page is recognized, such as `core/boot.ts`. */
const rootFolders = "bin|core|embedded|testing|workers|plugins|examples|bench|faults|docs";

/** A path from the root outside of a link. It ends before a placeholder or a star, as in `plugins/<id>/port.ts`. */
const mentionedPath = new RegExp(String.raw`(?<![\w./#@-])(?:${rootFolders})/[\w./-]*`, "g");

/** @param file the page, from the root */
export function pageFaults(root: string, file: string, text: string): PageFault[] {
  return text.split("\n").flatMap((line, at) =>
    [
      ...linksOf(line, path.dirname(file), file),
      // The README of a plugin also names paths from its own folder.
      ...pathsOf(line).filter((target) => !existsSync(path.join(root, path.dirname(file), target))),
      ...namesOf(line, root, file),
    ]
      .filter((target) => !leadsSomewhere(root, target))
      .map((target) => ({ line: at + 1, target })),
  );
}

function linksOf(line: string, folder: string, file: string): string[] {
  return [...line.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/i.test(target))
    .map((target) => (target.startsWith("#") ? file + target : path.join(folder, target)));
}

function pathsOf(line: string): string[] {
  const withoutLinks = line.replaceAll(/\]\([^)\s]+\)/g, "]");
  return [...withoutLinks.matchAll(mentionedPath)]
    .filter((match) => !/^[<*{$…]/.test(withoutLinks.slice(match.index + match[0].length)))
    .map(([target]) => target.replace(/[./]+$/, ""));
}

/** Names of source files in the README of a plugin, from its own folder. */
function namesOf(line: string, root: string, file: string): string[] {
  const folder = path.dirname(file);
  if (!/(^|\/)plugins\//.test(file)) return [];
  return [...line.matchAll(/`([\w./-]+\.(?:ts|sql))`/g)]
    .map(([, name = ""]) => name)
    .filter((name) => !existsSync(path.join(root, name)))
    .map((name) => path.join(folder, name));
}

function leadsSomewhere(root: string, target: string): boolean {
  const [file = "", heading] = target.split("#");
  const whole = path.join(root, file);
  if (!existsSync(whole)) return false;
  return heading === undefined || headingsOf(readFileSync(whole, "utf8")).has(heading);
}

/** Names of the headings as GitHub links to them. */
const headingsOf = (page: string): Set<string> =>
  new Set(
    [...page.matchAll(/^#+\s+(.*)$/gm)].map(([, title = ""]) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
