/** Closes, check-outs and moves that no call can ask for: by the clock, and at a moment that is not now. */
import { boot } from "../../../core/boot.ts";
import { databaseFor, type Database } from "../../../core/db/database.ts";
import { openPool } from "../../../core/db/pool.ts";
import { createLogger } from "../../../core/process/log.ts";
import type { Day } from "../../../core/mod.ts";
import { loginRole, urlAs } from "../../../core/db/role_names.ts";
import { testSecret } from "../../../testing/postgres.ts";
import type { TestPlatform } from "../../../testing/platform.ts";
import { move, swap } from "../bookings/move.ts";
import { checkOut } from "../bookings/check_in_out.ts";
import { closeDay, type DailyFigures } from "../desk/close_day.ts";
import { closeOverdueDays } from "../desk/close_overdue_days.ts";

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

/** The same round, in which one hotel is read at a time. */
export async function closePageByPage(platform: TestPlatform): Promise<void> {
  const log = createLogger("silent");
  await withDatabase(platform, (db) => closeOverdueDays({ db, log }, new AbortController().signal, 1));
}

/** Closes a day as if it were another moment: one that lies ahead of the calendar can't be closed by a call. */
export async function closeAt(platform: TestPlatform, hotelId: string, day: Day, now: Date): Promise<DailyFigures> {
  const change = { actor: { tenantId: hotelId, name: "test" }, now };
  return withDatabase(platform, (db) => db.tenant(hotelId, (trx) => closeDay(trx, change, day, { early: true })));
}

/** Checks a guest out as if it were another moment. @param leftOn the day that the desk names */
export async function checkOutAt(
  platform: TestPlatform,
  hotelId: string,
  bookingId: string,
  { now, leftOn }: { readonly now: Date; readonly leftOn?: Day },
): Promise<void> {
  const change = { actor: { tenantId: hotelId, name: "test" }, now };
  await withDatabase(platform, (db) => db.tenant(hotelId, (trx) => checkOut(trx, change, bookingId, leftOn)));
}

/** Moves a booking to another room as if it were another moment, or lets it change rooms with another booking. */
export async function moveAt(
  platform: TestPlatform,
  hotelId: string,
  bookingId: string,
  to: { readonly now: Date } & ({ readonly room: string } | { readonly other: string }),
): Promise<void> {
  const change = { actor: { tenantId: hotelId, name: "test" }, now: to.now };
  await withDatabase(platform, (db) =>
    db.tenant(hotelId, (trx) =>
      "room" in to ? move(trx, change, bookingId, to.room) : swap(trx, change, bookingId, to.other),
    ),
  );
}

async function withDatabase<T>({ databaseUrl }: TestPlatform, work: (db: Database) => Promise<T>): Promise<T> {
  const pool = openPool({ url: urlAs(databaseUrl, loginRole, testSecret), max: 1, name: "test close" });
  try {
    return await work(databaseFor(pool, "pms", true));
  } finally {
    await pool.destroy();
  }
}
