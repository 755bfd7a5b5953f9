/** Days that nobody closed, in hotels that have said when the clock is to do it (`day_closes_at`). */
import { addDays, type Day, type Trx } from "../../../core/mod.ts";
import type { PmsContext } from "../context.ts";
import { closeDay } from "./close_day.ts";

interface OverdueHotel {
  readonly hotel_id: string;
  readonly business_date: Day;
}

/** A hotel that was away for long catches up in steps. */
const mostDays = 40;

/** Closes the overdue days of all hotels. One hotel's trouble does not keep the next from its close. */
export async function closeOverdueDays({ db, log }: PmsContext, signal: AbortSignal): Promise<void> {
  for (const hotel of await db.platform(findOverdue, { readOnly: true })) {
    for (let days = 0; days < mostDays && !signal.aborted; days += 1) {
      try {
        const day = addDays(hotel.business_date, days);
        const overdue = await db.tenant(hotel.hotel_id, async (trx) => {
          if (!(await isOverdue(trx, hotel.hotel_id, day))) return false;
          await closeDay(trx, { actor: { tenantId: hotel.hotel_id, name: "the clock" } }, day);
          return true;
        });
        if (!overdue) break;
      } catch (error) {
        log.error({ err: error, hotel_id: hotel.hotel_id }, "a day could not be closed; it is tried again");
        break;
      }
    }
  }
}

/** Closing time has passed on the day after. */
const overdueSql = `SELECT h.hotel_id, h.business_date FROM identity.hotels h
  JOIN pms.policies p ON p.hotel_id = h.hotel_id AND p.day_closes_at IS NOT NULL
  WHERE (now() AT TIME ZONE h.time_zone) >= h.business_date + 1 + p.day_closes_at`;

async function findOverdue(trx: Trx): Promise<OverdueHotel[]> {
  const { rows } = (await trx.raw(`${overdueSql} ORDER BY h.hotel_id`)) as { rows: OverdueHotel[] };
  return rows;
}

async function isOverdue(trx: Trx, hotelId: string, day: Day): Promise<boolean> {
  const { rows } = (await trx.raw(`${overdueSql} AND h.hotel_id = ? AND h.business_date = ?::date`, [
    hotelId,
    day,
  ])) as {
    rows: OverdueHotel[];
  };
  return rows.length > 0;
}
