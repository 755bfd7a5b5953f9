/** Makes the rows of the bookings: with their guests, nights, allocations and histories. */
import { addDays, type Day, instantOf } from "../../../core/mod.ts";
import type { HotelSettings } from "../../identity/port.ts";
import { snapshot } from "../booking_record/history.ts";
import type { BookingFacts } from "../models/booking.ts";
import type { Quote } from "../rates/prices.ts";
import { totalsOf } from "../rates/totals.ts";
import { demoGuest } from "./guests.ts";
import type { PlannedStay } from "./plan.ts";
import { randomNumbers } from "./random.ts";

type Row = Readonly<Record<string, unknown>>;

export interface BookingTables {
  readonly guests: readonly Row[];
  readonly bookings: readonly Row[];
  readonly booking_nights: readonly Row[];
  readonly occupancies: readonly Row[];
  readonly booking_history: readonly Row[];
}

interface Room {
  readonly room_id: string;
  readonly room_type_id: string;
  readonly rate: string;
}

export interface BookingSource {
  readonly hotel: HotelSettings;
  readonly by: string;
  readonly now: Date;
  readonly newId: (at: Date) => string;
  readonly rooms: readonly Room[];
  readonly nightsOf: (room: Room, arrival: Day, departure: Day) => Quote;
}

/** A state of a booking, the action that led to it, its time and its user. */
interface Step {
  readonly action: string;
  readonly at: Date;
  readonly by: string;
  readonly after: BookingFacts;
}

/** The user who closes days by the schedule, as histories name it. */
const clock = "the clock";

export function bookingRows(plan: readonly PlannedStay[], source: BookingSource): BookingTables {
  const { hotel_id } = source.hotel;
  const clockOf = timesOf(source);
  const guests = new Map<number, Row & { readonly guest_id: string }>();
  const tables = {
    bookings: new Array<Row>(),
    booking_nights: new Array<Row>(),
    occupancies: new Array<Row>(),
    booking_history: new Array<Row>(),
  };
  for (const stay of plan) {
    const room = source.rooms[stay.room];
    if (room === undefined) throw new Error(`The plan has no room ${stay.room}.`);
    const bookedAt = clockOf(stay.booked, 8, 12);
    const guest = guests.get(stay.guest) ?? {
      hotel_id,
      guest_id: source.newId(bookedAt),
      ...demoGuest(stay.guest),
      created_at: bookedAt,
      version: 1,
    };
    guests.set(stay.guest, guest);
    const steps = stepsOf(stay, room, guest.guest_id, source, { bookedAt, clockOf });
    const present = steps.at(-1)?.after;
    if (present === undefined) throw new Error("A booking must have a history.");
    tables.bookings.push({ ...present, created_at: bookedAt });
    tables.booking_nights.push(...nightRows(stay, room, present, source));
    if (["confirmed", "in_house", "checked_out"].includes(present.status)) {
      const { booking_id, room_id, arrival, departure } = present;
      const occupancy_id = source.newId(bookedAt);
      tables.occupancies.push({ hotel_id, occupancy_id, room_id, arrival, departure, booking_id, reason: null });
    }
    tables.booking_history.push(...historyRows(steps, source));
  }
  return { guests: [...guests.values()], ...tables };
}

/** Makes times of a day between two hours. A time of today that has not come yet becomes now. */
function timesOf({ hotel, now }: BookingSource): (day: number, from: number, to: number) => Date {
  const random = randomNumbers(11);
  return (day, from, to) => {
    const minutes = Math.floor((from + random() * (to - from)) * 60);
    const time = `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
    const at = instantOf(addDays(hotel.business_date, day), time, hotel.time_zone);
    return at < now ? at : now;
  };
}

/** Returns the states of a booking, from the first to the present one. */
function stepsOf(
  stay: PlannedStay,
  room: Room,
  guestId: string,
  { hotel, by, newId, nightsOf }: BookingSource,
  { bookedAt, clockOf }: { readonly bookedAt: Date; readonly clockOf: ReturnType<typeof timesOf> },
): Step[] {
  const day = (days: number): Day => addDays(hotel.business_date, days);
  const [arrival, departure] = [day(stay.arrival), day(stay.departure)];
  const { name, email, phone } = demoGuest(stay.guest);
  const { nights, total_amount } = nightsOf(room, arrival, departure);
  const booked: BookingFacts = {
    hotel_id: hotel.hotel_id,
    booking_id: newId(bookedAt),
    room_id: room.room_id,
    room_locked: false,
    guest_id: guestId,
    guest_name: name,
    guest_email: email,
    guest_phone: phone,
    adults: stay.adults,
    children: stay.children,
    arrival,
    departure,
    check_in_at: instantOf(arrival, hotel.check_in_time, hotel.time_zone),
    expected_check_out_at: instantOf(departure, hotel.check_out_time, hotel.time_zone),
    checked_in_at: null,
    checked_out_at: null,
    status: "confirmed",
    status_on: day(stay.booked),
    checked_in_on: null,
    total_amount,
    rack_amount: null,
    waived_amount: null,
    currency: hotel.currency,
    terms_accepted_at: null,
    notes: stay.notes,
    created_by: by,
    version: 1,
  };
  const steps: Step[] = [{ action: "book", at: bookedAt, by, after: booked }];
  const add = (action: string, at: Date, fields: Partial<BookingFacts>, actor = by): void => {
    const before = steps.at(-1)?.after ?? booked;
    steps.push({ action, at, by: actor, after: { ...before, ...fields, version: before.version + 1 } });
  };
  if (stay.canceled !== null) {
    add("cancel", clockOf(stay.canceled, 12, 13), { status: "canceled", status_on: day(stay.canceled) });
  }
  if (stay.state === "no_show") {
    // The close of the arrival's day marks it, on the next business date, and the bill keeps the first night.
    const first = nights.slice(0, 1).map(({ rate }) => ({ rate, rack_rate: null }));
    const at = instantOf(day(stay.arrival + 1), "04:00", hotel.time_zone);
    const fields = { status: "no_show", status_on: day(stay.arrival + 1), ...totalsOf(first, hotel.currency) } as const;
    add("no_show", at, fields, clock);
  }
  if (stay.state === "in_house" || stay.state === "left") {
    const at = clockOf(stay.arrival, 14, 21);
    add("check_in", at, { status: "in_house", status_on: arrival, checked_in_on: arrival, checked_in_at: at });
  }
  if (stay.state === "left") {
    const at = clockOf(stay.departure, 7, 11);
    add("check_out", at, { status: "checked_out", status_on: departure, checked_out_at: at });
  }
  return steps;
}

function nightRows(stay: PlannedStay, room: Room, booking: BookingFacts, { hotel, nightsOf }: BookingSource): Row[] {
  const { booking_id, arrival, departure } = booking;
  const { hotel_id } = hotel;
  return nightsOf(room, arrival, departure).nights.map(({ date, rate }, at) => ({
    hotel_id,
    booking_id,
    date,
    room_id: room.room_id,
    room_type_id: room.room_type_id,
    rate,
    released: stay.state === "no_show" && at > 0 ? "no_show" : null,
  }));
}

function historyRows(steps: readonly Step[], { newId }: BookingSource): Row[] {
  return steps.map(({ action, at, by, after }, index) => {
    const before = steps[index - 1]?.after;
    return {
      hotel_id: after.hotel_id,
      entry_id: newId(at),
      booking_id: after.booking_id,
      at,
      by_user: by,
      action,
      before: before === undefined ? null : snapshot(before),
      after: snapshot(after),
    };
  });
}
