/** Adds events to the security log in the transaction of the change, so an event exists only if that commits. */
import type { Trx } from "../db/database.ts";
import { prepare } from "../db/prepared_statement.ts";
import { newId } from "../values/ids.ts";
import { type AuditEvent, eventColumns, factsOf } from "./event.ts";

const insertStatement = prepare(
  "audit_record",
  `INSERT INTO core.audit_events (event_id, ${eventColumns.join(", ")})
   VALUES ($1, ${eventColumns.map((_, index) => `$${index + 2}`).join(", ")})`,
);

/** Adds one event without a round trip. If PostgreSQL refuses the event, the transaction fails. */
export function recordEvent(trx: Trx, pluginId: string, event: AuditEvent): void {
  const facts = factsOf(pluginId, event);
  insertStatement.send(trx, [newId(), ...eventColumns.map((column) => facts[column])]);
}
