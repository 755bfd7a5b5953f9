/**
 * The prose rule: checks every text that people read against docs/style.md, as far as a program can.
 * From a shell: `npm run -s prose -- <file or folder> ...` prints `file:line: rule: text` and ends with 1 on faults.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";

import { countWords, mask, sentencesOf, type Sentence } from "./prose_sentences.ts";
import { readTexts, type Text } from "./prose_texts.ts";
import { bannedWords } from "./prose_words.ts";

export interface ProseFault {
  readonly file: string;
  readonly line: number;
  readonly rule: string;
  readonly text: string;
}

const root = path.join(import.meta.dirname, "..", "..");

const maxWords = 25;
const maxColumns = 120;

/** Checks the texts of one file. @param file from the root, with forward slashes */
export function proseFaults(file: string, source: string): ProseFault[] {
  const faults = readTexts(file, source).flatMap((text) => textFaults(text));
  return [...faults, ...longLines(file, source)].map((fault) => ({ file, ...fault })).sort((a, b) => a.line - b.line);
}

type Fault = Omit<ProseFault, "file">;

function textFaults(text: Text): Fault[] {
  return sentencesOf(text.text).flatMap((sentence) => {
    const rules = [...sentenceRules(sentence.masked), ...titleRules(text.kind, sentence)];
    return rules.map((rule) => ({ line: text.line + sentence.lineOffset, rule, text: sentence.text }));
  });
}

/** Pronouns as subjects, and the genitive that puts the owner before the thing ("Of two guests, the older"). */
const subjects = /^[\s"'(*_[]*([Ww]hat|[Ww]ho|[Ww]hose|Of(?! course))\b/;

function sentenceRules(sentence: string): string[] {
  const words = countWords(sentence);
  const marks = sentence.match(/[:;](?=\s|$)/g)?.length ?? 0;
  const beginning = subjects.exec(sentence)?.[1];
  return [
    ...bannedWords.flatMap(({ pattern, instead }) =>
      [...sentence.matchAll(pattern)].map(([word]) => `"${word}", write ${instead}`),
    ),
    ...(words > maxWords ? [`${words} words, at most ${maxWords} in a sentence`] : []),
    ...(marks > 1 ? [`${marks} colons and semicolons, at most one in a sentence`] : []),
    ...(beginning !== undefined && !/\?["')\]*_]*$/.test(sentence)
      ? [`begins with "${beginning}", begin with a verb or the actor`]
      : []),
  ];
}

/** Rule 9: a test title is a full sentence. Checks its beginning, its end and its length. */
function titleRules(kind: Text["kind"], { masked }: Sentence): string[] {
  if (kind !== "test title") return [];
  return [
    ...(/^[^\p{L}]*\p{Ll}/u.test(masked) && !masked.startsWith(mask)
      ? ["a test title is a full sentence and begins with a capital letter"]
      : []),
    ...(countWords(masked) < 3 ? ["a test title is a full sentence of three words or more"] : []),
    ...(/[.;:,]$/.test(masked) ? ["a test title ends without punctuation"] : []),
  ];
}

/** Checks all lines of a program, and elsewhere the texts: rows of tables, code and addresses can't be broken. */
function longLines(file: string, source: string): Fault[] {
  const isPage = file.endsWith(".md");
  const isProgram = /\.[mc]?[jt]sx?$/.test(file);
  let isCode = false;
  return source.split("\n").flatMap((text, at) => {
    if (isPage && /^\s*(```|~~~)/.test(text)) isCode = !isCode;
    const isBreakable = isPage
      ? !isCode && !/^(\s*\||\s{4})/.test(text) && !/^\S*https?:\/\/\S+$/.test(text.trim())
      : isProgram || /^\s*(#|--)/.test(text);
    return text.length <= maxColumns || !isBreakable
      ? []
      : { line: at + 1, rule: `${text.length} columns, at most ${maxColumns}`, text: text.trim().slice(0, 80) };
  });
}

/** Files with texts. Landed migrations keep theirs, because their checksum is recorded. */
export const isChecked = (file: string): boolean =>
  /(\.([mc]?[jt]sx?|md|sql|ya?ml|conf)|(^|\/)(Procfile|Dockerfile|\.ci\/run))$/.test(file) &&
  !/(^|\/)(node_modules|\.data|\.web|\.git|coverage|migrations)\//.test(file);

/** Files with texts at and below a path. @param start from the root */
export function filesAt(start: string): string[] {
  if (statSync(path.join(root, start)).isFile()) return [start].filter(isChecked);
  return readdirSync(path.join(root, start), { withFileTypes: true })
    .filter(({ name }) => !/^(node_modules|\.data|\.web|\.git|coverage)$/.test(name))
    .flatMap((entry) => {
      const file = path.posix.join(start.replaceAll(path.sep, "/"), entry.name);
      if (entry.isDirectory()) return filesAt(file);
      return entry.isFile() && isChecked(file) ? [file] : [];
    })
    .sort();
}

export const faultsAt = (start: string): ProseFault[] =>
  filesAt(start).flatMap((file) => proseFaults(file, readFileSync(path.join(root, file), "utf8")));

if (process.argv[1] === import.meta.filename) {
  const starts = process.argv.slice(2).map((start) => path.relative(root, path.resolve(start)));
  const faults = starts.flatMap(faultsAt);
  process.stdout.write(faults.map(({ file, line, rule, text }) => `${file}:${line}: ${rule}: ${text}\n`).join(""));
  process.exitCode = faults.length === 0 ? 0 : 1;
}
