/**
 * Keeps the prices of nights that an amendment takes off the bill.
 *
 * A night that the desk adds again gets its earlier price, not today's rate. So the correction of wrong dates or of a
 * wrong room type costs the guest nothing. The prices are kept as long as the booking, because a mistake can be found
 * days later.
 *
 * Another room type is another product. A kept price applies if one of these is true:
 * - The night was sold under the type of the booking's room.
 * - It was sold under the type of the booking's other nights. (A guest in a better room after a move pays the old
 *   price.)
 * - The booking had a room of that type when the night was released. If several prices apply, the latest is taken.
 *
 * An agreed price is kept until the desk withdraws it or agrees another one. Then released nights lose it, like the
 * nights on the bill, and come back at the rates from before the agreement.
 */
import { type Day, prepare, type Trx } from "../../../../core/mod.ts";
import type { Night } from "./nights.ts";

/** The kept price of a night, and the type under which it was sold. */
export type ReleasedRate = Pick<Night, "room_type_id" | "rate" | "rack_rate">;

interface Row extends ReleasedRate {
  readonly booking_id: string;
  readonly date: Day;
  readonly booked_type_id: string;
}

/** A booking and the room type under which its nights are priced. */
export interface Product {
  readonly booking_id: string;
  readonly roomTypeId: string;
  /** Nights of the booking that count as the same product. */
  readonly others: readonly Pick<Night, "room_type_id">[];
}

const keyOf = (bookingId: string, date: Day): string => `${bookingId} ${date}`;

/** The prices of released nights. */
class ReleasedRates {
  /** The rows by booking and day, the latest first. */
  readonly #rows = new Map<string, Row[]>();

  /** @param rows the latest first */
  constructor(rows: readonly Row[]) {
    for (const row of rows) {
      const key = keyOf(row.booking_id, row.date);
      const ofDay = this.#rows.get(key);
      if (ofDay === undefined) this.#rows.set(key, [row]);
      else ofDay.push(row);
    }
  }

  /** Returns the kept price of a night. If the booking never had it as this product, returns today's rate. */
  priceOf(
    { booking_id: id, roomTypeId, others }: Product,
    { date, rate }: { readonly date: Day; readonly rate: string },
  ): ReleasedRate {
    const row = this.#rows
      .get(keyOf(id, date))
      ?.find(
        ({ room_type_id: sold, booked_type_id: booked }) =>
          sold === roomTypeId || booked === roomTypeId || others.some(({ room_type_id }) => room_type_id === sold),
      );
    if (row === undefined) return { room_type_id: roomTypeId, rate, rack_rate: null };
    return { room_type_id: row.room_type_id, rate: row.rate, rack_rate: row.rack_rate };
  }
}

const readStatement = prepare<Row>(
  "pms_released_rates",
  `SELECT booking_id, date, room_type_id, booked_type_id, rate, rack_rate FROM pms.released_rates
   WHERE hotel_id = $1 AND booking_id = ANY($2::uuid[]) AND date >= $3::date AND date < $4::date
     AND (room_type_id = ANY($5::uuid[]) OR booked_type_id = ANY($6::uuid[]))
   ORDER BY version DESC`,
);

/** Reads the kept prices that can apply to nights of bookings in `[from, to)`. */
export async function readReleasedRates(
  trx: Trx,
  hotelId: string,
  products: readonly Product[],
  { from, to }: { readonly from: Day; readonly to: Day },
): Promise<ReleasedRates> {
  const roomTypes = products.map(({ roomTypeId }) => roomTypeId);
  const sold = products.flatMap(({ others }) => others.map(({ room_type_id }) => room_type_id));
  const rows = await readStatement.run(trx, [
    hotelId,
    products.map(({ booking_id }) => booking_id),
    from,
    to,
    [...new Set([...roomTypes, ...sold])],
    [...new Set(roomTypes)],
  ]);
  return new ReleasedRates(rows);
}

const keepStatement = prepare(
  "pms_keep_released_rates",
  `INSERT INTO pms.released_rates (hotel_id, booking_id, date, room_type_id, booked_type_id, rate, rack_rate, version)
   SELECT $1, $2, n.date, n.room_type_id, $3::uuid, n.rate, n.rack_rate, $4::int
   FROM unnest($5::date[], $6::uuid[], $7::numeric[], $8::numeric[]) AS n (date, room_type_id, rate, rack_rate)
   ON CONFLICT (hotel_id, booking_id, date, room_type_id) DO UPDATE SET booked_type_id = excluded.booked_type_id,
     rate = excluded.rate, rack_rate = excluded.rack_rate, version = excluded.version`,
);

/**
 * Keeps the prices of nights that leave the bill.
 * @param bookedTypeId the type of the room that the booking has before the change
 */
export async function keepReleasedRates(
  trx: Trx,
  booking: { readonly hotel_id: string; readonly booking_id: string; readonly version: number },
  bookedTypeId: string,
  nights: readonly Night[],
): Promise<void> {
  if (nights.length === 0) return;
  await keepStatement.run(trx, [
    booking.hotel_id,
    booking.booking_id,
    bookedTypeId,
    booking.version,
    nights.map(({ date }) => date),
    nights.map(({ room_type_id }) => room_type_id),
    nights.map(({ rate }) => rate),
    nights.map(({ rack_rate }) => rack_rate),
  ]);
}

const dropStatement = prepare(
  "pms_drop_agreed_rates",
  `UPDATE pms.released_rates SET rate = rack_rate, rack_rate = NULL
   WHERE hotel_id = $1 AND booking_id = $2 AND rack_rate IS NOT NULL`,
);

/** Ends the agreed prices of released nights: if these nights come back, they cost their rates. */
export async function dropAgreedRates(
  trx: Trx,
  booking: { readonly hotel_id: string; readonly booking_id: string },
): Promise<void> {
  await dropStatement.run(trx, [booking.hotel_id, booking.booking_id]);
}
