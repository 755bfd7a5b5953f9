/** Checks the shape of a manifest. It refuses unknown keys, so that a misspelled permission is not ignored. */
import * as z from "zod";

import type { Manifest } from "./manifest.ts";
import { reasonSchema, says, shapeFaults, topicsSchema, waitsForSchema, zodSchema } from "./schema_faults.ts";

const text = z.string(says("must be a string", "write it in quotes"));
const identifier = /^[a-z_][a-z0-9_]*$/;

const noColumns = says(
  "must be a list of columns",
  'write at least one column, as in `select: ["note_id"]`, or "*" for all columns',
);
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
  delete: z.literal(true, says("must be true", "write `delete: true`, or remove it")).optional(),
});

const noHost = says(
  "must be a host",
  'write it in lower case, without a scheme and without port 443, as in `net: ["api.example.com"]`. ' +
    "For the host of a URL in a variable, write `{ env: NAME }`",
);

/** Accepts only the form in a URL. `API.example.com`, `example.com:443` and `example.com/v1` would match no call. */
function isHost(given: unknown): boolean {
  if (typeof given !== "string" || !/^([a-z0-9][a-z0-9_.-]*|\[[0-9a-f:]+\])(:\d+)?$/.test(given)) return false;
  return URL.canParse(`https://${given}`) && new URL(`https://${given}`).host === given;
}

const variableOnly = z.strictObject({ env: z.string() });

const job = z.strictObject(
  {
    name: text,
    payload: zodSchema,
    attempts: z.number().int().min(1, says("must be at least 1", "write `attempts: 1` or more")),
    waitsFor: waitsForSchema,
    changes: topicsSchema,
  },
  {
    error: (issue) =>
      issue.code === "invalid_type" ? says("must be a job", "make it with `defineJob`").error : undefined,
  },
);

const jobs = says("must be a list", "write `jobs: [name]`, with jobs of `defineJob`");

const manifestShape = z.strictObject({
  id: text,
  summary: text,
  requires: z.array(text, says("must be a list", 'write `requires: ["plugin"]`')).optional(),
  web: z
    .strictObject({ calls: z.array(text, says("must be a list of operations", 'write `calls: ["readBoard"]`')) })
    .optional(),
  permissions: z
    .strictObject({
      env: z
        .record(
          z
            .string()
            .regex(
              /^[A-Z][A-Z0-9_]*$/,
              says("must be the name of a variable", "write it in capitals, such as API_KEY"),
            ),
          zodSchema,
        )
        .optional(),
      net: z
        .array(
          z.custom((given) => isHost(given) || variableOnly.safeParse(given).success, noHost),
          says("must be a list of hosts", 'write `net: ["api.example.com"]`'),
        )
        .optional(),
      tables: z
        .record(
          z
            .string()
            .regex(
              /^[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*$/,
              says("must be the name of a table", "write `plugin.table`, in lower case"),
            ),
          grant,
        )
        .optional(),
      jobs: z.array(job, jobs).optional(),
      crossTenant: reasonSchema('write `crossTenant: "why it works across tenants"`, or remove it').optional(),
      files: z
        .strictObject({ reason: reasonSchema('write `reason: "what the files are for"`'), location: text.optional() })
        .optional(),
      definers: z.record(z.string().min(1), reasonSchema("write why it runs as the owner of the database")).optional(),
    })
    .optional(),
});

/** Returns the faults in the shape of a manifest. If there is one, the manifest can't be checked further. */
export function manifestShapeFaults(manifest: Pick<Manifest, "id">): string[] {
  const subject = { name: `The manifest of ${manifest.id}`, depth: 0 };
  return shapeFaults(manifestShape, manifest, () => subject, "core/plugin/manifest.ts");
}
