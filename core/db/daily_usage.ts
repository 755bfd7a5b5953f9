import { coreRole } from "../permissions.ts";
import { prepare } from "./statement.ts";
import { asRole, type Trx } from "./unit.ts";

const addStatement = prepare<{ used: number }>(
  "daily_usage_add",
  `INSERT INTO core.daily_usage AS u (tenant_id, day, kind, used)
   VALUES (core.tenant_id(), (now() AT TIME ZONE 'UTC')::date, $1, 1)
   ON CONFLICT (tenant_id, day, kind) DO UPDATE SET used = u.used + 1
   RETURNING used`,
);

/** Counts one use in the caller's transaction. @returns the tenant's uses on this day of UTC, with this one */
export type CountDaily = (trx: Trx, kind: string) => Promise<number>;

/**
 * The daily counts of one plugin. Call it last in a transaction: the tenant's other uses of the kind wait for its end.
 */
export function dailyCounter(pluginId: string): CountDaily {
  return async (trx, kind) => {
    const [row] = await asRole(trx, coreRole, () => addStatement.run(trx, [`${pluginId}.${kind}`]));
    if (row === undefined) throw new Error("A use was not counted.");
    return row.used;
  };
}
