/** Work by the clock: BullMQ's job schedulers wake the plugins' schedules; the core's own housekeeping runs on a timer. */
import type { Knex } from "knex";

import { auditDays } from "../core/audit/list.ts";
import { openUnit } from "../core/db/database.ts";
import { idempotencyHours } from "../core/http/idempotency.ts";
import { queueName, type Schedule } from "../core/jobs/job.ts";
import type { WakeUpQueue } from "../core/jobs/queue_store.ts";
import type { Logger } from "../core/log.ts";
import { coreRole } from "../core/permissions.ts";

/** The schedulers live in the queue's store; when that is emptied, this brings them back. */
const renewEveryMs = 60_000;
const housekeepingEveryMs = 10 * 60_000;

/** Registers every schedule with its plugin's queue, and keeps it registered. However many workers do so, it runs once. */
export function startSchedules(
  queues: ReadonlyMap<string, WakeUpQueue>,
  schedules: readonly { readonly pluginId: string; readonly schedule: Schedule }[],
  log: Logger,
): { close(): Promise<void> } {
  const register = async (): Promise<void> => {
    for (const { pluginId, schedule } of schedules) {
      const id = `${pluginId}-${schedule.name}`;
      // Where a version before this one had registered it in the plugin's other queue.
      const other = schedule.waitsFor === undefined ? "network" : undefined;
      await queues.get(queueName({ pluginId, waitsFor: other }))?.removeJobScheduler(id);
      await queues
        .get(queueName({ pluginId, waitsFor: schedule.waitsFor }))
        ?.upsertJobScheduler(
          id,
          "cron" in schedule ? { pattern: schedule.cron, tz: "UTC" } : { every: schedule.everyMs },
          {
            name: schedule.name,
            data: { schedule: schedule.name },
            opts: { removeOnComplete: true, removeOnFail: true },
          },
        );
    }
  };
  const attempt = () =>
    register().catch((error: unknown) => log.warn({ err: error }, "the schedules could not be registered"));
  let last = attempt();
  const timer = setInterval(() => {
    last = attempt();
  }, renewEveryMs);
  return {
    close: async () => {
      clearInterval(timer);
      await last;
    },
  };
}

/** Forgets idempotency keys, rate counts and events of the security log that have had their time. Safe to run in every worker. */
export function coreSchedules(knex: Knex, log: Logger): { close(): void } {
  const timer = setInterval(() => void tidy(knex, log), housekeepingEveryMs);
  return { close: () => clearInterval(timer) };
}

/** The rows that are forgotten, by table of the core. */
const outdated = {
  idempotency_keys: `created_at < now() - make_interval(hours => ${idempotencyHours})`,
  daily_usage: "day < (now() AT TIME ZONE 'UTC')::date - 1",
  rate_limits: "expire < extract(epoch FROM now()) * 1000",
} as const;

/** One round of it. Each table is a transaction of its own: where one fails, which is logged, the others are tidied. */
export async function tidy(knex: Knex, log: Logger): Promise<void> {
  for (const [table, condition] of Object.entries(outdated)) {
    try {
      await openUnit(knex, { role: coreRole }, (trx) => trx.raw(`DELETE FROM core.${table} WHERE ${condition}`));
    } catch (error) {
      log.warn({ err: error, table }, "housekeeping failed; it is tried again");
    }
  }
  await deleteOldEvents(knex).catch((error: unknown) => {
    log.warn({ err: error, table: "audit_events" }, "housekeeping failed; it is tried again");
  });
}

/** Events in one DELETE, and DELETEs in one round: what is left goes in the next. */
const eventBatch = 5_000;
const eventBatches = 20;

async function deleteOldEvents(knex: Knex): Promise<void> {
  for (let batch = 0; batch < eventBatches; batch += 1) {
    const { rowCount } = (await openUnit(knex, { role: coreRole }, (trx) =>
      trx.raw(
        `DELETE FROM core.audit_events WHERE (tenant_id, event_id) IN (
           SELECT tenant_id, event_id FROM core.audit_events
           WHERE last_at < now() - make_interval(days => ?) ORDER BY last_at LIMIT ?)`,
        [auditDays, eventBatch],
      ),
    )) as { rowCount: number };
    if (rowCount < eventBatch) return;
  }
}
