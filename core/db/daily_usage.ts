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
 * @returns the tenant's uses on this day of UTC, with this one
 */
export type CountDaily = (trx: Trx, kind: string, uses?: 0 | 1) => Promise<number>;

/**
 * The daily counts of one plugin. Call it last in a transaction: the tenant's other uses of the kind wait for its end.
 */
export function dailyCounter(pluginId: string): CountDaily {
  return async (trx, kind, uses = 1) => {
    const statement = uses === 0 ? readStatement : addStatement;
    const [row] = await asRole(trx, coreRole, () => statement.run(trx, [`${pluginId}.${kind}`]));
    if (row === undefined && uses > 0) throw new Error("A use was not counted.");
    return row?.used ?? 0;
  };
}
