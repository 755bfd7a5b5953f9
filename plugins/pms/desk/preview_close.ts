/**
 * Shows the effects of the close of the day. It closes the day in a transaction that is rolled back, so the amounts and
 * figures are those of the close itself. The desk waits meanwhile, as for a close.
 */
import {
  addDays,
  type Database,
  type Day,
  formatAmount,
  prepare,
  subtractAmount,
  type Trx,
} from "../../../core/mod.ts";
import type { ChangeContext } from "../booking_record/change.ts";
import type { BookingStatus } from "../port.ts";
import { readPolicies } from "../policies/policies.ts";
import { closableFrom, closeDay, type DailyFigures, lockHotel } from "./close_day.ts";

interface AffectedBooking {
  readonly booking_id: string;
  readonly guest_name: string;
  readonly room_id: string;
  readonly room_number: string;
  readonly arrival: Day;
  readonly departure: Day;
}

/** A booking that the close charges. */
export interface ChargedBooking extends AffectedBooking {
  readonly charge: string;
}

export interface ClosePreview {
  readonly business_date: Day;
  /** The earliest time of a close without `early`. Null if that time has passed. */
  readonly closable_from: string | null;
  readonly no_shows: readonly ChargedBooking[];
  readonly overstays: readonly ChargedBooking[];
  /** Guests due out by the day that do not get the night. */
  readonly overdue: readonly AffectedBooking[];
  readonly figures: DailyFigures;
}

interface Row extends AffectedBooking {
  readonly status: BookingStatus;
  readonly total_amount: string;
}

/** OFFSET 0 makes PostgreSQL find the few bookings before it joins the rooms. */
const dueStatement = prepare<Row>(
  "pms_due_at_close",
  `SELECT b.*, r.room_number FROM (
     SELECT booking_id, guest_name, room_id, status, arrival, departure, total_amount FROM pms.bookings
       WHERE hotel_id = $1 AND status = 'confirmed' AND arrival <= $2::date
     UNION ALL
     SELECT booking_id, guest_name, room_id, status, arrival, departure, total_amount FROM pms.bookings
       WHERE hotel_id = $1 AND status = 'in_house' AND departure <= $2::date
     OFFSET 0
   ) AS b JOIN pms.rooms r ON r.hotel_id = $1 AND r.room_id = b.room_id
   ORDER BY r.sort_key, r.room_id, b.booking_id`,
);

const closedStatement = prepare<Pick<Row, "booking_id" | "departure" | "total_amount">>(
  "pms_closed_bookings",
  `SELECT booking_id, departure, total_amount FROM pms.bookings
   WHERE hotel_id = $1 AND booking_id = ANY($2::uuid[])`,
);

/** Carries the preview out of the transaction, which it rolls back. */
class RolledBack extends Error {
  readonly preview: ClosePreview;

  constructor(preview: ClosePreview) {
    super("The close was a preview.");
    this.preview = preview;
  }
}

/** @throws Problem WRONG_DAY if the business date has not begun at the hotel */
export async function previewClose(db: Pick<Database, "tenant">, change: ChangeContext): Promise<ClosePreview> {
  try {
    return await db.tenant(change.actor.tenantId, async (trx): Promise<ClosePreview> => {
      throw new RolledBack(await closeAndCompare(trx, change));
    });
  } catch (error) {
    if (error instanceof RolledBack) return error.preview;
    throw error;
  }
}

/** Closes the day and returns the effects. The caller must roll the transaction back. */
export async function closeAndCompare(trx: Trx, change: ChangeContext): Promise<ClosePreview> {
  const hotel = await lockHotel(trx, change.actor.tenantId);
  const { hotel_id: hotelId, business_date: day, currency } = hotel;
  const due = await dueStatement.run(trx, [hotelId, day]);
  const from = closableFrom(hotel, await readPolicies(trx, hotelId), change.now);
  const figures = await closeDay(trx, change, day, { early: true });
  const closed = await closedStatement.run(trx, [hotelId, due.map(({ booking_id }) => booking_id)]);
  const after = new Map(closed.map((booking) => [booking.booking_id, booking]));
  const isExtended = ({ booking_id: id }: Row): boolean => after.get(id)?.departure === addDays(day, 1);
  const expected = due.filter(({ status }) => status === "confirmed");
  const here = due.filter(({ status }) => status === "in_house");
  const totalOf = ({ booking_id: id }: Row): string => after.get(id)?.total_amount ?? "0";
  return {
    business_date: day,
    closable_from: from?.toISOString() ?? null,
    no_shows: expected.map((row) => ({ ...affected(row), charge: formatAmount(totalOf(row), currency) })),
    overstays: here.filter(isExtended).map((row) => ({
      ...affected(row),
      charge: subtractAmount(totalOf(row), row.total_amount, currency) ?? formatAmount("0", currency),
    })),
    overdue: here.filter((row) => !isExtended(row)).map(affected),
    figures,
  };
}

const affected = ({ status: _status, total_amount: _total, ...booking }: Row): AffectedBooking => booking;
