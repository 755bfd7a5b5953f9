/** The shape of a manifest. A key that is misspelt would be a permission that is not given, or not taken back. */
import * as z from "zod";

import type { Manifest } from "./manifest.ts";
import { reasonSchema, says, shapeFaults, topicsSchema, waitsForSchema, zodSchema } from "./schema_faults.ts";

const text = z.string(says("is no text", "words in quotes"));
const identifier = /^[a-z_][a-z0-9_]*$/;

const noColumns = says("is not a list of columns", 'select: ["note_id"], with one column at least, or "*" for all');
const isColumns = (given: unknown): boolean =>
  given === "*" ||
  (Array.isArray(given) &&
    given.length > 0 &&
    given.every((name) => typeof name === "string" && identifier.test(name)));
const columns = z.custom(isColumns, noColumns).optional();

const grant = z.strictObject({
  select: columns,
  insert: columns,
  update: columns,
  delete: z.literal(true, says("is not true", "delete: true, or take it out")).optional(),
});

const noHost = says(
  "is no host",
  'net: ["api.example.com"], in lower case, without https://, with a port only where it is not 443, or { env: NAME } for the host of a variable\'s URL',
);

/**
 * What a URL makes of it is what it is: `API.example.com`, `example.com:443` or `example.com/v1` would match no call.
 */
function isHost(given: unknown): boolean {
  if (typeof given !== "string" || !/^([a-z0-9][a-z0-9_.-]*|\[[0-9a-f:]+\])(:\d+)?$/.test(given)) return false;
  return URL.canParse(`https://${given}`) && new URL(`https://${given}`).host === given;
}

const variableOnly = z.strictObject({ env: z.string() });

const job = z.strictObject(
  {
    name: text,
    payload: zodSchema,
    attempts: z.number().int().min(1, says("is less than one", "attempts: 1 or more")),
    waitsFor: waitsForSchema,
    changes: topicsSchema,
  },
  {
    error: (issue) => (issue.code === "invalid_type" ? says("is no job", "one that defineJob made").error : undefined),
  },
);

const jobs = says("is not a list", "jobs: [what defineJob made]");

const manifestShape = z.strictObject({
  id: text,
  summary: text,
  requires: z.array(text, says("is not a list", 'requires: ["plugin"]')).optional(),
  web: z
    .strictObject({ calls: z.array(text, says("is not a list", 'calls: ["readBoard"], ids of operations')) })
    .optional(),
  permissions: z
    .strictObject({
      env: z
        .record(
          z.string().regex(/^[A-Z][A-Z0-9_]*$/, says("is no variable's name", "capitals, such as API_KEY")),
          zodSchema,
        )
        .optional(),
      net: z
        .array(
          z.custom((given) => isHost(given) || variableOnly.safeParse(given).success, noHost),
          says("is not a list of hosts", 'net: ["api.example.com"]'),
        )
        .optional(),
      tables: z
        .record(
          z
            .string()
            .regex(/^[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*$/, says("is no table's name", "plugin.table, in lower case")),
          grant,
        )
        .optional(),
      jobs: z.array(job, jobs).optional(),
      crossTenant: reasonSchema('crossTenant: "why it works across tenants", or take it out').optional(),
      files: z
        .strictObject({ reason: reasonSchema('reason: "what the files are for"'), location: text.optional() })
        .optional(),
      definers: z.record(z.string().min(1), reasonSchema("why it runs as the owner")).optional(),
    })
    .optional(),
});

/** What a manifest's shape is to be faulted for: then nothing else can be read from it. */
export function manifestShapeFaults(manifest: Pick<Manifest, "id">): string[] {
  const subject = { name: `The manifest of ${manifest.id}`, depth: 0 };
  return shapeFaults(manifestShape, manifest, () => subject, "core/plugin/manifest.ts");
}
