/**
 * Finds the texts that a spreadsheet would convert: a room `007` to 7, `1-2` to a day, and `1E5` to 100000. A phone
 * `01711234567` would lose its zero. The formula `="007"` keeps the text in Excel and LibreOffice.
 *
 * JavaScript and PostgreSQL use the same regular expressions, so that both write the same bytes.
 */

/** Digits in the scripts that a spreadsheet converts to numbers. */
const digit = "[0-9٠-٩۰-۹०-९๐-๙０-９]";
/** Starts of a formula, and characters that a formula's text can't contain. Such a text gets an apostrophe instead. */
const unsafe = "^[=+@＝＋－＠-]|[\\t\\r\\n]";
/** A phone number or a similar text. It has only signs and digits, so as a formula it could only be a sum. */
const signed = "^[+-][0-9 ()/.,:+-]*[0-9][0-9 ()/.,:+-]*$";
/** Two letters in a row, which a long text has and a long number does not. */
const word = "[^ -@\\[-`{-~0-9]{2}";
const words = [
  ..."true false wahr falsch vrai faux verdadero falso vero verdadeiro waar onwaar".split(" "),
  ..."sant falskt sand falsk tosi prawda pravda nepravda igaz hamis".split(" "),
];
/** A truth value, or an error value such as `#N/A`. */
const constant = `^(#.*|${words.join("|")})$`;

/** A day with its time has at most this many characters in any language. */
const longestDay = 64;
/** Excel accepts 255 UTF-16 units in the text of a formula, and a character can have two. */
const longestFormulaText = 127;

/** Builds an SQL condition that is true if a spreadsheet would convert the text. @param expression trusted SQL */
export function convertibleSql(expression: string): string {
  const matches = (pattern: string): string => `${expression} ~ '${pattern}'`;
  return `char_length(${expression}) <= ${longestFormulaText} AND (${matches(signed)} OR NOT (${matches(unsafe)}) AND (
    ${matches(digit)} AND (char_length(${expression}) <= ${longestDay} OR NOT (${matches(word)}))
    OR ${expression} ~* '${constant}'))`;
}

/** Returns whether a spreadsheet would convert the text. */
export function isConvertible(text: string): boolean {
  const length = Array.from(text).length;
  const matches = (pattern: string, flags = ""): boolean => new RegExp(pattern, flags).test(text);
  if (length > longestFormulaText) return false;
  if (matches(signed)) return true;
  if (matches(unsafe)) return false;
  return (matches(digit) && (length <= longestDay || !matches(word))) || matches(constant, "i");
}

/** A spreadsheet would cut digits off a longer number, and a formula can't contain it. It gets an apostrophe. */
const longNumber = `^[^\\t\\r\\n]*${digit}[^\\t\\r\\n]*$`;

export function longNumberSql(expression: string): string {
  const isNumber = `${expression} ~ '${longNumber}' AND NOT (${expression} ~ '${word}')`;
  return `char_length(${expression}) > ${longestFormulaText} AND ${isNumber}`;
}

export function isLongNumber(text: string): boolean {
  return (
    Array.from(text).length > longestFormulaText && new RegExp(longNumber).test(text) && !new RegExp(word).test(text)
  );
}
