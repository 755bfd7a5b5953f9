/** Closes of days that no call can ask for: the clock's, and such at a moment that is not now. */
import { boot } from "../../../core/boot.ts";
import { databaseFor } from "../../../core/db/database.ts";
import { openPool } from "../../../core/db/pool.ts";
import type { Day } from "../../../core/mod.ts";
import { gateRole, urlAs } from "../../../core/permissions.ts";
import { testSecret } from "../../../core/testing/postgres.ts";
import type { TestPlatform } from "../../../workers/testing/platform.ts";
import { closeDay, type DailyFigures } from "../desk/close_day.ts";

/** One round of the clock, as a worker does it. */
export async function closeByClock({ variables }: TestPlatform): Promise<void> {
  const worker = await boot("worker", variables);
  try {
    const clock = worker.schedules.find(({ schedule: { name } }) => name === "close-overdue-days");
    if (clock === undefined) throw new Error("The clock closes no days.");
    await clock.schedule.run(new AbortController().signal);
  } finally {
    await worker.close();
  }
}

/** Closes a day as if it were another moment: one that lies ahead of the calendar can't be closed by a call. */
export async function closeAt(
  { databaseUrl }: TestPlatform,
  hotelId: string,
  day: Day,
  now: Date,
): Promise<DailyFigures> {
  const pool = openPool({ url: urlAs(databaseUrl, gateRole, testSecret), max: 1, name: "test close" });
  try {
    const change = { actor: { tenantId: hotelId, name: "test" } };
    return await databaseFor(pool, "pms", true).tenant(hotelId, (trx) => closeDay(trx, change, day, now));
  } finally {
    await pool.destroy();
  }
}
