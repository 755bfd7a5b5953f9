/** The shape of what `setup` gives back. */
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

const text = z.string(says("is no text", "words in quotes"));
const object = z.instanceof(z.ZodObject, says("is no schema of an object", "z.strictObject({ … })")).optional();
const count = (words: string, most = 2 ** 31 - 1) =>
  z
    .int(says(`is no ${words}`, "a whole number from 1"))
    .min(1, says(`is no ${words}`, "a whole number from 1"))
    .max(most);
const yesOrNo = z.boolean(says("is neither true nor false", "one of them")).optional();

/** The kinds of a unit of work. There is no default: one that is misspelt must not be taken for another. */
const transaction = z.enum(
  ["tenant", "crossTenant", "none"],
  says("must be a kind of transaction", '"tenant", "crossTenant" or "none"'),
);

const noPath = says(
  "is no path",
  "/words/{name}, with parameters in braces, a slash before each part and no other signs",
);

const route = z
  .strictObject({
    id: z.string().regex(/^[a-z][A-Za-z0-9]*$/, says("is no operation's name", "camelCase, such as listNotes")),
    method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE"], says("is no method", "GET, POST, PUT, PATCH or DELETE")),
    path: z.string(noPath).regex(/^(\/([A-Za-z0-9._~-]+|\{[a-z]\w*\}))+\/?$/, noPath),
    summary: text,
    description: text.optional(),
    // Its own words are in checkRoutes.
    access: z.unknown(),
    params: object,
    query: object,
    body: z.union([z.literal("raw"), zodSchema], says("is no schema", 'one of zod\'s, or "raw"')).optional(),
    form: yesOrNo,
    bodyLimit: count("number of bytes").optional(),
    status: z.int().min(200).max(599),
    result: zodSchema.optional(),
    mediaType: text.optional(),
    problems: z.array(text, says("is not a list of codes", 'problems: ["NOT_FOUND"]')).optional(),
    transaction,
    conditional: yesOrNo,
    changes: topicsSchema,
    idempotent: yesOrNo,
    rateLimit: z.strictObject({ points: count("number of requests"), seconds: count("time in seconds") }).optional(),
    prepare: functionSchema.optional(),
    handler: functionSchema,
  })
  .superRefine(({ path, params }, ctx) => {
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "").sort();
    const checked = Object.keys(params?.shape ?? {}).sort();
    if (named.join() === checked.join()) return;
    const { error } = says(
      `is for ${checked.join(", ") || "nothing"}, and the path has ${named.join(", ") || "no parameter"}`,
      "a schema for each of the path's parameters, and for no other",
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
  kind: z.enum(["unit", "long"], says("is no kind of handler", "handleJob(…) or handleLongJob(…)")),
  job,
  handle: functionSchema,
  onDead: functionSchema.optional(),
});

const schedule = z
  .strictObject({
    name: z.string().regex(/^[a-z][a-z0-9_-]*$/, says("is no name", "lower case, such as clean-up")),
    everyMs: count("time in milliseconds").optional(),
    cron: z
      .string()
      .regex(/^[\d*]\S*( \S+){4}$/, says("is no time", 'cron\'s five fields, in UTC: "17 3 * * *"'))
      .optional(),
    run: functionSchema,
    waitsFor: waitsForSchema,
  })
  .refine(
    ({ everyMs, cron }) => (everyMs === undefined) !== (cron === undefined),
    says("has no time, or two", "everyMs or cron"),
  );

const gauge = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_]*$/, says("is no name", "lower case, such as events")),
  help: text,
  label: z.string().regex(/^[a-z][a-z0-9_]*$/, says("is no name", "lower case, such as status")),
  read: functionSchema,
});

const listOf = <S extends z.ZodType>(item: S, remedy: string) =>
  z.array(item, says("is not a list", remedy)).optional();

const partsShape = z.strictObject(
  {
    routes: listOf(route, "routes: [route({ … })]"),
    jobs: listOf(handler, "jobs: [handleJob(…)]"),
    schedules: listOf(schedule, "schedules: [{ name, everyMs, run }]").refine(
      (all = []) => new Set(all.map(({ name }) => name)).size === all.length,
      says("has two of one name", "rename or remove one"),
    ),
    gauges: listOf(gauge, "gauges: [{ name, help, label, read }]").refine(
      (all = []) => new Set(all.map(({ name }) => name)).size === all.length,
      says("has two of one name", "rename or remove one"),
    ),
    concurrency: count("number of jobs at a time", 1000).optional(),
    background: z.boolean(says("is neither true nor false", "background: true")).optional(),
    authenticator: functionSchema.optional(),
    confirmActor: functionSchema.optional(),
    roles: z.array(text.min(1), says("is not a list of roles", 'roles: ["manager"]')).min(1).optional(),
    close: functionSchema.optional(),
  },
  {
    error: ({ code }) =>
      code === "invalid_type" ? says("gives nothing back", "({ routes, jobs, … }), if only ({})").error : undefined,
  },
);

/** What the parts of a plugin are to be faulted for by their shape alone. */
export function partsShapeFaults(pluginId: string, parts: unknown): string[] {
  return shapeFaults(
    partsShape,
    parts,
    (path) => subjectOf(pluginId, parts, path),
    "core/http/route.ts or core/plugin/contract.ts",
  );
}

/** The route, handler or schedule that a path leads to, by the name that its author gave it. */
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
