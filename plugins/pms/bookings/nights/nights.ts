/** The nights of bookings: what each costs and where it is slept. A released night is kept, off the bill. */
import { type Day, prepare, sumAmounts, type Trx } from "../../../../core/mod.ts";

export interface Night {
  readonly date: Day;
  readonly room_id: string;
  /** The type under which it was sold; a move keeps it, as it keeps the price. */
  readonly room_type_id: string;
  /** As PostgreSQL's numeric text, or with the currency's decimals. */
  readonly rate: string;
  /** The rate before another price was agreed; null: nothing was agreed. */
  readonly rack_rate: string | null;
}

/** By what a night was given back. */
export type Release = "amend" | "check_out" | "no_show" | "waive";

/** A night, and whose it is. */
export interface BookedNight extends Night {
  readonly booking_id: string;
}

interface BookingKey {
  readonly hotel_id: string;
  readonly booking_id: string;
}

const key = ({ hotel_id, booking_id }: BookingKey): BookingKey => ({ hotel_id, booking_id });

/** The nights on the bill, by date. */
export async function readNights(trx: Trx, { hotel_id, booking_id }: BookingKey): Promise<Night[]> {
  return (await readNightsOf(trx, hotel_id, [booking_id])).get(booking_id) ?? [];
}

/** The nights on the bills of several bookings, each booking's by date. */
export async function readNightsOf(
  trx: Trx,
  hotelId: string,
  bookingIds: readonly string[],
): Promise<ReadonlyMap<string, Night[]>> {
  const byBooking = new Map<string, Night[]>(bookingIds.map((id) => [id, []]));
  if (bookingIds.length === 0) return byBooking;
  const nights = (await trx("pms.booking_nights")
    .where({ hotel_id: hotelId })
    .whereIn("booking_id", bookingIds)
    .whereNull("released")
    .orderBy("date")
    .select("booking_id", "date", "room_id", "room_type_id", "rate", "rack_rate")) as BookedNight[];
  for (const { booking_id: id, ...night } of nights) byBooking.get(id)?.push(night);
  return byBooking;
}

/** Makes the nights on the bill be exactly these. Those that are not among them are released. */
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

/** Puts nights on the bills of bookings, at the prices that they come with. */
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

/** Takes all nights off the bill. */
export async function releaseNights(trx: Trx, booking: BookingKey, by: Release): Promise<void> {
  await trx("pms.booking_nights").where(key(booking)).whereNull("released").update({ released: by });
}

/** Puts the nights back on the bill that these released, at the prices that were agreed. */
export async function restoreNights(trx: Trx, booking: BookingKey, ...by: readonly Release[]): Promise<Night[]> {
  await trx("pms.booking_nights").where(key(booking)).whereIn("released", by).update({ released: null });
  return readNights(trx, booking);
}

/** What nights cost, as columns of a booking. */
export interface Totals {
  readonly total_amount: string;
  /** At the rates before a price was agreed; null: nothing was agreed. */
  readonly rack_amount: string | null;
}

type PricedNight = Pick<Night, "rate" | "rack_rate">;

/** The exact sums of nights. */
export function totalsOf(nights: readonly PricedNight[], currency: string): Totals {
  const sum = (amount: (night: PricedNight) => string): string => sumAmounts(nights.map(amount), currency);
  const isAgreed = nights.some(({ rack_rate }) => rack_rate !== null);
  return {
    total_amount: sum(({ rate }) => rate),
    rack_amount: isAgreed ? sum(({ rate, rack_rate }) => rack_rate ?? rate) : null,
  };
}

/** The sums with nights that are added to them. */
export function addToTotals(
  { total_amount: total, rack_amount: rack }: Totals,
  added: readonly PricedNight[],
  currency: string,
): Totals {
  return totalsOf([{ rate: total, rack_rate: rack }, ...added], currency);
}
