/**
 * Judges what a plugin hands over (its manifest, its parts) by a strict schema, and says what is wrong in one sentence
 * each.
 */
import * as z from "zod";

/** The words of a schema: what the thing is that it should not be, and what to do. */
export const says = (what: string, remedy: string): { error: string } => ({ error: `${what}. Remedy: ${remedy}.` });

/** A reason for a reader of `npm run permissions`: words, and not just something that is there. */
export const reasonSchema = (remedy: string) =>
  z.string(says("is not a reason in words", remedy)).trim().min(1, says("is not a reason in words", remedy));

/** A function of a plugin's. */
export const functionSchema = z.custom<object>((value) => typeof value === "function", says("is no function", "one"));

/** A schema of a plugin's. */
export const zodSchema = z.instanceof(z.ZodType, says("is no schema", "one of zod's, such as z.string()"));

/** What a job or a schedule waits for. */
export const waitsForSchema = z
  .literal("network", says('is not "network"', 'waitsFor: "network", or take it out'))
  .optional();

/** The topics of an event that follows a change. */
export const topicsSchema = z
  .array(
    z.string().regex(/^[a-z][a-z0-9-]*$/, says("is not a topic", "small letters, such as notes")),
    says("is not a list of topics", 'changes: ["notes"]'),
  )
  .optional();

export interface Subject {
  /** As a sentence begins with it. */
  readonly name: string;
  /** How much of a path it covers; the rest is told. */
  readonly depth: number;
}

/**
 * @param subjectOf what a path belongs to
 * @param home the file that declares the shape
 * @returns what does not fit
 */
export function shapeFaults(
  schema: z.ZodType,
  value: unknown,
  subjectOf: (path: readonly PropertyKey[]) => Subject,
  home: string,
): string[] {
  const { error } = schema.safeParse(value);
  return (error?.issues ?? []).flatMap((issue) => {
    const { name, depth } = subjectOf(issue.path);
    const where = issue.path.slice(depth);
    const tell = (path: readonly PropertyKey[], words: string): string =>
      path.length === 0 ? `${name} ${words}` : `${name}: ${pathText(path)} ${words}`;
    if (issue.code === "unrecognized_keys") {
      const words = `is nothing that is known here. Remedy: take it out, or spell it as ${home} does.`;
      return issue.keys.map((key) => tell([...where, key], words));
    }
    const message = issue.code === "invalid_key" ? (issue.issues[0]?.message ?? issue.message) : issue.message;
    return [
      tell(where, message.includes("Remedy: ") ? message : `does not fit (${message}). Remedy: as ${home} has it.`),
    ];
  });
}

/** `permissions.tables["a.b"].select[0]` */
function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((key) =>
      typeof key === "number" ? `[${key}]` : /^\w+$/.test(String(key)) ? `.${String(key)}` : `["${String(key)}"]`,
    )
    .join("")
    .replace(/^\./, "");
}
