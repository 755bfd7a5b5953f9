/**
 * Counts refusals for the security log: wrong passwords, calls beyond a role, limits that are reached. Many of them at
 * once must neither slow the answers nor fill the table:
 *
 * - A refusal is counted in memory, and written within a second, after the answer. So an answer takes the
 *   same time whether the event has a tenant or not.
 * - Equal refusals of one minute (same kind, actor, subject, details and network) are one event with a count. It is
 *   written at the first refusal and at the end of the minute, by all processes into the same row.
 * - Beyond `mostOfTenant` different refusals in a minute, a tenant's further ones are one event for each kind, without
 *   an address.
 */
import { createHash } from "node:crypto";
import type { Knex } from "knex";

import { runTransaction } from "../db/database.ts";
import { prepareNamed } from "../db/named_statement.ts";
import { networkOf } from "../values/ip_network.ts";
import type { Logger } from "../process/log.ts";
import { coreRole } from "../db/role_names.ts";
import { type AuditEvent, type AuditFacts, eventColumns, factsOf } from "./event.ts";

const minuteMs = 60_000;
/** The time (ms) that a first refusal waits, so that others are written with it. */
const flushMs = 500;
/** The largest number of different events in a minute, of one tenant and of all. */
const mostOfTenant = 60;
const mostOfAll = 5_000;

interface Counted {
  readonly eventId: string;
  readonly facts: AuditFacts;
  readonly firstAt: Date;
  lastAt: Date;
  /** Not written yet. */
  pending: number;
  written: boolean;
}

export interface Refusals {
  /** @param pluginId the plugin that declares the kind, or `core` */
  count(pluginId: string, event: AuditEvent): void;
  /** Writes all refusals that are in memory. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

const columnTypes: Readonly<Partial<Record<(typeof eventColumns)[number], string>>> = {
  tenant_id: "uuid",
  actor_id: "uuid",
  details: "jsonb",
};

const mergeStatement = prepareNamed(
  "audit_merge",
  // In the order of the keys, so that two processes that merge the same events never wait for each other in a ring.
  `INSERT INTO core.audit_events AS e (event_id, at, last_at, occurrences, ${eventColumns.join(", ")})
   SELECT * FROM unnest(:event_id::uuid[], :at::timestamptz[], :last_at::timestamptz[], :occurrences::integer[],
     ${eventColumns.map((column) => `:${column}::${columnTypes[column] ?? "text"}[]`).join(", ")}) AS t
   ORDER BY 5, 1
   ON CONFLICT (tenant_id, event_id) DO UPDATE SET
     occurrences = e.occurrences + excluded.occurrences, last_at = greatest(e.last_at, excluded.last_at)`,
);

export function createRefusals(knex: Knex, log: Logger, now = (): number => Date.now()): Refusals {
  let minute = 0;
  let counted = new Map<string, Counted>();
  let ofTenant = new Map<string, number>();
  let dropped = 0;
  let timer: NodeJS.Timeout | undefined;
  let flushing = Promise.resolve();

  const write = async (events: readonly Counted[]): Promise<void> => {
    const due = events.filter(({ pending }) => pending > 0);
    if (due.length === 0) return;
    const counts = due.map(({ pending }) => pending);
    for (const event of due) {
      event.pending = 0;
      event.written = true;
    }
    const values = {
      event_id: due.map(({ eventId }) => eventId),
      at: due.map(({ firstAt }) => firstAt),
      last_at: due.map(({ lastAt }) => lastAt),
      occurrences: counts,
      ...Object.fromEntries(eventColumns.map((column) => [column, due.map(({ facts }) => facts[column])])),
    };
    try {
      await runTransaction(knex, { role: coreRole }, (trx) => mergeStatement.run(trx, values));
    } catch (error) {
      log.warn({ err: error, events: due.length }, "refusals could not be written to the security log");
    }
  };

  const flush = (all: boolean): Promise<void> => {
    const due = [...counted.values()].filter(({ written }) => all || !written);
    flushing = flushing.then(() => write(due));
    return flushing;
  };

  /** Ends a past minute. Writes the counts that are not written yet. */
  const turn = (): void => {
    const present = Math.floor(now() / minuteMs);
    if (present === minute) return;
    if (counted.size > 0) void flush(true);
    if (dropped > 0) log.warn({ dropped }, "more refusals than the security log takes in a minute");
    minute = present;
    counted = new Map();
    ofTenant = new Map();
    dropped = 0;
  };

  const schedule = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      turn();
      void flush(false);
      // Counts that exist in memory only are written when their minute is over.
      if ([...counted.values()].some(({ pending }) => pending > 0)) schedule();
    }, flushMs).unref();
  };

  return {
    count: (pluginId, event) => {
      turn();
      const at = new Date(now());
      const known = findOrAdd(factsOf(pluginId, event), at);
      if (known === undefined) {
        dropped += 1;
        return;
      }
      known.pending += 1;
      known.lastAt = at;
      schedule();
    },
    flush: () => flush(true),
    close: async () => {
      clearTimeout(timer);
      await flush(true);
    },
  };

  function findOrAdd(facts: AuditFacts, at: Date): Counted | undefined {
    const whole = keyOf(facts);
    const found = counted.get(whole);
    if (found !== undefined) return found;
    const { tenant_id: tenantId, subject_name: subject } = facts;
    const events = ofTenant.get(tenantId) ?? 0;
    if (events >= mostOfTenant && subject !== manyOthers) return findOrAdd(mergedOf(facts), at);
    if (counted.size >= mostOfAll) return undefined;
    ofTenant.set(tenantId, events + 1);
    const added = { eventId: eventIdOf(minute, whole), facts, firstAt: at, lastAt: at, pending: 0, written: false };
    counted.set(whole, added);
    return added;
  }
}

const manyOthers = "many others";

/** Returns the event that counts all further refusals of a kind in a minute. */
function mergedOf({ tenant_id, kind }: AuditFacts): AuditFacts {
  return {
    tenant_id,
    kind,
    actor_id: null,
    actor_name: null,
    address: null,
    user_agent: null,
    request_id: null,
    subject_type: null,
    subject_id: null,
    subject_name: manyOthers,
    details: "{}",
  };
}

/** Returns the key of equal refusals. It leaves out the request's id and user agent, which the caller chooses. */
function keyOf({ address, ...facts }: AuditFacts): string {
  const { tenant_id, kind, actor_id, subject_type, subject_id, subject_name, details } = facts;
  const network = address === null ? null : networkOf(address);
  return JSON.stringify([tenant_id, kind, actor_id, network, subject_type, subject_id, subject_name, details]);
}

/** Makes a UUID v7 of the minute and a hash. It is the same in every process, so that all count in one row. */
function eventIdOf(minute: number, key: string): string {
  const bytes = createHash("sha256").update(key).digest().subarray(0, 16);
  bytes.writeUIntBE(minute * minuteMs, 0, 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
