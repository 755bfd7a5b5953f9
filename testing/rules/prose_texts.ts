/** Extracts the texts that people read from a file: comments, messages, test titles, pages, SQL comments. */
import { parseSync } from "oxc-parser";

import { mask } from "./prose_sentences.ts";

export type TextKind = "comment" | "message" | "page" | "suite title" | "test title";

export interface Text {
  readonly kind: TextKind;
  /** Line of the file on which the text begins, from 1. */
  readonly line: number;
  /** Keeps its line breaks, so that the line of each sentence is known. */
  readonly text: string;
}

const isTestFile = (file: string): boolean => /_(test|faults)\.[mc]?[jt]sx?$/.test(file);

/** @throws Error if the file can't be parsed */
export function readTexts(file: string, source: string): Text[] {
  if (/\.[mc]?[jt]sx?$/.test(file)) return textsOfProgram(file, source);
  if (file.endsWith(".md")) return textsOfPage(source);
  if (file.endsWith(".sql")) return sqlComments(source, 1);
  return lineComments(source, /^\s*#+(?!!)\s?/, 1);
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly [field: string]: unknown;
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string";

function textsOfProgram(file: string, source: string): Text[] {
  const { program, comments, errors } = parseSync(file, source);
  const [error] = errors;
  if (error !== undefined) throw new Error(`${file} can't be parsed: ${error.message}`);
  const lineAt = lineFinder(source);
  const texts: Text[] = [];
  let previous: { text: string; line: number; endLine: number } | undefined;
  const endRun = (): void => {
    if (previous !== undefined) texts.push({ kind: "comment", line: previous.line, text: previous.text });
    previous = undefined;
  };
  for (const { type, value, start } of comments) {
    const line = lineAt(start);
    const isWholeLine = /(^|\n)[ \t]*$/.test(source.slice(0, start));
    if (/^\s*(oxlint|eslint|@ts-|prettier|oxfmt|c8)/.test(value)) continue;
    if (type === "Line") {
      if (isWholeLine && previous?.endLine === line - 1) {
        previous = { text: `${previous.text}\n${value}`, line: previous.line, endLine: line };
        continue;
      }
      endRun();
      previous = { text: value, line, endLine: isWholeLine ? line : -1 };
      continue;
    }
    endRun();
    texts.push({ kind: "comment", line, text: withoutFences(value.replaceAll(/^[ \t]*\*[ \t]?/gm, "")) });
  }
  endRun();
  visit(program as unknown as Node, { texts, lineAt, isTest: isTestFile(file) });
  return texts;
}

interface Walk {
  readonly texts: Text[];
  readonly lineAt: (offset: number) => number;
  readonly isTest: boolean;
}

/** Parts of a syntax tree whose strings are names and not texts. */
const withoutTexts = /^(ImportDeclaration|ExportAllDeclaration|TSLiteralType|ImportExpression)$/;

function visit(node: Node, walk: Walk): void {
  if (withoutTexts.test(node.type)) return;
  if (node.type === "CallExpression") addTitle(node, walk);
  if (node.type === "TaggedTemplateExpression") return;
  const text = stringOf(node);
  if (text !== undefined) addMessage(text, walk.lineAt(node.start), walk);
  for (const [field, value] of Object.entries(node)) {
    if ((field === "key" && node["computed"] !== true) || (field === "source" && node.type.startsWith("Export")))
      continue;
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) if (isNode(child)) visit(child, walk);
  }
}

/** `it("...")`, `describe("...")` and their `.only` and `.skip`. */
function addTitle(call: Node, { texts, lineAt, isTest }: Walk): void {
  if (!isTest) return;
  const [title] = call["arguments"] as Node[];
  const callee = call["callee"] as Node;
  const base = callee.type === "MemberExpression" ? (callee["object"] as Node) : callee;
  const name = base.type === "Identifier" ? base["name"] : undefined;
  const text = title === undefined ? undefined : stringOf(title);
  if (title === undefined || text === undefined) return;
  if (name === "it") texts.push({ kind: "test title", line: lineAt(title.start), text });
  if (name === "describe") texts.push({ kind: "suite title", line: lineAt(title.start), text });
}

/** A string, or a template with dots in place of each value; undefined for all else. */
function stringOf(node: Node): string | undefined {
  if (node.type === "Literal" && typeof node["value"] === "string") return node["value"];
  if (node.type !== "TemplateLiteral") return undefined;
  const quasis = node["quasis"] as { value: { cooked: string | null } }[];
  return quasis.map(({ value }) => value.cooked ?? "").join(mask.repeat(3));
}

const sqlWords = [
  "SELECT INSERT UPDATE DELETE CREATE ALTER DROP GRANT REVOKE TRUNCATE COPY LOCK BEGIN COMMIT ROLLBACK",
  "FROM WHERE VALUES RETURNING JOIN USING ORDER GROUP AND OR NOT NULL IN IS AS ON SET CASE WHEN EXISTS",
];
const sqlWord = new RegExp(String.raw`\b(${sqlWords.join(" ").replaceAll(" ", "|")})\b`);

/** Messages of a program are its strings of two words and more that are not SQL. A test's strings are data. */
function addMessage(text: string, line: number, { texts, isTest }: Walk): void {
  if (isTest) return;
  if (sqlWord.test(text)) texts.push(...sqlComments(text, line));
  else if (!isListOfNames(text) && /[\p{L}\u00b7]['.,:;]* [^\n]*\p{L}/u.test(text))
    texts.push({ kind: "message", line, text });
}

/** Capitalized words alone, as in a list of time zones, are data. */
const isListOfNames = (text: string): boolean => {
  const words = text.trim().split(/\s+/);
  return words.length > 6 && words.every((word) => /^\p{Lu}/u.test(word));
};

/** `-- ...` and `/* ... *\/`. */
function sqlComments(sql: string, firstLine: number): Text[] {
  const blocks = [...sql.matchAll(/\/\*([\s\S]*?)\*\//g)].map((match) => ({
    kind: "comment" as const,
    line: firstLine + sql.slice(0, match.index).split("\n").length - 1,
    text: match[1] ?? "",
  }));
  return [...lineComments(sql, /^(?:.*?\s)?--\s/, firstLine), ...blocks];
}

/** Joins comments of neighboring lines into one text. @param marker matches all up to the comment's first letter */
function lineComments(source: string, marker: RegExp, firstLine: number): Text[] {
  const texts: Text[] = [];
  let isOpen = false;
  for (const [at, line] of source.split("\n").entries()) {
    const begin = marker.exec(line)?.[0];
    const last = texts.at(-1);
    if (begin === undefined) isOpen = false;
    else if (isOpen && last !== undefined)
      texts[texts.length - 1] = { ...last, text: `${last.text}\n${line.slice(begin.length)}` };
    else texts.push({ kind: "comment", line: firstLine + at, text: line.slice(begin.length) });
    if (begin !== undefined) isOpen = true;
  }
  return texts;
}

/** Blanks the code between fences, line by line. */
function withoutFences(text: string): string {
  let isCode = false;
  return text
    .split("\n")
    .map((line) => {
      const isFence = /^\s*(```|~~~)/.test(line);
      if (isFence) isCode = !isCode;
      return isFence || isCode ? "" : line;
    })
    .join("\n");
}

/** Each paragraph, heading, list item and table cell of a Markdown page is a text; code blocks are none. */
function textsOfPage(source: string): Text[] {
  const texts: Text[] = [];
  let isAfterBlank = true;
  let isOpen = false;
  for (const [at, raw] of withoutFences(source).split("\n").entries()) {
    const line = raw.replace(/^\s*>\s?/, "");
    const add = (text: string): void => void texts.push({ kind: "page", line: at + 1, text });
    const isIndentedCode: boolean = isAfterBlank && /^( {4}|\t)/.test(line) && !/^\s*([-*+]|\d+\.)\s/.test(line);
    isAfterBlank = line.trim() === "" || (isIndentedCode && isAfterBlank);
    const last = texts.at(-1);
    if (line.trim() === "" || isIndentedCode) isOpen = false;
    else if (/^\s*\|/.test(line)) {
      for (const cell of line.split(/(?<!\\)\|/)) if (/\p{L}/u.test(cell)) add(cell);
      isOpen = false;
    } else if (/^#+\s/.test(line)) {
      add(line.replace(/^#+\s+/, ""));
      isOpen = false;
    } else if (isOpen && last !== undefined) texts[texts.length - 1] = { ...last, text: `${last.text}\n${line}` };
    else {
      add(line);
      isOpen = true;
    }
  }
  return texts;
}

function lineFinder(source: string): (offset: number) => number {
  const starts = [0];
  for (let at = source.indexOf("\n"); at !== -1; at = source.indexOf("\n", at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  };
}
