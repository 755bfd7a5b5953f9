/** The security log as a plugin sees it (`ctx.audit`). */
import type { Trx } from "../db/database.ts";
import type { AuditEvent } from "./event.ts";
import { type AuditFilter, listEvents, type StoredEvent } from "./list.ts";
import { recordEvent } from "./record.ts";
import type { Refusals } from "./refusals.ts";

export interface AuditLog {
  /**
   * Adds an event, in the caller's transaction: it exists if and only if that commits. Costs no round trip.
   * @throws Error where the event names no tenant, or has a detail with the name of a secret
   */
  record(trx: Trx, event: AuditEvent): void;
  /**
   * Counts a refusal, which has no transaction. It is written within a second, after the answer; equal ones of one minute are
   * one event. Its subject must exist: what a caller typed may be a password, and belongs to no tenant.
   */
  countRefusal(event: AuditEvent): void;
  /** The events of the unit's tenant, the newest first: for the one plugin that shows them to a manager. */
  list(trx: Trx, filter: AuditFilter): Promise<StoredEvent[]>;
}

/** The log of one plugin: its events have its id before their kind, and PostgreSQL refuses another. */
export function auditLogOf(pluginId: string, refusals: Refusals): AuditLog {
  return {
    record: (trx, event) => recordEvent(trx, pluginId, event),
    countRefusal: (event) => refusals.count(pluginId, event),
    list: listEvents,
  };
}
