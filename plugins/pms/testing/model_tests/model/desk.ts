/** Models the operations of rooms, rates and days, and the search for moves that make a room free. */
import {
  dayNumber,
  type ModelBooking,
  type ModelFigures,
  type ModelRoom,
  type ModelType,
  range,
  Refusal,
} from "./data.ts";
import type { ModelHotel } from "./hotel.ts";
import type { Role } from "./agreed_price.ts";
import { noShow } from "./bookings.ts";

type Body = Readonly<Record<string, unknown>>;

function requireRange(from: number, to: number, most = 366): void {
  if (to <= from || to - from > most) throw new Refusal("VALIDATION_FAILED");
}

export function closeRoom(hotel: ModelHotel, room: ModelRoom, from: number, to: number): void {
  hotel.requirePaid();
  requireRange(from, to);
  if (from < hotel.today) throw new Refusal("VALIDATION_FAILED");
  if (room.retiredFrom !== null && to > room.retiredFrom) throw new Refusal("ROOM_RETIRED");
  hotel.requireFree(new Map(range(from, to).map((day) => [day, hotel.nightIn(room, day)])), 1);
  hotel.closures.push({ room, from, to });
}

export function reopenRoom(hotel: ModelHotel, room: ModelRoom, from: number, to: number): void {
  hotel.requirePaid();
  requireRange(from, to);
  // Nights that are over stay closed.
  if (from < hotel.today) throw new Refusal("VALIDATION_FAILED");
  const overlapping = hotel.closures.filter(
    (closure) => closure.room === room && closure.from < to && closure.to > from,
  );
  if (overlapping.length === 0) throw new Refusal("NOT_FOUND");
  const rests = overlapping.flatMap((closure) => [
    { room, from: closure.from, to: from },
    { room, from: to, to: closure.to },
  ]);
  hotel.closures = [
    ...hotel.closures.filter((closure) => !overlapping.includes(closure)),
    ...rests.filter((rest) => rest.from < rest.to),
  ];
}

export function setRates(hotel: ModelHotel, body: Body): void {
  const [from, to] = [dayNumber(body["from"] as string), dayNumber(body["to"] as string)];
  requireRange(from, to + 1, 731);
  hotel.requirePaid();
  const type = hotel.typeOf(body["room_type_id"]);
  for (const day of range(from, to + 1)) {
    const rate = hotel.rateOn(type, day) ?? { rate: null, minimumStay: null, closedToArrival: false };
    if (body["rate"] !== undefined) rate.rate = body["rate"] === null ? null : hotel.minor(body["rate"] as string);
    if (body["minimum_stay"] !== undefined) rate.minimumStay = body["minimum_stay"] as number | null;
    if (body["closed_to_arrival"] !== undefined) rate.closedToArrival = body["closed_to_arrival"] as boolean;
    hotel.rates.set(`${type.id} ${day}`, rate);
  }
}

export function changeRoom(hotel: ModelHotel, room: ModelRoom, body: Body): void {
  hotel.requirePaid();
  const putsOutOfOrder = body["status"] === "out_of_order" && room.status !== "out_of_order";
  if (putsOutOfOrder && body["force"] !== true && hotel.hasBooking(room)) throw new Refusal("ROOM_HAS_BOOKINGS");
  const putsOutOfService = body["status"] === "out_of_service" && room.status === "available";
  if (putsOutOfService && body["force"] !== true && hotel.hasBooking(room, hotel.today))
    throw new Refusal("ROOM_HAS_BOOKINGS");
  const { retired_from: retired } = body as { retired_from?: string | null };
  const day = typeof retired === "string" ? dayNumber(retired) : retired;
  if (typeof day === "number" && day !== room.retiredFrom) {
    if (day < hotel.today) throw new Refusal("VALIDATION_FAILED");
    if (hotel.hasBookingFrom(room, day)) throw new Refusal("ROOM_HAS_BOOKINGS");
  }
  if (day !== undefined) room.retiredFrom = day;
  if (body["status"] !== undefined) room.status = body["status"] as string;
  if (body["rate"] !== undefined) room.rate = body["rate"] === null ? null : hotel.minor(body["rate"] as string);
}

/** Closes a day and returns its figures, or returns the figures of a day that is closed. */
export function closeDay(hotel: ModelHotel, day: number, early: boolean, role: Role): ModelFigures {
  if (role === "receptionist" && !hotel.receptionistsClose) throw new Refusal("FORBIDDEN");
  const closed = hotel.closedDays.get(day);
  if (closed !== undefined) return closed;
  if (day !== hotel.today || day > hotel.calendarDay()) throw new Refusal("WRONG_DAY");
  const isToday = day === hotel.calendarDay();
  if (isToday && !early && hotel.clock.hour < (hotel.closesFrom ?? 0)) throw new Refusal("DAY_NOT_OVER");
  const markedByDesk = hotel.bookings.filter(
    ({ status, statusOn, arrival }) => status === "no_show" && statusOn === day && arrival === day,
  );
  const missing = hotel.bookings.filter(({ status, arrival }) => status === "confirmed" && arrival <= day);
  for (const booking of missing) {
    noShow(hotel, booking);
    booking.statusOn = day + 1;
  }
  // A booking that should have arrived earlier was counted as a no-show by the close of its arrival day. If it was
  // reinstated since, this close marks it again, but does not count it again.
  const dueToday = missing.filter(({ arrival }) => arrival === day);
  const staying =
    hotel.overstays === "extend" ? hotel.bookings.filter((booking) => extendOverstay(hotel, booking, day)) : [];
  const figures = { ...figuresOf(hotel, day, markedByDesk.length + dueToday.length), overstays: staying.length };
  hotel.closedDays.set(day, figures);
  hotel.today = day + 1;
  // The calendar does not move: it is one day less ahead of the new business date. The runner sends the request after
  // this prediction, so both use the same calendar day.
  hotel.clock = { ...hotel.clock, ahead: hotel.clock.ahead - 1 };
  return figures;
}

