/** Quotes a stay for each room type: the price of the room that a booking of the type would get. */
import { type Day, prepare, type Trx } from "../../../core/mod.ts";
import { bestFirstSql, freeRoomsSql } from "../allocation/choose_room.ts";
import { type DayRates, type Quote, quoteStay, readRatesOf } from "../rates/prices.ts";
import { restrictionsOn } from "../rates/restrictions.ts";
import { readTypes, type TypeFacts } from "./type_calendar.ts";

/** Codes of the problems with which a booking of a room type can be refused. */
export const refusals = ["TOO_MANY_GUESTS", "CLOSED_TO_ARRIVAL", "MINIMUM_STAY", "NO_ROOM_FREE"] as const;
type TypeRefusal = (typeof refusals)[number];

const bestStatement = prepare<{ room_type_id: string; rate: string; free: number }>(
  "pms_best_rooms",
  `SELECT DISTINCT ON (r.room_type_id) r.room_type_id, coalesce(r.rate, t.rate) AS rate,
     (count(*) OVER (PARTITION BY r.room_type_id))::int AS free
   ${freeRoomsSql} ORDER BY r.room_type_id, ${bestFirstSql}`,
);

export interface QuotedType extends TypeFacts, Quote {
  /** Rooms that are free on every night. */
  readonly free: number;
  readonly minimum_stay: number | null;
  readonly refused_by: TypeRefusal[];
}

interface QuotedStay {
  readonly arrival: Day;
  readonly departure: Day;
  readonly guests: number;
}

interface QuotingHotel {
  readonly hotel_id: string;
  readonly business_date: Day;
  readonly currency: string;
}

/** Quotes a stay for each room type of the hotel, also for those that would refuse it. */
export async function quoteTypes(trx: Trx, hotel: QuotingHotel, stay: QuotedStay): Promise<QuotedType[]> {
  const { hotel_id: hotelId, business_date: today, currency } = hotel;
  const { arrival, departure } = stay;
  const [types, rooms] = await Promise.all([
    readTypes(trx, { hotelId, guests: 1 }),
    bestStatement.run(trx, [hotelId, arrival, departure, today]),
  ]);
  const roomTypeIds = types.map(({ room_type_id }) => room_type_id);
  const rates = await readRatesOf(trx, hotelId, { from: arrival, to: departure, roomTypeIds });
  const best = new Map(rooms.map((room) => [room.room_type_id, room]));
  return types.map((type) => {
    const { rate, free } = best.get(type.room_type_id) ?? { rate: type.rate, free: 0 };
    const { room_type_id } = type;
    return {
      ...type,
      ...quoteStay({ room_type_id, rate }, rates, arrival, departure, currency),
      free,
      minimum_stay: rates.on(room_type_id, arrival)?.minimum_stay ?? null,
      refused_by: refusalsOf(type, free, rates, stay),
    };
  });
}

/** Lists the refusals in the order in which a booking checks them. */
function refusalsOf({ room_type_id, capacity }: TypeFacts, free: number, rates: DayRates, stay: QuotedStay) {
  const broken = restrictionsOn(rates, { roomTypeId: room_type_id, ...stay });
  const isRefused: Readonly<Record<TypeRefusal, boolean>> = {
    TOO_MANY_GUESTS: stay.guests > capacity,
    CLOSED_TO_ARRIVAL: broken.includes("closed_to_arrival"),
    MINIMUM_STAY: broken.includes("minimum_stay"),
    NO_ROOM_FREE: free === 0,
  };
  return refusals.filter((code) => isRefused[code]);
}
