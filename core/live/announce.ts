/**
 * Announces committed changes to all web processes. A process sends one NOTIFY at a time, with all changes since the
 * last one. It is never inside the transaction of a change, because such a NOTIFY takes a lock of the whole database
 * at the commit.
 *
 * If PostgreSQL ends the connection that listens, announcements can be lost. Then the streams end, and each page reads
 * everything again when it has connected.
 */
import type { Knex } from "knex";

import { type Change, changesChannel, encodeChanges } from "./change.ts";

/** Bytes of a payload. PostgreSQL refuses 8,000. */
const mostBytes = 7_900;

interface Announcer {
  isSending: boolean;
  /** The waiting changes, by tenant, user and topics. */
  readonly waiting: Map<string, Change>;
}

const announcers = new WeakMap<Knex, Announcer>();

/** Announces a change that has been committed. The caller does not wait. */
export function announceChange(knex: Knex, change: Change): void {
  if (change.topics.length === 0) return;
  const announcer = announcers.get(knex) ?? { isSending: false, waiting: new Map<string, Change>() };
  announcers.set(knex, announcer);
  const key = JSON.stringify([change.tenantId, change.by, change.topics, change.ids.length === 0]);
  const before = announcer.waiting.get(key);
  announcer.waiting.set(
    key,
    before === undefined ? change : { ...change, ids: [...new Set([...before.ids, ...change.ids])] },
  );
  if (!announcer.isSending) void send(knex, announcer);
}

async function send(knex: Knex, announcer: Announcer): Promise<void> {
  announcer.isSending = true;
  while (announcer.waiting.size > 0) {
    const payload = takePayload(announcer.waiting);
    try {
      await knex.raw("SELECT pg_notify(?, ?)", [changesChannel, payload]);
    } catch {
      // The database does not answer. The streams break too, and their pages read everything again.
    }
  }
  announcer.isSending = false;
}

/** Takes as many changes as fit into a payload. One that alone is too large names no ids. */
export function takePayload(waiting: Map<string, Change>): string {
  const taken: Change[] = [];
  for (const [key, change] of waiting) {
    const fits = sizeOf([...taken, change]) <= mostBytes;
    if (!fits && taken.length > 0) break;
    taken.push(fits ? change : { ...change, ids: [] });
    waiting.delete(key);
  }
  return encodeChanges(taken);
}

const sizeOf = (changes: readonly Change[]): number => Buffer.byteLength(encodeChanges(changes));
