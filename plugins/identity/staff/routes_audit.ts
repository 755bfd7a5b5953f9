import * as z from "zod";

import {
  auditDays,
  decodeCursor,
  idSchema,
  instantOutSchema,
  instantSchema,
  pageOf,
  pageQuery,
  type Route,
  route,
  type StoredEvent,
  toPage,
} from "../../../core/mod.ts";
import type { IdentityContext } from "../context.ts";
import { managers } from "../port.ts";

const detail = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const eventSchema = z
  .strictObject({
    event_id: idSchema,
    kind: z.string().meta({ examples: ["identity.login_failed", "pms.policies_changed"] }),
    at: instantOutSchema,
    occurrences: z.number().int().meta({
      description: "Above 1 for equal refusals of one minute. `last_at` is the time of the last one.",
    }),
    last_at: instantOutSchema,
    actor: z
      .strictObject({ user_id: idSchema, username: z.string().nullable() })
      .nullable()
      .meta({ description: "Null for a caller without a login, and for a schedule." }),
    address: z.string().nullable(),
    user_agent: z.string().nullable(),
    request_id: z.string().nullable().meta({ description: "As in `X-Request-Id`, and in the request log." }),
    subject: z
      .strictObject({ type: z.string(), id: z.string(), name: z.string().nullable() })
      .nullable()
      .meta({ description: "The user or the thing that the event changed." }),
    details: z.record(z.string(), z.union([detail, z.array(detail).readonly()])).meta({
      description: "More facts. A change has each changed field with its old and its new value.",
    }),
  })
  .meta({ id: "AuditEvent" });

export function auditRoute({ audit }: IdentityContext): Route {
  return route({
    id: "listAuditEvents",
    method: "GET",
    path: "/audit",
    summary: "List the hotel's security log, the newest event first",
    description:
      "Logins, failed logins, refusals, and changes of the hotel, its staff, roles, passwords and policies. Each " +
      "event has its actor and address. The log never contains a password or a token. " +
      `It keeps events for ${auditDays} days. Refusals appear within a second.`,
    access: managers,
    transaction: "tenant",
    query: z.strictObject({
      ...pageQuery,
      kind: z.string().max(100).optional(),
      actor_id: idSchema.optional(),
      from: instantSchema.optional().meta({ description: "At or after this instant." }),
      to: instantSchema.optional().meta({ description: "Before this instant." }),
    }),
    status: 200,
    result: pageOf(eventSchema),
    handler: async ({ query: { limit, cursor, kind, actor_id: actorId, from, to }, trx }) => {
      const after = decodeCursor(cursor, z.tuple([idSchema]))?.[0];
      const events = await audit.list(trx, {
        kind,
        actorId,
        from: from === undefined ? undefined : new Date(from),
        before: to === undefined ? undefined : new Date(to),
        after,
        limit: limit + 1,
      });
      return { body: toPage(events, limit, eventView, (event) => [event.event_id]) };
    },
  });
}

function eventView(event: StoredEvent): z.input<typeof eventSchema> {
  const { actor_id: actorId, subject_type: type, subject_id: id } = event;
  return {
    event_id: event.event_id,
    kind: event.kind,
    at: event.at.toISOString(),
    occurrences: event.occurrences,
    last_at: event.last_at.toISOString(),
    actor: actorId === null ? null : { user_id: actorId, username: event.actor_name },
    address: event.address,
    user_agent: event.user_agent,
    request_id: event.request_id,
    subject: type === null || id === null ? null : { type, id, name: event.subject_name },
    details: { ...event.details },
  };
}
