/**
 * What a night costs. The day's price for the room's type (`/rates`) goes before everything, else the room's own rate
 * counts, else its type's. One function prices the quote, the booking and the nights of an extension, so that they can't
 * differ. A booked night keeps its price, whatever the rates do later.
 */
import { type Day, eachDay, formatAmount, prepare, sumAmounts, type Trx } from "../../../core/mod.ts";

/** What is different about a room type on a day. */
export interface DayRate {
  readonly room_type_id: string;
  readonly date: Day;
  /** Null: as on any other day. */
  readonly rate: string | null;
  /** Nights that a stay which begins on this day must have; null: one. */
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

/** The days with rates of their own, found by type and day. */
export class DayRates {
  readonly #days = new Map<string, DayRate>();

  constructor(rows: readonly DayRate[]) {
    for (const row of rows) this.#days.set(`${row.room_type_id} ${row.date}`, row);
  }

  on(roomTypeId: string, date: Day): DayRate | undefined {
    return this.#days.get(`${roomTypeId} ${date}`);
  }
}

/** The rates of `[from, to)` of one type. */
export function readRates(
  trx: Trx,
  hotelId: string,
  { roomTypeId, ...range }: { from: Day; to: Day; roomTypeId: string },
): Promise<DayRates> {
  return readRatesOf(trx, hotelId, { ...range, roomTypeIds: [roomTypeId] });
}

/** The rates of `[from, to)` of some types: types times days at most, however many types the hotel has. */
export async function readRatesOf(
  trx: Trx,
  hotelId: string,
  range: { from: Day; to: Day; roomTypeIds: readonly string[] },
): Promise<DayRates> {
  return new DayRates(await ofTypes.run(trx, [hotelId, range.from, range.to, range.roomTypeIds]));
}

/** The rates of a room's type, whichever that is; they can be asked for together with the room. */
export async function readRoomRates(
  trx: Trx,
  hotelId: string,
  range: { from: Day; to: Day; roomId: string },
): Promise<DayRates> {
  return new DayRates(await ofRoom.run(trx, [hotelId, range.from, range.to, range.roomId]));
}

/** What is priced: the type for the day's rate, and what a night costs on any other day. */
export interface Priced {
  readonly room_type_id: string;
  /** The room's own or its type's, as PostgreSQL's numeric text. */
  readonly rate: string;
}

export interface Quote {
  readonly nights: readonly { readonly date: Day; readonly rate: string }[];
  readonly total_amount: string;
}

/**
 * Gives the function that prices the nights of `[arrival, departure)` in a room, with the currency's decimals. The days and
 * the days' prices of a type are worked out once for all of its rooms.
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

/** The price of each night of `[arrival, departure)` and their exact sum, with the currency's decimals. */
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
