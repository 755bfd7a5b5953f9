/** Checks the shape of the result of `setup`. */
import * as z from "zod";

import {
  functionSchema,
  says,
  shapeFaults,
  type Subject,
  topicsSchema,
  waitsForSchema,
  zodSchema,
} from "./schema_faults.ts";
import { memberOf } from "../values/unknown_value.ts";

const text = z.string(says("must be a string", "write it in quotes"));
const object = z
  .instanceof(z.ZodObject, says("must be a schema of an object", "write `z.strictObject({ … })`"))
  .optional();
const count = (words: string, most = 2 ** 31 - 1) =>
  z
    .int(says(`must be a ${words}`, "write a whole number from 1"))
    .min(1, says(`must be a ${words}`, "write a whole number from 1"))
    .max(most);
const yesOrNo = z.boolean(says("must be true or false", "write one of them")).optional();

/** The kinds of transaction. There is no default, so that a misspelled kind is a fault. */
const transaction = z.enum(
  ["tenant", "crossTenant", "none"],
  says("must be a kind of transaction", 'write "tenant", "crossTenant" or "none"'),
);

const noPath = says(
  "must be a path",
  "write a slash before each part, braces around a parameter and no other signs, as in `/words/{name}`",
);

const route = z
  .strictObject({
    id: z
      .string()
      .regex(
        /^[a-z][A-Za-z0-9]*$/,
        says("must be the name of an operation", "write it in camelCase, such as `listNotes`"),
      ),
    method: z.enum(
      ["GET", "POST", "PUT", "PATCH", "DELETE"],
      says("must be an HTTP method", "write GET, POST, PUT, PATCH or DELETE"),
    ),
    path: z.string(noPath).regex(/^(\/([A-Za-z0-9._~-]+|\{[a-z]\w*\}))+\/?$/, noPath),
    summary: text,
    description: text.optional(),
    // `checkRoutes` checks it, with a message of its own.
    access: z.unknown(),
    params: object,
    query: object,
    body: z.union([z.literal("raw"), zodSchema], says('must be a zod schema or "raw"', "pass one of them")).optional(),
    form: yesOrNo,
    bodyLimit: count("number of bytes").optional(),
    status: z.int().min(200).max(599),
    result: zodSchema.optional(),
    mediaType: text.optional(),
    problems: z.array(text, says("must be a list of codes", 'write `problems: ["NOT_FOUND"]`')).optional(),
    transaction,
    conditional: yesOrNo,
    changes: topicsSchema,
    undo: z
      .union(
        [z.array(text).min(1), z.strictObject({ none: text })],
        says("must name the ways back", 'write `undo: ["removeNote"]`, or `undo: { none: "the reason" }`'),
      )
      .optional(),
    idempotent: yesOrNo,
    rateLimit: z.strictObject({ points: count("number of requests"), seconds: count("time in seconds") }).optional(),
    prepare: functionSchema.optional(),
    handler: functionSchema,
  })
  .superRefine(({ method, body }, ctx) => {
    if (body === undefined || ["POST", "PUT", "PATCH"].includes(method)) return;
    // `readBody` reads no others, as RFC 9110 (9.3) gives a body of GET and DELETE no meaning.
    const { error } = says(`must be left out of a ${method} route`, "remove it, or use POST, PUT or PATCH");
    ctx.addIssue({ code: "custom", path: ["body"], message: error });
  })
  .superRefine(({ path, params }, ctx) => {
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "").sort();
    const checked = Object.keys(params?.shape ?? {}).sort();
    if (named.join() === checked.join()) return;
    const { error } = says(
      `has schemas for ${checked.join(", ") || "nothing"}, and the path has ${named.join(", ") || "no parameter"}`,
      "write one schema for each parameter of the path, and no other",
    );
    ctx.addIssue({ code: "custom", path: ["params"], message: error });
  });

