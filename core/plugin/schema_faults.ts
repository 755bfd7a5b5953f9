/**
 * Checks a plugin's manifest or parts by a strict schema, and describes each fault in one sentence with its remedy.
 */
import * as z from "zod";

/** Makes the message of a schema from the requirement and the remedy. Both begin with a verb in lower case. */
export const says = (what: string, remedy: string): { error: string } => ({ error: `${what}. Remedy: ${remedy}.` });

/** Accepts a reason in words, for a reader of `npm run permissions`. */
export const reasonSchema = (remedy: string) =>
  z.string(says("must be a reason in words", remedy)).trim().min(1, says("must be a reason in words", remedy));

/** Accepts any function. */
export const functionSchema = z.custom<object>(
  (value) => typeof value === "function",
  says("must be a function", "pass one"),
);

/** Accepts any zod schema. */
export const zodSchema = z.instanceof(z.ZodType, says("must be a zod schema", "pass one, such as `z.string()`"));

/** Accepts `waitsFor` of a job or a schedule. */
export const waitsForSchema = z
  .literal("network", says('must be "network"', 'write `waitsFor: "network"`, or remove it'))
  .optional();

/** The topics of an event that follows a change. */
export const topicsSchema = z
  .array(
    z.string().regex(/^[a-z][a-z0-9-]*$/, says("is not a topic", "small letters, such as notes")),
    says("is not a list of topics", 'changes: ["notes"]'),
  )
  .optional();

export interface Subject {
  /** The first words of the message. */
  readonly name: string;
  /** The number of path elements that the name covers. The message shows the rest of the path. */
  readonly depth: number;
}

/**
 * Checks a value by a schema.
 * @param subjectOf returns the part that a path belongs to
 * @param home the file that declares the shape
 * @returns one message for each fault
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
    const messageAt = (path: readonly PropertyKey[], words: string): string =>
      path.length === 0 ? `${name} ${words}` : `${name}: ${pathText(path)} ${words}`;
    if (issue.code === "unrecognized_keys") {
      const words = `is an unknown key. Remedy: remove it, or spell it as in ${home}.`;
      return issue.keys.map((key) => messageAt([...where, key], words));
    }
    const message = issue.code === "invalid_key" ? (issue.issues[0]?.message ?? issue.message) : issue.message;
    return [messageAt(where, message.includes("Remedy: ") ? message : `is invalid (${message}). Remedy: see ${home}.`)];
  });
}

/** Formats a path, as in `permissions.tables["a.b"].select[0]`. */
function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((key) =>
      typeof key === "number" ? `[${key}]` : /^\w+$/.test(String(key)) ? `.${String(key)}` : `["${String(key)}"]`,
    )
    .join("")
    .replace(/^\./, "");
}
