/** Which bytes of a file a download asks for (RFC 9110, 14): one range, and only of the very file that it began with. */
import type { ByteRange } from "../../../core/mod.ts";

/** The whole, a part, or a part that is not there. */
export type Wanted = "whole" | ByteRange | "unsatisfiable";

/**
 * Reads `Range` and `If-Range`. What is not understood is ignored, as the RFC wants it: several ranges and other units are
 * answered with the whole.
 * @param length bytes of the representation
 * @param etag of the representation, in its quotes
 */
export function readRange(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  length: number,
  etag: string,
): Wanted {
  const { range, "if-range": condition } = headers;
  if (typeof range !== "string") return "whole";
  // A tag must match strongly; a date can't, for none was sent.
  if (condition !== undefined && condition !== etag) return "whole";
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(range.trim()) ?? [];
  if (first === "" && last === "") return "whole";
  if (first === "") return suffix(Number(last), length);
  const start = Number(first);
  const end = last === "" ? length - 1 : Math.min(Number(last), length - 1);
  if (last !== "" && Number(last) < start) return "whole";
  return start >= length ? "unsatisfiable" : { start, end };
}

function suffix(bytes: number, length: number): Wanted {
  if (bytes === 0 || length === 0) return "unsatisfiable";
  return { start: Math.max(0, length - bytes), end: length - 1 };
}
