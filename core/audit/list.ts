/** Reads a tenant's security log, the newest event first. */
import type { Trx } from "../db/database.ts";
import { prepare } from "../db/prepared_statement.ts";
import { asRole } from "../db/transaction.ts";
import { coreRole } from "../db/role_names.ts";
import type { AuditDetails } from "./event.ts";

/** Days that an event is kept. */
export const auditDays = 365;

export interface StoredEvent {
  readonly event_id: string;
  readonly kind: string;
  readonly at: Date;
  readonly occurrences: number;
  readonly last_at: Date;
  readonly actor_id: string | null;
  readonly actor_name: string | null;
  readonly address: string | null;
  readonly user_agent: string | null;
  readonly request_id: string | null;
  readonly subject_type: string | null;
  readonly subject_id: string | null;
  readonly subject_name: string | null;
  readonly details: AuditDetails;
}

export interface AuditFilter {
  readonly kind?: string | undefined;
  readonly actorId?: string | undefined;
  /** At or after this instant. */
  readonly from?: Date | undefined;
  /** Before this instant. */
  readonly before?: Date | undefined;
  /** The `event_id` that the page before ended with. */
  readonly after?: string | undefined;
  readonly limit: number;
}

// The ids are in the order of time, except for the minute in which refusals are merged and the difference of two
// clocks. So the index finds the range, and the exact time narrows it.
const listStatement = prepare<StoredEvent>(
  "audit_list",
  `SELECT event_id, kind, at, occurrences, last_at, actor_id, actor_name, address, user_agent, request_id,
     subject_type, subject_id, subject_name, details
   FROM core.audit_events
   WHERE tenant_id = core.tenant_id()
     AND ($1::text IS NULL OR kind = $1) AND ($2::uuid IS NULL OR actor_id = $2)
     AND last_at >= $3 AND at < $4 AND event_id >= $5 AND event_id < $6
   ORDER BY event_id DESC LIMIT $7`,
);

const slackMs = 10 * 60_000;
const earliest = new Date(0);
const latest = new Date("9999-01-01");

/** The events of the unit's tenant. Without a tenant there are none. */
export function listEvents(trx: Trx, filter: AuditFilter): Promise<StoredEvent[]> {
  const { kind = null, actorId = null, from = earliest, before = latest, after, limit } = filter;
  const newest = after ?? lowestIdAt(before.getTime() + slackMs);
  const values = [kind, actorId, from, before, lowestIdAt(from.getTime() - slackMs), newest, limit];
  return asRole(trx, coreRole, () => listStatement.run(trx, values));
}

/** The lowest UUID that a v7 of this time can be. */
function lowestIdAt(ms: number): string {
  const time = Math.max(0, ms).toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-0000-0000-000000000000`;
}
