/** Reads the bytes that a download requests (RFC 9110, 14): one range, and only of the file that the client began. */
import type { ByteRange } from "../../../core/mod.ts";

/** The whole file, a part, or a part outside of the file. */
export type RequestedRange = "whole" | ByteRange | "unsatisfiable";

/**
 * Reads `Range` and `If-Range`. As the RFC requires, several ranges and unknown units are ignored: the answer is the
 * whole file.
 * @param length bytes of the representation
 * @param etag the representation's ETag, in quotes
 */
export function readRange(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  length: number,
  etag: string,
): RequestedRange {
  const { range, "if-range": condition } = headers;
  if (typeof range !== "string") return "whole";
  // An ETag must match strongly. A date can't match, because no answer had one.
  if (condition !== undefined && condition !== etag) return "whole";
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(range.trim()) ?? [];
  if (first === "" && last === "") return "whole";
  if (first === "") return suffix(Number(last), length);
  const start = Number(first);
  const end = last === "" ? length - 1 : Math.min(Number(last), length - 1);
  if (last !== "" && Number(last) < start) return "whole";
  return start >= length ? "unsatisfiable" : { start, end };
}

function suffix(bytes: number, length: number): RequestedRange {
  if (bytes === 0 || length === 0) return "unsatisfiable";
  return { start: Math.max(0, length - bytes), end: length - 1 };
}
