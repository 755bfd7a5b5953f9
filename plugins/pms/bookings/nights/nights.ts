/**
 * The nights of bookings, each with its room and its price. A released night stays in the table, but not on the bill.
 */
import { addDays, type Day, prepare, type Trx } from "../../../../core/mod.ts";

export interface Night {
  readonly date: Day;
  readonly room_id: string;
  /** The type under which the night was sold. A move keeps the type and the price. */
  readonly room_type_id: string;
  /** The price, as PostgreSQL's numeric text or with the currency's decimals. */
  readonly rate: string;
  /** The rate that an agreed price replaced. Null if no price is agreed. */
  readonly rack_rate: string | null;
}

/** The operation that released a night. */
export type Release = "amend" | "check_out" | "no_show" | "waive";

/** A night with the id of its booking. */
export interface BookedNight extends Night {
  readonly booking_id: string;
}

interface BookingKey {
  readonly hotel_id: string;
  readonly booking_id: string;
}

const key = ({ hotel_id, booking_id }: BookingKey): BookingKey => ({ hotel_id, booking_id });

/** Reads the nights on the bill of a booking, ordered by date. */
export async function readNights(trx: Trx, { hotel_id, booking_id }: BookingKey): Promise<Night[]> {
  return (await readNightsOf(trx, hotel_id, [booking_id])).get(booking_id) ?? [];
}

/** Reads the nights on the bills of several bookings. Each booking's nights are ordered by date. */
export async function readNightsOf(
  trx: Trx,
  hotelId: string,
  bookingIds: readonly string[],
): Promise<ReadonlyMap<string, Night[]>> {
  const byBooking = new Map<string, Night[]>(bookingIds.map((id) => [id, []]));
  if (bookingIds.length === 0) return byBooking;
  const nights = await trx("pms.booking_nights")
    .where({ hotel_id: hotelId })
    .whereIn("booking_id", bookingIds)
    .whereNull("released")
    .orderBy("date")
    .select<BookedNight[]>("booking_id", "date", "room_id", "room_type_id", "rate", "rack_rate");
  for (const { booking_id: id, ...night } of nights) byBooking.get(id)?.push(night);
  return byBooking;
}

/** Replaces the nights on the bill, and releases those that are not among the new ones. */
export async function writeNights(trx: Trx, booking: BookingKey, nights: readonly Night[], by: Release): Promise<void> {
  const dates = nights.map(({ date }) => date);
  await trx("pms.booking_nights")
    .where(key(booking))
    .whereNull("released")
    .whereRaw("NOT date = ANY(?::date[])", [dates])
    .update({ released: by });
  await putNights(
    trx,
    booking.hotel_id,
    nights.map((night) => ({ ...night, booking_id: booking.booking_id })),
  );
}

const putStatement = prepare(
  "pms_put_nights",
  `INSERT INTO pms.booking_nights (hotel_id, booking_id, date, room_id, room_type_id, rate, rack_rate)
   SELECT $1, n.booking_id, n.date, n.room_id, n.room_type_id, n.rate, n.rack_rate
   FROM unnest($2::uuid[], $3::date[], $4::uuid[], $5::uuid[], $6::numeric[], $7::numeric[])
     AS n (booking_id, date, room_id, room_type_id, rate, rack_rate)
   ON CONFLICT (hotel_id, booking_id, date) DO UPDATE SET room_id = excluded.room_id,
     room_type_id = excluded.room_type_id, rate = excluded.rate, rack_rate = excluded.rack_rate, released = NULL`,
);

/** Inserts nights into the bills of bookings, or updates them. */
export async function putNights(trx: Trx, hotelId: string, nights: readonly BookedNight[]): Promise<void> {
  if (nights.length === 0) return;
  await putStatement.run(trx, [
    hotelId,
    nights.map(({ booking_id }) => booking_id),
    nights.map(({ date }) => date),
    nights.map(({ room_id }) => room_id),
    nights.map(({ room_type_id }) => room_type_id),
    nights.map(({ rate }) => rate),
    nights.map(({ rack_rate }) => rack_rate),
  ]);
}

/** Releases all nights of a booking. */
export async function releaseNights(trx: Trx, booking: BookingKey, by: Release): Promise<void> {
  await trx("pms.booking_nights").where(key(booking)).whereNull("released").update({ released: by });
}

/**
 * Puts released nights back on the bill, at their old prices.
 * @param by the operations that released them
 * @returns all nights on the bill
 */
export async function restoreNights(trx: Trx, booking: BookingKey, ...by: readonly Release[]): Promise<Night[]> {
  await trx("pms.booking_nights").where(key(booking)).whereIn("released", by).update({ released: null });
  return readNights(trx, booking);
}

/** Returns the ids of the rooms of nights, each once. */
export function roomIdsOf(nights: readonly Night[]): string[] {
  return [...new Set(nights.map(({ room_id }) => room_id))];
}

/** Returns the day after the last night. @throws Error if there is no night */
export function departureOf(nights: readonly Night[]): Day {
  const last = nights.at(-1);
  if (last === undefined) throw new Error("A stay must have at least one night.");
  return addDays(last.date, 1);
}
