/** Adds events to the security log, in the transaction of what they tell of: one exists if and only if that commits. */
import type { Trx } from "../db/database.ts";
import { prepare } from "../db/statement.ts";
import { newId } from "../ids.ts";
import { type AuditEvent, eventColumns, factsOf } from "./event.ts";

const insertStatement = prepare(
  "audit_record",
  `INSERT INTO core.audit_events (event_id, ${eventColumns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
);

/** Costs no round trip. Where PostgreSQL refuses the event, the unit of work fails. */
export function recordEvent(trx: Trx, pluginId: string, event: AuditEvent): void {
  insertStatement.send(trx, [newId(), ...factsOf(pluginId, event)]);
}
