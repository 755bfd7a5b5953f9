import { coreRole } from "./role_names.ts";
import { prepare } from "./prepared_statement.ts";
import { asRole, type Trx } from "./transaction.ts";

const addStatement = prepare<{ used: number }>(
  "daily_usage_add",
  `INSERT INTO core.daily_usage AS u (tenant_id, day, kind, used)
   VALUES (core.tenant_id(), (now() AT TIME ZONE 'UTC')::date, $1, 1)
   ON CONFLICT (tenant_id, day, kind) DO UPDATE SET used = u.used + 1
   RETURNING used`,
);

const readStatement = prepare<{ used: number }>(
  "daily_usage_read",
  `SELECT used FROM core.daily_usage
   WHERE tenant_id = core.tenant_id() AND day = (now() AT TIME ZONE 'UTC')::date AND kind = $1`,
);

/**
 * Counts one use in the caller's transaction, or only reads the count.
 * @param uses default: 1
 * @returns the tenant's uses on this day in UTC, including this one
 */
export type CountDaily = (trx: Trx, kind: string, uses?: 0 | 1) => Promise<number>;

/**
 * Makes the daily counter of one plugin. Call the counter last in a transaction, because the tenant's other uses of the
 * kind wait for its end.
 */
export function dailyCounter(pluginId: string): CountDaily {
  return async (trx, kind, uses = 1) => {
    const statement = uses === 0 ? readStatement : addStatement;
    const [row] = await asRole(trx, coreRole, () => statement.run(trx, [`${pluginId}.${kind}`]));
    if (row === undefined && uses > 0) throw new Error("The daily counter returned no row.");
    return row?.used ?? 0;
  };
}
