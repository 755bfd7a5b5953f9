/** Finds the start of a formula in the bytes of a CSV. */
export const apostrophe = 0x27;

const starts = new Set(Buffer.from("=+-@"));
/** The same in full width. */
const wide = ["＝", "＋", "－", "＠"].map((character) => Buffer.from(character));
const wideFirst = 0xef;
const wideSecond = 0xbc;

/** Returns whether a formula starts at this byte. */
export function formulaAt(chunk: Buffer, at: number): boolean {
  const byte = chunk[at];
  if (byte === undefined) return false;
  return (
    starts.has(byte) || (byte === wideFirst && wide.some((one) => one.equals(chunk.subarray(at, at + one.length))))
  );
}

/** Bytes that a spreadsheet skips between a separator and a formula: spaces, ends of lines, and quotes. */
export const blanks: ReadonlySet<number> = new Set(Buffer.from(' \r\n"'));

/** Counts the bytes at the end that can belong to a full-width character that continues in the next chunk. */
export function unfinished(chunk: Buffer): number {
  const last = chunk.at(-1);
  if (last === wideFirst) return 1;
  return chunk.at(-2) === wideFirst && last === wideSecond ? 2 : 0;
}
