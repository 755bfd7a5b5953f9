/** How a formula starts, in the bytes of a CSV. */
export const apostrophe = 0x27;

const starts = new Set(Buffer.from("=+-@"));
/** The same in full width. */
const wide = ["＝", "＋", "－", "＠"].map((character) => Buffer.from(character));
const [wideFirst, wideSecond] = [0xef, 0xbc];

/** Whether a formula starts there. */
export function formulaAt(chunk: Buffer, at: number): boolean {
  const byte = chunk[at];
  if (byte === undefined) return false;
  return (
    starts.has(byte) || (byte === wideFirst && wide.some((one) => one.equals(chunk.subarray(at, at + one.length))))
  );
}

/** What may stand between a separator and a formula: spaces, ends of lines, and quotes, which a spreadsheet takes away. */
export const blanks: ReadonlySet<number> = new Set(Buffer.from(' \r\n"'));

/** How many bytes at the end may be of a character in full width whose last one is still to come. */
export function unfinished(chunk: Buffer): number {
  const [before, last] = [chunk.at(-2), chunk.at(-1)];
  if (last === wideFirst) return 1;
  return before === wideFirst && last === wideSecond ? 2 : 0;
}
