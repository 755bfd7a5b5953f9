/** Divides a text into sentences, with code spans and addresses masked so that their words are not judged. */

export interface Sentence {
  /** The text with each code span, address and filled-in value replaced by one word of dots. */
  readonly masked: string;
  /** The text as written, on one line. */
  readonly text: string;
  /** Lines between the beginning of the text and this sentence. */
  readonly lineOffset: number;
}

/** Replaces each character of a masked span. No text of the project contains it. */
export const mask = "\u00b7";

const masked = (text: string): string => mask.repeat(text.length);
const blank = (text: string): string => " ".repeat(text.length);

/** Replaces code spans, addresses, link targets, paths and `{@link ...}` by dots of the same length. */
function maskCode(text: string): string {
  return text
    .replaceAll(/`[^`]+`/g, masked)
    .replaceAll(/\{@\w+ [^}]*\}/g, masked)
    .replaceAll(/(?<=\])\([^)\s]*\)/g, masked)
    .replaceAll(/\b[a-z][a-z0-9+.-]*:\/\/[^\s)>]+/gi, masked)
    .replaceAll(/<[^<>\s][^<>]*>/g, masked)
    .replaceAll(/"[^"\s]*[=*{}/\\_<>][^"\s]*"/g, masked);
}

/** A list item, a tag of a docstring, a numbered step or a line in columns begins a text of its own. */
const itemStart = /^\s*([-*+]\s|\d+\.\s|@\w+|\S+(\s\S+)*\s{3,}\S)/;

/** Removes the marker of a list item, or a docstring's tag with the name of its parameter. */
const unmarked = (line: string): string =>
  line
    .replace(/^\s*([-*+]|\d+\.)\s+/, blank)
    .replace(/^\s*@param\s+(\{[^}]*\}\s+)?\[?[\w.$]+\]?\s*(-\s)?/, blank)
    .replace(/^\s*@\w+\s*/, blank);

const sentenceEnd = new RegExp(
  String.raw`(?<!\b(?:e\.g|i\.e|vs|cf|etc|No|St))[.!?]["')\]*_]*(?=\s+["'(\[*_]*[A-Z0-9${mask}])`,
  "g",
);

export function sentencesOf(text: string): Sentence[] {
  const found: Sentence[] = [];
  let block: string[] = [];
  let blockStart = 0;
  const endBlock = (): void => {
    found.push(...sentencesOfBlock(block.join("\n"), blockStart));
    block = [];
  };
  for (const [at, line] of text.split("\n").entries()) {
    if (line.trim() === "" || itemStart.test(line)) endBlock();
    if (line.trim() === "") continue;
    if (block.length === 0) blockStart = at;
    block.push(unmarked(line));
  }
  endBlock();
  return found;
}

function sentencesOfBlock(block: string, firstLine: number): Sentence[] {
  const whole = maskCode(block);
  const ends = [...whole.matchAll(sentenceEnd)].map((match) => match.index + match[0].length);
  const starts = [0, ...ends];
  return starts.flatMap((start, at) => {
    const end = starts[at + 1] ?? whole.length;
    const from = start + (/^\s*/.exec(whole.slice(start, end))?.[0].length ?? 0);
    const piece = whole.slice(from, end);
    if (piece.trim() === "") return [];
    return {
      masked: piece.replaceAll(/\s+/g, " ").trim(),
      text: block.slice(from, end).replaceAll(/\s+/g, " ").trim(),
      lineOffset: firstLine + block.slice(0, from).split("\n").length - 1,
    };
  });
}

/** Counts words; a masked span is one. */
export const countWords = (sentence: string): number =>
  sentence.split(/\s+/).filter((word) => /[\p{L}\p{N}\u00b7]/u.test(word)).length;
