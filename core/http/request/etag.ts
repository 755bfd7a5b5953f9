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
