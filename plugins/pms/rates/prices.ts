/**
 * Prices nights. A night costs the day rate of the room's type (`/rates`). Without one, it costs the room's own rate,
 * and without that the rate of the room type. One function prices quotes, bookings and added nights, so they agree.
 * A booked night keeps its price when rates change.
 */
import { type Day, eachDay, formatAmount, prepare, sumAmounts, type Trx } from "../../../core/mod.ts";

/** The rate and restrictions of a room type on one day. */
export interface DayRate {
  readonly room_type_id: string;
  readonly date: Day;
  /** Null means that the day has no rate. */
  readonly rate: string | null;
  /** The least nights of a stay that begins on this day. Null means one. */
  readonly minimum_stay: number | null;
  readonly closed_to_arrival: boolean;
}

const columns = "room_type_id, date, rate, minimum_stay, closed_to_arrival";
const ofTypes = prepare<DayRate>(
  "pms_rates_of_types",
  `SELECT ${columns} FROM pms.rates
   WHERE hotel_id = $1 AND room_type_id = ANY($4::uuid[]) AND date >= $2::date AND date < $3::date`,
);
const ofRoom = prepare<DayRate>(
  "pms_rates_of_room",
  `SELECT ${columns} FROM pms.rates WHERE hotel_id = $1 AND date >= $2::date AND date < $3::date
     AND room_type_id = (SELECT room_type_id FROM pms.rooms WHERE hotel_id = $1 AND room_id = $4)`,
);

/** Finds day rates by room type and day. */
export class DayRates {
  readonly #days = new Map<string, DayRate>();

  constructor(rows: readonly DayRate[]) {
    for (const row of rows) this.#days.set(`${row.room_type_id} ${row.date}`, row);
  }

  on(roomTypeId: string, date: Day): DayRate | undefined {
    return this.#days.get(`${roomTypeId} ${date}`);
  }
}

/** Reads the day rates of one type for `[from, to)`. */
export function readRates(
  trx: Trx,
  hotelId: string,
  { roomTypeId, ...range }: { from: Day; to: Day; roomTypeId: string },
): Promise<DayRates> {
  return readRatesOf(trx, hotelId, { ...range, roomTypeIds: [roomTypeId] });
}

/** Reads the day rates of some types for `[from, to)`: at most types times days. */
export async function readRatesOf(
  trx: Trx,
  hotelId: string,
  range: { from: Day; to: Day; roomTypeIds: readonly string[] },
): Promise<DayRates> {
  return new DayRates(await ofTypes.run(trx, [hotelId, range.from, range.to, range.roomTypeIds]));
}

/** Reads the day rates of a room's type by room id, so that it can run before the room is read. */
export async function readRoomRates(
  trx: Trx,
  hotelId: string,
  range: { from: Day; to: Day; roomId: string },
): Promise<DayRates> {
  return new DayRates(await ofRoom.run(trx, [hotelId, range.from, range.to, range.roomId]));
}

/** A room to price. */
export interface Priced {
  readonly room_type_id: string;
  /** The room's own rate or that of its type, as PostgreSQL writes a `numeric`. */
  readonly rate: string;
}

export interface Quote {
  readonly nights: readonly { readonly date: Day; readonly rate: string }[];
  readonly total_amount: string;
}

/**
 * Makes a function that prices the nights of `[arrival, departure)` in a room, with the currency's decimals.
 * It computes the day rates of a type once for all of its rooms.
 */
export function nightPricer(
  rates: DayRates,
  arrival: Day,
  departure: Day,
  currency: string,
): (room: Priced) => Quote["nights"] {
  const days = eachDay(arrival, departure);
  const ofTypes = new Map<string, readonly (string | undefined)[]>();
  const readType = (typeId: string): readonly (string | undefined)[] => {
    const own = days.map((date) => rates.on(typeId, date)?.rate ?? undefined);
    const formatted = own.map((rate) => (rate === undefined ? undefined : formatAmount(rate, currency)));
    ofTypes.set(typeId, formatted);
    return formatted;
  };
  return ({ room_type_id: typeId, rate }) => {
    const usual = formatAmount(rate, currency);
    const own = ofTypes.get(typeId) ?? readType(typeId);
    return days.map((date, index) => ({ date, rate: own[index] ?? usual }));
  };
}

/** Prices each night of `[arrival, departure)` and their exact sum, with the currency's decimals. */
export function quoteStay(room: Priced, rates: DayRates, arrival: Day, departure: Day, currency: string): Quote {
  const nights = nightPricer(rates, arrival, departure, currency)(room);
  return {
    nights,
    total_amount: sumAmounts(
      nights.map(({ rate }) => rate),
      currency,
    ),
  };
}
