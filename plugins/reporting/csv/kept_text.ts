/**
 * Which texts a spreadsheet would read as something else: a room `007` as 7, `1-2` as a day, `1E5` as 100000, a phone
 * `01711234567` without its zero. Written as the formula `="007"` they stay what was typed, in Excel as in LibreOffice.
 *
 * The rule stands once, in regular expressions that JavaScript and PostgreSQL read alike, so that both write equal bytes.
 */

/** Digits in the scripts that a spreadsheet reads as numbers. */
const digit = "[0-9٠-٩۰-۹०-९๐-๙０-９]";
/** Starts of a formula, and what cannot stand in the text of one. A text with these is not kept but neutralized. */
const unfit = "^[=+@＝＋－＠-]|[\\t\\r\\n]";
/** A phone number or the like: nothing in it but signs and digits, so that a formula of it could only be a sum. */
const signed = "^[+-][0-9 ()/.,:+-]*[0-9][0-9 ()/.,:+-]*$";
/** Letters in a row, as a long text has them and a long number does not. */
const word = "[^ -@\\[-`{-~0-9]{2}";
const words = [
  ..."true false wahr falsch vrai faux verdadero falso vero verdadeiro waar onwaar".split(" "),
  ..."sant falskt sand falsk tosi prawda pravda nepravda igaz hamis".split(" "),
];
/** A truth value, or an error value such as `#N/A`. */
const constant = `^(#.*|${words.join("|")})$`;

/** A day with its time takes no more characters in any language. */
const longestDay = 64;
/** Excel takes 255 UTF-16 units in the text of a formula. */
const longestKept = 127;

/** A condition in SQL: whether the text is to be kept by a formula. @param expression trusted SQL */
export function keptSql(expression: string): string {
  const matches = (pattern: string): string => `${expression} ~ '${pattern}'`;
  return `char_length(${expression}) <= ${longestKept} AND (${matches(signed)} OR NOT (${matches(unfit)}) AND (
    ${matches(digit)} AND (char_length(${expression}) <= ${longestDay} OR NOT (${matches(word)}))
    OR ${expression} ~* '${constant}'))`;
}

/** The same for a text in code. */
export function isKept(text: string): boolean {
  const length = Array.from(text).length;
  const matches = (pattern: string, flags = ""): boolean => new RegExp(pattern, flags).test(text);
  if (length > longestKept) return false;
  if (matches(signed)) return true;
  if (matches(unfit)) return false;
  return (matches(digit) && (length <= longestDay || !matches(word))) || matches(constant, "i");
}

/** A longer number would lose digits, and no formula can hold it. It gets an apostrophe. */
const longNumber = `^[^\\t\\r\\n]*${digit}[^\\t\\r\\n]*$`;

export function longNumberSql(expression: string): string {
  return `char_length(${expression}) > ${longestKept} AND ${expression} ~ '${longNumber}' AND NOT (${expression} ~ '${word}')`;
}

export function isLongNumber(text: string): boolean {
  return Array.from(text).length > longestKept && new RegExp(longNumber).test(text) && !new RegExp(word).test(text);
}
