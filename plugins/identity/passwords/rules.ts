/**
 * Finds passwords that are easy to guess. A guesser first tries well-known passwords: in another case, with digits and
 * symbols at the ends, with `@` for `a`, or written twice. The rules read a password in these ways. If one reading is
 * only a well-known word, a run or a repetition, the rest must have 12 characters. A word and a run count for nothing,
 * and a repetition counts once (`!!!!` too). The words of the hotel's name count for nothing, because guests know them.
 * Several words in a row are a good password, known or not.
 */
import { dictionary } from "@zxcvbn-ts/language-common";

import { knownWords } from "./known_words.ts";
import { fold } from "../names/usernames.ts";

/** The least number of characters of a password. */
export const leastCharacters = 12;

const wellKnown = new Set([...dictionary["passwords-common"], ...knownWords, "keyrack"]);

/** Digits, letters and keys in order, repeated, in both directions: rows of keys, also with Shift, and columns. */
const runs = [
  "0123456789",
  "abcdefghijklmnopqrstuvwxyz",
  "qwertyuiopasdfghjklzxcvbnm",
  "qwertzuiopasdfghjklyxcvbnm",
  "azertyuiopqsdfghjklmwxcvbn",
  "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
  "1qay2wsx3edc4rfv5tgb6zhn7ujm8ik9ol0p",
  "zaq1xsw2cde3vfr4bgt5nhy6mju7",
  "yaq1xsw2cde3vfr4bgt5nhz6mju7",
  "!@#$%^&*()_+",
  '!"£$%^&*()_+',
  '!"§$%&/()=?`',
]
  .flatMap((row) => [row, Array.from(row).toReversed().join("")])
  .map((row) => row.repeat(Math.ceil(256 / row.length) + 1));
const leastRun = 4;
/** The least length of a run inside of a longer text. Shorter runs are in many words by chance. */
const leastInnerRun = 6;
/** The least length of a word of the hotel's name. Shorter words are parts of many others. */
const leastNameWord = 4;

const leet = { "0": "o", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", $: "s", "!": "i" };
/** A `1` can stand for both letters. */
const leets: readonly Readonly<Record<string, string>>[] = [
  { ...leet, "1": "i" },
  { ...leet, "1": "l" },
];

/** The user of a password, and the user's hotel. */
export interface Owner {
  readonly username: string;
  readonly hotelName: string;
}

/** Returns why the password is easy to guess, as the end of a sentence that begins with it. Undefined if it is not. */
export function weaknessOf(password: string, { username, hotelName }: Owner): string | undefined {
  const folded = fold(password);
  if (new Set(folded).size < 4) return "has fewer than four different characters";
  if (folded.includes(fold(username))) return "contains the username";
  const letters = /\p{L}(?:.*\p{L})?/su.exec(folded);
  const core = letters?.[0] ?? "";
  const around = letters === null ? "" : folded.slice(0, letters.index) + folded.slice(letters.index + core.length);
  const rest = around.replaceAll(/(.)\1+/gsu, "$1");
  const readings = leets.map((map) => core.replaceAll(/[^\p{L}]/gu, (character) => map[character] ?? character));
  const name = wordsOf(hotelName);
  return (
    weaknessIn(folded, "") ??
    weaknessIn(bare(folded), "") ??
    [core, ...readings].map((reading) => weaknessIn(bare(reading), rest)).find((why) => why !== undefined) ??
    [core, ...readings].map((reading) => weaknessByName(bare(reading), rest, name)).find((why) => why !== undefined) ??
    weaknessByRuns(folded) ??
    weaknessByRuns(bare(folded))
  );
}

function weaknessIn(text: string, rest: string): string | undefined {
  const { why, counts } = judge(text);
  return why !== undefined && counts + judge(rest).counts < leastCharacters ? why : undefined;
}

/** Returns the words of the hotel's name, and the whole name as one word, the longest first. */
function wordsOf(hotelName: string): string[] {
  const folded = fold(hotelName);
  return [bare(folded), ...folded.split(/[^\p{L}\p{N}]+/u)]
    .filter((word) => word.length >= leastNameWord)
    .sort((one, other) => other.length - one.length);
}

function weaknessByName(text: string, rest: string, words: readonly string[]): string | undefined {
  const left = words.reduce((before, word) => before.replaceAll(word, ""), text);
  const counts = judge(left).counts + judge(rest).counts;
  return left !== text && counts < leastCharacters ? "is little more than the hotel's name" : undefined;
}

/** Finds texts that are mostly runs: `123456qwerty-1` is two runs and two more characters. */
function weaknessByRuns(text: string): string | undefined {
  let counts = 0;
  for (let start = 0; start < text.length;) {
    let length = leastInnerRun;
    while (start + length <= text.length && isRun(text.slice(start, start + length))) length += 1;
    const runLength = length - 1 >= leastInnerRun ? length - 1 : 0;
    counts += runLength === 0 ? 1 : 0;
    start += Math.max(1, runLength);
  }
  return counts < Math.min(text.length, leastCharacters) ? "is a run of letters, digits or keys" : undefined;
}

function isRun(text: string): boolean {
  return runs.some((run) => run.includes(text));
}

/** Counts the characters of a text that count, and returns why others do not. */
function judge(text: string): { readonly counts: number; readonly why?: string } {
  const once = withoutRepetition(text);
  if (wellKnown.has(once)) return { counts: 0, why: "is a well-known password" };
  if (once.length >= leastRun && isRun(once)) return { counts: 0, why: "is a run of letters, digits or keys" };
  return once === text ? { counts: text.length } : { counts: once.length, why: "repeats itself" };
}

/** Returns the repeated part of a text, or the text itself if nothing repeats. The last repetition can be cut off. */
function withoutRepetition(text: string): string {
  for (let length = 1; length <= text.length / 2; length += 1) {
    if (text.startsWith(text.slice(length))) return text.slice(0, length);
  }
  return text;
}

/** Keeps letters and digits only. */
function bare(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N}]/gu, "");
}
