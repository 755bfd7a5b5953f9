/** Describes the answer to `Prefer: dry-run`, for the dispatch and for the OpenAPI document. */
import type { Route } from "./route.ts";

/** The media type of the answer to a dry run. */
export const dryRunMediaType = "application/vnd.keyrack.dry-run+json";

/** Says whether a dry run of the route is possible: its whole effect must be in one transaction of a tenant. */
export function hasDryRun({ method, access, transaction }: Route): boolean {
  return method !== "GET" && access !== "public" && transaction === "tenant";
}

/** The JSON schema of the answer to a dry run. */
export const dryRunSchema = {
  type: "object",
  required: ["status", "body", "changes", "total_changes"],
  properties: {
    status: { type: "integer", description: "The status that the request would have, such as 201 or 409." },
    body: {
      description: "The body that the request would have, such as the changed record, or the problem that refuses it.",
    },
    changes: {
      type: "array",
      description:
        "The rows that the request would change, in the order of their first change, at most 1,000. " +
        "Ids and times of new rows differ from those of the real request.",
      items: {
        type: "object",
        required: ["table", "before", "after"],
        properties: {
          table: { type: "string", examples: ["notes.notes"] },
          before: { type: ["object", "null"], description: "Null for a new row." },
          after: { type: ["object", "null"], description: "Null for a deleted row." },
        },
      },
    },
    total_changes: { type: "integer", description: "The number of changed rows, also of those that are left out." },
  },
};
