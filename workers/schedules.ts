/** Runs work by the clock. BullMQ's job schedulers wake the plugins' schedules. A timer runs the core's own cleanup. */
import type { Knex } from "knex";

import { auditDays } from "../core/audit/list.ts";
import { forEachTenant } from "../core/db/each_tenant.ts";
import { runTransaction } from "../core/db/database.ts";
import { idempotencyHours } from "../core/http/idempotency.ts";
import type { Schedule } from "../core/jobs/job.ts";
import { queueName } from "../core/jobs/job_definition.ts";
import type { WakeUpQueue } from "../core/jobs/queue_backend.ts";
import type { Logger } from "../core/process/log.ts";
import { coreRole } from "../core/db/role_names.ts";

/** The schedulers are in the queue's store. If the store is emptied, the next renewal adds them again. */
const renewEveryMs = 60_000;
const housekeepingEveryMs = 10 * 60_000;

/**
 * Registers every schedule with its plugin's queue, and renews that. It runs once, although several workers register
 * it.
 */
export function startSchedules(
  queues: ReadonlyMap<string, WakeUpQueue>,
  schedules: readonly { readonly pluginId: string; readonly schedule: Schedule }[],
  log: Logger,
): { close(): Promise<void> } {
  const register = async (): Promise<void> => {
    for (const { pluginId, schedule } of schedules) {
      const id = `${pluginId}-${schedule.name}`;
      // An earlier version of the plugin can have registered it in the plugin's other queue.
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

/** Deletes outdated idempotency keys, rate counts and events of the security log. Every worker can run it. */
export function coreSchedules(knex: Knex, log: Logger): { close(): void } {
  const timer = setInterval(() => void deleteOutdated(knex, log), housekeepingEveryMs);
  return { close: () => clearInterval(timer) };
}

/** Conditions of the rows to delete, by table of the core. */
const outdated = {
  idempotency_keys: `created_at < now() - make_interval(hours => ${idempotencyHours})`,
  daily_usage: "day < (now() AT TIME ZONE 'UTC')::date - 1",
  audit_events: `last_at < now() - make_interval(days => ${auditDays})`,
} as const;
const outdatedCounts = "DELETE FROM core.rate_limits WHERE expire < extract(epoch FROM now()) * 1000";

/** Rows in one DELETE, and DELETEs for one tenant in one round. The next round deletes the rest. */
const rowBatch = 5_000;
const rowBatches = 20;

interface Outcome {
  readonly rows: readonly { readonly tenant_id: string }[];
  readonly rowCount: number;
}

/** Runs one round. Logs a table or a tenant that fails, and goes on with the others. */
export async function deleteOutdated(knex: Knex, log: Logger): Promise<void> {
  const asCore = (sql: string, values: readonly (string | number)[] = []): Promise<Outcome> =>
    runTransaction(knex, { role: coreRole }, async (trx) => await trx.raw(sql, values));
  const attempt = (table: string, work: () => Promise<unknown>): Promise<unknown> =>
    work().catch((error: unknown) =>
      log.warn({ err: error, table }, "the cleanup of a table failed, and runs again in the next round"),
    );
  for (const [table, condition] of Object.entries(outdated)) {
    await attempt(table, async () => {
      const { rows } = await asCore(`SELECT DISTINCT tenant_id FROM core.${table} WHERE ${condition}`);
      const tenantIds = rows.map(({ tenant_id }) => tenant_id);
      await forEachTenant(tenantIds, { log, what: `cleanup of ${table}` }, async (tenantId) => {
        for (let round = 0; round < rowBatches; round += 1) {
          const { rowCount } = await asCore(
            `DELETE FROM core.${table} WHERE ctid = ANY(ARRAY(
               SELECT ctid FROM core.${table} WHERE tenant_id = ? AND ${condition} LIMIT ?))`,
            [tenantId, rowBatch],
          );
          if (rowCount < rowBatch) return;
        }
      });
    });
  }
  await attempt("rate_limits", () => asCore(outdatedCounts));
}