/**
 * Extends the stay of a guest who should have left by the day, in the same room. The night of that day is the last.
 * @returns whether the stay was extended. False if the guest is not due out or the room is not free
 */
function extendOverstay(hotel: ModelHotel, booking: ModelBooking, day: number): boolean {
  const { status, room, arrival, departure } = booking;
  if (status !== "in_house" || departure > day || day + 1 - arrival > 366) return false;
  if (room.retiredFrom !== null && room.retiredFrom <= day) return false;
  if (!hotel.isFree(room, departure, day + 1)) return false;
  const alike = [...booking.nights.values()].map(({ type }) => type);
  for (const night of range(departure, day + 1)) {
    booking.nights.set(night, hotel.addedNight(booking, room, night, alike));
    booking.allocatedNights.add(night);
  }
  booking.departure = day + 1;
  return true;
}

function figuresOf(hotel: ModelHotel, day: number, noShows: number): ModelFigures {
  const { bookings, rooms, closures } = hotel;
  const count = <T>(items: readonly T[], matches: (item: T) => boolean): number => items.filter(matches).length;
  const paid = bookings.filter(({ nights }) => nights.has(day));
  const slept = paid.filter(({ status }) => status === "in_house" || status === "checked_out");
  const revenue = (charged: readonly ModelBooking[]): number =>
    charged.reduce((sum, { nights }) => sum + (nights.get(day)?.rate ?? 0), 0);
  const isInHotel = ({ retiredFrom }: ModelRoom): boolean => retiredFrom === null || day < retiredFrom;
  const isClosed = (room: ModelRoom): boolean =>
    closures.some((one) => one.room === room && one.from <= day && day < one.to);
  return {
    rooms: count(rooms, isInHotel),
    out_of_order: count(rooms.filter(isInHotel), (room) => room.status === "out_of_order" || isClosed(room)),
    sold: new Set(slept.map(({ nights }) => nights.get(day)?.room)).size,
    guests: slept.reduce((sum, { adults, children }) => sum + adults + children, 0),
    arrivals: count(bookings, ({ checkedInOn }) => checkedInOn === day),
    departures: count(bookings, ({ status, statusOn }) => status === "checked_out" && statusOn === day),
    no_shows: noShows,
    cancellations: count(bookings, ({ status, statusOn }) => status === "canceled" && statusOn === day),
    overdue: count(bookings, ({ status, departure }) => status === "in_house" && departure <= day),
    room_revenue: revenue(slept),
    no_show_revenue: revenue(paid.filter(({ status }) => status === "no_show")),
  };
}

/** Whether repacking can move the booking: a confirmed stay ahead, in one room that is not locked. */
export function isMovable(hotel: ModelHotel, booking: ModelBooking): boolean {
  const rooms = new Set([...booking.nights.values()].map(({ room }) => room));
  return booking.status === "confirmed" && !booking.roomLocked && booking.arrival >= hotel.today && rooms.size === 1;
}

/**
 * Returns the least number of moves that make a room of the type free. `more` means at least two moves, or no solution.
 */
export function fewestMoves(hotel: ModelHotel, type: ModelType, from: number, to: number): 0 | 1 | "more" {
  const rooms = hotel.rooms.filter((room) => room.type === type && room.status !== "out_of_order");
  const canHave = (room: ModelRoom, first: number, last: number): boolean =>
    hotel.canBeSold(room, last) && hotel.canReceiveGuest(room, first) && hotel.isFree(room, first, last);
  if (rooms.some((room) => canHave(room, from, to))) return 0;
  const oneMoves = rooms.some((room) => {
    const conflicting = hotel.bookings.filter((booking) =>
      range(from, to).some((day) => booking.allocatedNights.has(day) && booking.nights.get(day)?.room === room),
    );
    const [only] = conflicting;
    if (only === undefined || conflicting.length > 1 || !isMovable(hotel, only) || !hotel.canBeSold(room, to))
      return false;
    // A room out of service can't receive a guest tonight. Repacking also does not move a guest who is expected in it.
    if (!hotel.canReceiveGuest(room, from) || !hotel.canReceiveGuest(room, only.arrival)) return false;
    if (!hotel.isFree(room, from, to, conflicting)) return false;
    return rooms.some((other) => other !== room && canHave(other, only.arrival, only.departure));
  });
  return oneMoves ? 1 : "more";
}
