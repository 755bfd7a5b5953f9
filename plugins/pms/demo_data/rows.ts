/** Makes the rows of the demo hotel from its plan, as the calls of a desk would have left them. */
import { addDays, type Day, eachDay, instantOf } from "../../../core/mod.ts";
import type { HotelSettings } from "../../identity/port.ts";
import { DayRates, type DayRate, quoteStay } from "../rates/prices.ts";
import { bookingRows, type BookingTables } from "./booking_rows.ts";
import { demoIds } from "./ids.ts";
import { planDemo, type DemoSpan, sixWeeks } from "./plan.ts";
import { demoClosures, demoRooms, demoTypes } from "./rooms.ts";

export interface DemoHotel {
  readonly hotel: HotelSettings;
  /** The name of the user who has booked, and checked guests in and out. */
  readonly by: string;
  /** The time at which the rows are made. No change is later. */
  readonly now: Date;
}

type Row = Readonly<Record<string, unknown>>;

/** The rows by table, in the order in which they can be inserted. */
export interface DemoRows extends BookingTables {
  readonly room_types: readonly Row[];
  readonly rooms: readonly Row[];
  readonly rates: readonly Row[];
}

/** The days ahead that have weekend rates. */
const ratesAhead = 120;

export function demoRows({ hotel, by, now }: DemoHotel, span: DemoSpan = sixWeeks): DemoRows {
  const { hotel_id, business_date: today, time_zone: zone } = hotel;
  const newId = demoIds();
  const opened = instantOf(addDays(today, -span.history - 60), "09:00", zone);
  const types = demoTypes.map((type) => ({ ...type, room_type_id: newId(opened) }));
  const rooms = types.flatMap(({ room_type_id, rate, numbers }) =>
    numbers.map((number) => ({ room_id: newId(opened), room_type_id, rate, number })),
  );
  const rates = types.flatMap((type) =>
    eachDay(addDays(today, -span.history), addDays(today, ratesAhead)).flatMap((date) => rateOn(type, today, date)),
  );
  const dayRates = new DayRates(rates);
  const plan = planDemo(demoRooms, demoClosures, span);
  const bookings = bookingRows(plan, {
    hotel,
    by,
    now,
    newId,
    rooms,
    nightsOf: (room, arrival, departure) => quoteStay(room, dayRates, arrival, departure, hotel.currency),
  });
  const closures = demoClosures.map(({ number, from, to, reason }) => ({
    hotel_id,
    occupancy_id: newId(opened),
    room_id: rooms.find((room) => room.number === number)?.room_id,
    arrival: addDays(today, from),
    departure: addDays(today, to),
    booking_id: null,
    reason,
  }));
  const dirty = new Set(
    plan.filter(({ departure, state }) => departure === 0 && state === "left").map(({ room }) => room),
  );
  return {
    room_types: types.map(({ room_type_id, name, capacity, rate }) => ({
      hotel_id,
      room_type_id,
      name,
      capacity,
      rate,
      created_at: opened,
      version: 1,
    })),
    rooms: rooms.map(({ room_id, room_type_id, number }, at) => ({
      hotel_id,
      room_id,
      room_number: number,
      room_type_id,
      floor: number.slice(0, 1),
      housekeeping: dirty.has(at) ? "dirty" : at % 7 === 3 ? "inspected" : "clean",
      created_at: opened,
      version: 1,
    })),
    rates: rates.map((rate) => ({ hotel_id, ...rate })),
    ...bookings,
    occupancies: [
      ...bookings.occupancies,
      ...closures.filter(({ arrival }) => arrival >= addDays(today, -span.history)),
    ],
  };
}

/** Returns what differs on a day: a weekend's rate, a shortest stay of two nights, a day without arrivals. */
function rateOn(
  { name, room_type_id, weekendRate }: { name: string; room_type_id: string; weekendRate: string },
  today: Day,
  date: Day,
): DayRate[] {
  const weekday = new Date(date).getUTCDay();
  const isWeekend = weekday === 5 || weekday === 6;
  const minimumStay = weekday === 5 && name !== "Single" && date > addDays(today, 14) ? 2 : null;
  const isClosed = name === "Suite" && date === addDays(today, 30);
  if (!isWeekend && !isClosed) return [];
  return [
    {
      room_type_id,
      date,
      rate: isWeekend ? weekendRate : null,
      minimum_stay: minimumStay,
      closed_to_arrival: isClosed,
    },
  ];
}
