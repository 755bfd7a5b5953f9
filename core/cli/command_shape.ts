/** The shape of the `commands` that a plugin's `cli.ts` exports. */
import * as z from "zod";

import { functionSchema, says, shapeFaults, type Subject, zodSchema } from "../plugin/schema_faults.ts";
import { factsOf } from "./fields.ts";

const kebabCase = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const name = z
  .string()
  .regex(kebabCase, says("is not in kebab-case", "lower case with single dashes, such as list-events"))
  .refine((word) => word !== "help", says("is the option of every command", "another name"))
  // The parser reads --no-x as the opposite of --x.
  .refine((word) => !word.startsWith("no-"), says("begins with no-", "a name for what it turns on"));

const option = zodSchema.refine(
  (schema) => factsOf("option", schema).kind !== "flag" || schema.safeParse(undefined).data !== true,
  says("is a flag that is always on", "z.boolean().default(false)"),
);

const command = z.strictObject({
  summary: z.string().regex(/^[^\n]*[^\n.]$/, says("must be one line without a full stop", "a verb and its object")),
  args: z
    .record(z.string().regex(/^[a-z][a-z0-9_]*$/, says("is not in snake_case", "a name such as event_id")), zodSchema)
    .refine(
      (args) => {
        const required = Object.entries(args).map(([arg, schema]) => factsOf(arg, schema).isRequired);
        return required.every((is, at) => !is || required.slice(0, at).every(Boolean));
      },
      says("has a required argument after one that may be absent", "the required ones first"),
    )
    .optional(),
  options: z.record(name, option).optional(),
  run: functionSchema,
});

const commandsShape = z.record(name, command, says("is missing", "export const commands = { … }"));

/** Returns what is wrong with the shape of a plugin's commands. */
export function commandsShapeFaults(pluginId: string, commands: unknown): string[] {
  return shapeFaults(commandsShape, commands, (path) => subjectOf(pluginId, path), "core/plugin/command.ts");
}

function subjectOf(pluginId: string, [command]: readonly PropertyKey[]): Subject {
  return command === undefined
    ? { name: `The export "commands" of ${pluginId}'s cli.ts`, depth: 0 }
    : { name: `The command ${pluginId} ${String(command)}`, depth: 1 };
}
