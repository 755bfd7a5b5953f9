/** The security log as a plugin sees it (`ctx.audit`). */
import type { Trx } from "../db/database.ts";
import type { AuditEvent } from "./event.ts";
import { type AuditFilter, listEvents, type StoredEvent } from "./list.ts";
import { recordEvent } from "./record.ts";
import type { Refusals } from "./refusals.ts";

export interface AuditLog {
  /**
   * Adds an event in the caller's transaction, so it exists only if that commits. Costs no round trip.
   * @throws Error if the event names no tenant, or has a detail with the name of a secret
   */
  record(trx: Trx, event: AuditEvent): void;
  /**
   * Counts a refusal, which has no transaction. It is written within a second, after the answer. Equal refusals of one
   * minute are one event. The subject must exist, because an unknown name can be a password that the caller typed.
   */
  countRefusal(event: AuditEvent): void;
  /** Lists the events of the transaction's tenant, newest first, for the plugin that shows them to a manager. */
  list(trx: Trx, filter: AuditFilter): Promise<StoredEvent[]>;
}

/** Makes the log of one plugin. Its events have its id before their kind, and PostgreSQL refuses another id. */
export function auditLogOf(pluginId: string, refusals: Refusals): AuditLog {
  return {
    record: (trx, event) => recordEvent(trx, pluginId, event),
    countRefusal: (event) => refusals.count(pluginId, event),
    list: listEvents,
  };
}
