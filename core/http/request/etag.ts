import { problems } from "../../errors.ts";

/**
 * Refuses a change to something that has changed since the caller read it. Weak tags never match (RFC 9110, 13.1.1).
 * @param ifMatch the header's value: `*`, or a list of quoted tags
 * @param version the present version, which its ETag shows in quotes
 * @throws Problem PRECONDITION_FAILED
 */
export function requireMatch(ifMatch: string | undefined, version: string | number): void {
  if (ifMatch === undefined || ifMatch.trim() === "*") return;
  const tags = ifMatch.split(",").map((tag) => tag.trim());
  if (!tags.includes(`"${version}"`)) {
    throw problems.PRECONDITION_FAILED(`Its ETag is "${version}" now. Read it again and repeat the change.`);
  }
}

/**
 * Says whether a caller has the present answer. Compares weakly, because a proxy that compresses weakens the tag.
 *
 * Does not use the library `fresh`, which finds no answer fresh after `Cache-Control: no-cache`. A browser adds that
 * header if a page sends `If-None-Match` itself.
 * @param ifNoneMatch the header's value: `*`, or a list of quoted tags
 * @param etag the present tag, in quotes
 */
export function hasAnswer(ifNoneMatch: string | string[] | undefined, etag: string): boolean {
  if (typeof ifNoneMatch !== "string") return false;
  const tags = ifNoneMatch.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return tags.includes("*") || tags.includes(etag);
}
