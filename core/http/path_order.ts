/** Declared paths: which of them answer the same address, and which of those goes first. */

/** First parts of the core's own addresses (`operationsRouter` in app.ts): no plugin declares anything below them. */
const reservedParts = ["health", "metrics", "openapi.json", "docs", "app", "events"];

/** The parts of a declared path; a slash at its end is none. */
function partsOf(path: string): string[] {
  return path.replace(/\/$/, "").split("/").slice(1);
}

const isParameter = (part: string): boolean => part.startsWith("{");

/** True below an address of the core's. In any case of letters, because the core's router takes them all. */
export function isReserved(path: string): boolean {
  return reservedParts.includes((partsOf(path)[0] ?? "").toLowerCase());
}

/** True where there is an address that both answer. */
export function overlap(one: string, other: string): boolean {
  const [a, b] = [partsOf(one), partsOf(other)];
  return (
    a.length === b.length && a.every((part, at) => part === b[at] || isParameter(part) || isParameter(b[at] ?? ""))
  );
}

/** True where `one` answers a part of what `other` answers: a word wherever the other has one, and once more. */
export function isNarrower(one: string, other: string): boolean {
  const [a, b] = [partsOf(one), partsOf(other)];
  return (
    overlap(one, other) &&
    a.every((part, at) => !isParameter(part) || isParameter(b[at] ?? "")) &&
    rank(one) !== rank(other)
  );
}

/** Words before parameters, from left to right: of two paths that overlap, the narrower one goes first. */
export function rank(path: string): string {
  return partsOf(path)
    .map((part) => (isParameter(part) ? "1" : "0"))
    .join("");
}
