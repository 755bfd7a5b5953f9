/** Runs the schedule that closes days, and runs closes, check-outs and moves at a chosen time. HTTP offers neither. */
import { boot } from "../../../core/boot.ts";
import { databaseFor, type Database } from "../../../core/db/database.ts";
import { openPool } from "../../../core/db/pool.ts";
import { createLogger } from "../../../core/process/log.ts";
import type { Day } from "../../../core/mod.ts";
import { loginRole, urlAs } from "../../../core/db/role_names.ts";
import { type TestPlatform, testSecret } from "#testing/mod.ts";
import { move, swap } from "../bookings/move.ts";
import { findMoveRooms } from "../bookings/queries/move_rooms.ts";
import { checkOut } from "../bookings/check_in_out.ts";
import { closeDay, type DailyFigures } from "../desk/close_day.ts";
import { closeOverdueDays } from "../desk/close_overdue_days.ts";

/** Runs the schedule that closes overdue days once, as a worker does. */
export async function closeByClock({ variables }: TestPlatform): Promise<void> {
  const worker = await boot("worker", variables);
  try {
    const closeSchedule = worker.schedules.find(({ schedule: { name } }) => name === "close-overdue-days");
    if (closeSchedule === undefined) throw new Error("The worker has no schedule close-overdue-days.");
    await closeSchedule.schedule.run(new AbortController().signal);
  } finally {
    await worker.close();
  }
}

/** Does the same with pages of one hotel each. */
export async function closePageByPage(platform: TestPlatform): Promise<void> {
  const log = createLogger("silent");
  await withDatabase(platform, (db) =>
    closeOverdueDays({ announce: () => undefined, db, log }, new AbortController().signal, 1),
  );
}

/** Closes a day at a chosen time. A request can't close a day that is ahead of the calendar. */
export async function closeAt(platform: TestPlatform, hotelId: string, day: Day, now: Date): Promise<DailyFigures> {
  const change = { actor: { tenantId: hotelId, name: "test" }, now };
  return withDatabase(platform, (db) => db.tenant(hotelId, (trx) => closeDay(trx, change, day, { early: true })));
}

/** Checks a guest out at a chosen time. @param leftOn the day of departure that the desk enters */
export async function checkOutAt(
  platform: TestPlatform,
  hotelId: string,
  bookingId: string,
  { now, leftOn }: { readonly now: Date; readonly leftOn?: Day },
): Promise<void> {
  const change = { actor: { tenantId: hotelId, name: "test" }, now };
  await withDatabase(platform, (db) => db.tenant(hotelId, (trx) => checkOut(trx, change, bookingId, leftOn)));
}

/** Moves a booking to another room at a chosen time, or swaps its room with another booking. */
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

/** Finds the rooms to which a booking could move at a chosen time. */
export async function moveRoomsAt(platform: TestPlatform, hotelId: string, bookingId: string, now: Date) {
  return withDatabase(platform, (db) =>
    db.tenant(hotelId, (trx) => findMoveRooms(trx, hotelId, bookingId, { now, limit: 50 }), { readOnly: true }),
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
