/**
 * The rule about type assertions: production code has fewer than 50 (`value as Type`), each with its reason in a
 * comment. The compiler believes an assertion, so a wrong one fails far from its cause. `as const` asserts nothing.
 */
import { parseSync } from "oxc-parser";

import type { Source } from "./source.ts";

/** The most assertions of the production code. */
export const mostAssertions = 49;

/** Landed migrations. The database has recorded their checksums, so they must not change. */
export const landedMigrations = new Set([
  "plugins/identity/migrations/0004_folded_usernames.ts",
  "plugins/pms/migrations/0012_guests_folded.ts",
  "plugins/pms/migrations/0013_names_that_look_alike.ts",
]);

export interface Assertion {
  readonly file: string;
  readonly line: number;
  /** Whether a comment is in the line before the statement, or in its lines up to the assertion. */
  readonly hasReason: boolean;
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/** Nodes to which a comment belongs: what an author writes on lines of its own. */
const commented = /(Statement|Declaration|Definition|^Property)$/;

/** Finds the type assertions of a file. @throws Error if it can't be parsed */
export function findAssertions({ file, text }: Pick<Source, "file" | "text">): Assertion[] {
  const { program, comments, errors } = parseSync(file, text);
  const [error] = errors;
  if (error !== undefined) throw new Error(`${file} can't be parsed: ${error.message}`);
  const lineOf = (offset: number): number => text.slice(0, offset).split("\n").length;
  const found: Assertion[] = [];
  const visit = (value: unknown, owner: number): void => {
    if (Array.isArray(value)) for (const each of value) visit(each, owner);
    if (!isNode(value)) return;
    const start = commented.test(value.type) && value.type !== "BlockStatement" ? value.start : owner;
    if (isAssertion(value)) {
      const first = lineOf(start) - 1;
      const last = lineOf(value.end);
      const hasReason = comments.some((comment) => {
        const line = lineOf(comment.end);
        return line >= first && line <= last;
      });
      found.push({ file, line: lineOf(value.start), hasReason });
    }
    for (const child of Object.values(value)) visit(child, start);
  };
  visit(program, 0);
  return found;
}

/** Returns the faults of all files but landed migrations. @param most the most assertions */
export function assertionFaults(sources: readonly Pick<Source, "file" | "text">[], most = mostAssertions): string[] {
  const found = sources.filter(({ file }) => !landedMigrations.has(file)).flatMap((source) => findAssertions(source));
  const bare = found
    .filter(({ hasReason }) => !hasReason)
    .map(
      ({ file, line }) => `${file}:${line} has a type assertion without a reason. Remedy: a type guard or a comment.`,
    );
  if (found.length <= most) return bare;
  return [
    ...bare,
    `There are ${found.length} type assertions, and ${most} at most. Remedy: a type guard or a generic.`,
  ];
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";

/** `x as T` and `<T>x`, but not `x as const`. A double assertion counts twice. */
function isAssertion({ type, typeAnnotation }: Node): boolean {
  if (type !== "TSAsExpression" && type !== "TSTypeAssertion") return false;
  const name = isNode(typeAnnotation) ? typeAnnotation["typeName"] : undefined;
  return !(isNode(name) && name["name"] === "const");
}