const job = z.strictObject({
  name: text,
  payload: zodSchema,
  attempts: count("number of attempts"),
  waitsFor: waitsForSchema,
  changes: topicsSchema,
});

const handler = z.strictObject({
  kind: z.enum(
    ["unit", "long"],
    says("must be a kind of handler", "make the handler with `handleJob(…)` or `handleLongJob(…)`"),
  ),
  job,
  handle: functionSchema,
  onDead: functionSchema.optional(),
});

const schedule = z
  .strictObject({
    name: z.string().regex(/^[a-z][a-z0-9_-]*$/, says("must be a name in lower case", "write it like `clean-up`")),
    everyMs: count("time in milliseconds").optional(),
    cron: z
      .string()
      .regex(
        /^[\d*]\S*( \S+){4}$/,
        says("must be a cron expression", "write five fields, in UTC, such as `17 3 * * *`"),
      )
      .optional(),
    run: functionSchema,
    waitsFor: waitsForSchema,
  })
  .refine(
    ({ everyMs, cron }) => (everyMs === undefined) !== (cron === undefined),
    says("must have exactly one of everyMs and cron", "add or remove one"),
  );

const gauge = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_]*$/, says("must be a name in lower case", "write it like `events`")),
  help: text,
  label: z.string().regex(/^[a-z][a-z0-9_]*$/, says("must be a name in lower case", "write it like `status`")),
  read: functionSchema,
});

const listOf = <S extends z.ZodType>(item: S, remedy: string) =>
  z.array(item, says("must be a list", remedy)).optional();

const partsShape = z.strictObject(
  {
    routes: listOf(route, "write `routes: [route({ … })]`"),
    jobs: listOf(handler, "write `jobs: [handleJob(…)]`"),
    schedules: listOf(schedule, "write `schedules: [{ name, everyMs, run }]`").refine(
      (all = []) => new Set(all.map(({ name }) => name)).size === all.length,
      says("must have different names", "rename or remove one"),
    ),
    gauges: listOf(gauge, "write `gauges: [{ name, help, label, read }]`").refine(
      (all = []) => new Set(all.map(({ name }) => name)).size === all.length,
      says("must have different names", "rename or remove one"),
    ),
    concurrency: count("number of jobs at a time", 1000).optional(),
    background: z.boolean(says("must be true or false", "write `background: true`")).optional(),
    authenticator: functionSchema.optional(),
    confirmActor: functionSchema.optional(),
    roles: z.array(text.min(1), says("must be a list of roles", 'write `roles: ["manager"]`')).min(1).optional(),
    close: functionSchema.optional(),
  },
  {
    error: ({ code }) =>
      code === "invalid_type"
        ? says("must return an object", "return `{ routes, jobs, … }`, or `{}` if it has no parts").error
        : undefined,
  },
);

/** Returns the faults in the shape of a plugin's parts. */
export function partsShapeFaults(pluginId: string, parts: unknown): string[] {
  return shapeFaults(
    partsShape,
    parts,
    (path) => subjectOf(pluginId, parts, path),
    "core/http/route.ts or core/plugin/contract.ts",
  );
}

/** Names the route, handler, schedule or gauge at a path, as its author named it. */
function subjectOf(pluginId: string, parts: unknown, path: readonly PropertyKey[]): Subject {
  const [list, index] = path;
  if (typeof list !== "string" || typeof index !== "number") return { name: `The setup of ${pluginId}`, depth: 0 };
  const part = memberOf(memberOf(parts, list), index);
  const address = memberOf(part, "path");
  const name = memberOf(part, "name");
  const title = {
    routes: typeof address === "string" ? `${String(memberOf(part, "method"))} ${address}` : undefined,
    jobs: memberOf(memberOf(part, "job"), "name"),
    schedules: name,
    gauges: name,
  }[list];
  return { name: `${typeof title === "string" ? title : `${list}[${index}]`} of ${pluginId}`, depth: 2 };
}
