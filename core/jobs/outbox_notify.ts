/**
 * Tells the relays that there are new jobs, once those are committed: with at most one NOTIFY under way in a process,
 * which stands for all commits before it. Where one is lost (the process is killed, the database goes away), the relay's
 * sweep finds the jobs within a second.
 */
import type { Knex } from "knex";

/** The channel on which PostgreSQL announces new rows of the outbox. */
export const outboxChannel = "keyrack_outbox";

interface Announcer {
  underWay: boolean;
  again: boolean;
}

const announcers = new WeakMap<Knex, Announcer>();

export function announceJobs(knex: Knex): void {
  const announcer = announcers.get(knex) ?? { underWay: false, again: false };
  announcers.set(knex, announcer);
  announcer.again = true;
  if (!announcer.underWay) void announce(knex, announcer);
}

async function announce(knex: Knex, announcer: Announcer): Promise<void> {
  announcer.underWay = true;
  while (announcer.again) {
    announcer.again = false;
    // Whoever enqueued has committed and does not wait for this: the sweep stands in for it.
    await knex.raw(`NOTIFY ${outboxChannel}`).catch(() => undefined);
  }
  announcer.underWay = false;
}
