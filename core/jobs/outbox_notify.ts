/**
 * Notifies the relays of new jobs after their commit. A process sends one NOTIFY at a time, for all commits before it.
 * If one is lost (the process is killed, the database stops), the relay's sweep finds the jobs within a second.
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
    // The transaction has committed and does not wait for this. If it fails, the sweep finds the jobs.
    await knex.raw(`NOTIFY ${outboxChannel}`).catch(() => undefined);
  }
  announcer.underWay = false;
}
