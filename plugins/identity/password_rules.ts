/**
 * What makes a password too easy to guess. The first that a guesser tries are the well-known ones, with another case, with
 * digits and symbols at the ends, with `@` for `a`, or written twice. So a password is read in these ways, and where it is
 * then nothing but a well-known word, a run or a repetition, only the rest of it counts: a word and a run count for nothing,
 * a repetition counts once (`!!!!` too), and 12 characters must be left. Several words in a row, known or not, are a good password.
 */
import { dictionary } from "@zxcvbn-ts/language-common";

import { fold } from "./usernames.ts";

/** Characters that a password has at least. */
export const leastCharacters = 12;

const wellKnown = new Set([...dictionary["passwords-common"], "keyrack"]);

/** Digits, letters and keys in their order, over and over, in both directions. */
const runs = ["0123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm"]
  .flatMap((row) => [row, Array.from(row).toReversed().join("")])
  .map((row) => row.repeat(Math.ceil(256 / row.length) + 1));
const leastRun = 4;

const leet = { "0": "o", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", $: "s", "!": "i" };
/** A `1` may stand for either. */
const leets: readonly Readonly<Record<string, string>>[] = [
  { ...leet, "1": "i" },
  { ...leet, "1": "l" },
];

/** Why the password is too easy to guess, as the end of a sentence that it begins; undefined where it is not. */
export function weaknessOf(password: string, username: string): string | undefined {
  const folded = fold(password);
  if (new Set(folded).size < 4) return "has fewer than four different characters";
  if (folded.includes(fold(username))) return "holds the username";
  const letters = /\p{L}(?:.*\p{L})?/su.exec(folded);
  const core = letters?.[0] ?? "";
  const around = letters === null ? "" : folded.slice(0, letters.index) + folded.slice(letters.index + core.length);
  const rest = around.replaceAll(/(.)\1+/gsu, "$1");
  const readings = leets.map((map) => core.replaceAll(/[^\p{L}]/gu, (character) => map[character] ?? character));
  return (
    weaknessIn(folded, "") ??
    weaknessIn(bare(folded), "") ??
    [core, ...readings].map((reading) => weaknessIn(bare(reading), rest)).find((why) => why !== undefined)
  );
}

function weaknessIn(text: string, rest: string): string | undefined {
  const { why, counts } = judge(text);
  return why !== undefined && counts + judge(rest).counts < leastCharacters ? why : undefined;
}

/** How many characters of a text count, and why not all of them do. */
function judge(text: string): { readonly counts: number; readonly why?: string } {
  const once = withoutRepetition(text);
  if (wellKnown.has(once)) return { counts: 0, why: "is a well-known one" };
  if (once.length >= leastRun && runs.some((run) => run.includes(once)))
    return { counts: 0, why: "is a run of letters, digits or keys" };
  return once === text ? { counts: text.length } : { counts: once.length, why: "repeats itself" };
}

/** What a text says again and again, the last time perhaps in part; the text itself where it does not. */
function withoutRepetition(text: string): string {
  for (let length = 1; length <= text.length / 2; length += 1) {
    if (text.startsWith(text.slice(length))) return text.slice(0, length);
  }
  return text;
}

/** Letters and digits alone. */
function bare(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N}]/gu, "");
}
