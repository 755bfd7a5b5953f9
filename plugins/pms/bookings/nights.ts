/** The nights of bookings: what each costs and where it is slept. A released night is kept, off the bill. */
import { type Day, formatAmount, sumAmounts, type Trx } from "../../../core/mod.ts";

export interface Night {
  readonly date: Day;
  readonly room_id: string;
  /** As PostgreSQL's numeric text, or with the currency's decimals. */
  readonly rate: string;
}

/** By what a night was given back. */
export type Release = "amend" | "check_out" | "no_show";

interface Whose {
  readonly hotel_id: string;
  readonly booking_id: string;
}

const key = ({ hotel_id, booking_id }: Whose): Whose => ({ hotel_id, booking_id });

/** The nights on the bill, by date. */
export async function readNights(trx: Trx, booking: Whose): Promise<Night[]> {
  return (await trx("pms.booking_nights")
    .where(key(booking))
    .whereNull("released")
    .orderBy("date")
    .select("date", "room_id", "rate")) as Night[];
}

/** Makes the nights on the bill be exactly these. Those that are not among them are released. */
export async function writeNights(trx: Trx, booking: Whose, nights: readonly Night[], by: Release): Promise<void> {
  const dates = nights.map(({ date }) => date);
  await trx("pms.booking_nights")
    .where(key(booking))
    .whereNull("released")
    .whereRaw("NOT date = ANY(?::date[])", [dates])
    .update({ released: by });
  if (nights.length === 0) return;
  await trx.raw(
    `INSERT INTO pms.booking_nights (hotel_id, booking_id, date, room_id, rate)
     SELECT ?, ?, n.date, n.room_id, n.rate FROM unnest(?::date[], ?::uuid[], ?::numeric[]) AS n (date, room_id, rate)
     ON CONFLICT (hotel_id, booking_id, date) DO UPDATE SET room_id = excluded.room_id, rate = excluded.rate, released = NULL`,
    [booking.hotel_id, booking.booking_id, dates, nights.map(({ room_id }) => room_id), nights.map(({ rate }) => rate)],
  );
}

/** Puts the nights back on the bill that this released, at the prices that were agreed. */
export async function restoreNights(trx: Trx, booking: Whose, by: Release): Promise<Night[]> {
  await trx("pms.booking_nights")
    .where({ ...key(booking), released: by })
    .update({ released: null });
  return readNights(trx, booking);
}

/** The exact sum of nights. */
export function totalOf(nights: readonly Night[], currency: string): string {
  return nights.length === 0
    ? formatAmount("0", currency)
    : sumAmounts(
        nights.map(({ rate }) => rate),
        currency,
      );
}
