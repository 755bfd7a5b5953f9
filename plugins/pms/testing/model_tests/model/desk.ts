/** The model of what is done with rooms, rates, guests and days. */
import {
  dayNumber,
  type ModelBooking,
  type ModelFigures,
  type ModelHotel,
  type ModelRoom,
  type ModelType,
  range,
  Refusal,
} from "./hotel.ts";
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
  const hit = hotel.closures.filter((one) => one.room === room && one.from < to && one.to > from);
  if (hit.length === 0) throw new Refusal("NOT_FOUND");
  const left = hit.flatMap((one) => [
    { room, from: one.from, to: from },
    { room, from: to, to: one.to },
  ]);
  hotel.closures = [...hotel.closures.filter((one) => !hit.includes(one)), ...left.filter((one) => one.from < one.to)];
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
  const goesOut = body["status"] === "out_of_order" && room.status !== "out_of_order";
  if (goesOut && body["force"] !== true && hotel.isPromised(room)) throw new Refusal("ROOM_HAS_BOOKINGS");
  const stops = body["status"] === "out_of_service" && room.status === "available";
  if (stops && body["force"] !== true && hotel.isPromised(room, hotel.today)) throw new Refusal("ROOM_HAS_BOOKINGS");
  const { retired_from: retired } = body as { retired_from?: string | null };
  const day = typeof retired === "string" ? dayNumber(retired) : retired;
  if (typeof day === "number" && day !== room.retiredFrom) {
    if (day < hotel.today) throw new Refusal("VALIDATION_FAILED");
    if (hotel.isNeeded(room, day)) throw new Refusal("ROOM_HAS_BOOKINGS");
  }
  if (day !== undefined) room.retiredFrom = day;
  if (body["status"] !== undefined) room.status = body["status"] as string;
  if (body["rate"] !== undefined) room.rate = body["rate"] === null ? null : hotel.minor(body["rate"] as string);
}

/** Closes a day and gives its figures; those of a day that is closed are what they were. */
export function closeDay(hotel: ModelHotel, day: number, early: boolean, role: Role): ModelFigures {
  if (role === "receptionist" && !hotel.receptionistsClose) throw new Refusal("FORBIDDEN");
  const closed = hotel.closedDays.get(day);
  if (closed !== undefined) return closed;
  if (day !== hotel.today || day > hotel.calendarDay()) throw new Refusal("WRONG_DAY");
  const isToday = day === hotel.calendarDay();
  if (isToday && !early && hotel.clock.hour < (hotel.closesFrom ?? 0)) throw new Refusal("DAY_NOT_OVER");
  const byHand = hotel.bookings.filter(
    ({ status, statusOn, arrival }) => status === "no_show" && statusOn === day && arrival === day,
  );
  const missing = hotel.bookings.filter(({ status, arrival }) => status === "confirmed" && arrival <= day);
  for (const booking of missing) {
    noShow(hotel, booking);
    booking.statusOn = day + 1;
  }
  // One of an earlier day was counted then, and reinstated since.
  const ofToday = missing.filter(({ arrival }) => arrival === day);
  const staying = hotel.overstays === "extend" ? hotel.bookings.filter((booking) => staysOn(hotel, booking, day)) : [];
  const figures = { ...figuresOf(hotel, day, byHand.length + ofToday.length), overstays: staying.length };
  hotel.closedDays.set(day, figures);
  hotel.today = day + 1;
  // The calendar's day stays: the desk is asked after the prediction, at the same moment.
  hotel.clock = { ...hotel.clock, ahead: hotel.clock.ahead - 1 };
  return figures;
}

/** Lets a guest who should have left by a day sleep its night, and those since, where they are. @returns whether it could be */
function staysOn(hotel: ModelHotel, booking: ModelBooking, day: number): boolean {
  const { status, room, arrival, departure } = booking;
  if (status !== "in_house" || departure > day || day + 1 - arrival > 366) return false;
  if (room.retiredFrom !== null && room.retiredFrom <= day) return false;
  if (!hotel.isFree(room, departure, day + 1)) return false;
  const alike = [...booking.nights.values()].map(({ type }) => type);
  for (const night of range(departure, day + 1)) {
    booking.nights.set(night, hotel.addedNight(booking, room, night, alike));
    booking.holds.add(night);
  }
  booking.departure = day + 1;
  return true;
}

function figuresOf(hotel: ModelHotel, day: number, noShows: number): ModelFigures {
  const { bookings, rooms, closures } = hotel;
  const count = <T>(things: readonly T[], which: (thing: T) => boolean): number => things.filter(which).length;
  const paid = bookings.filter(({ nights }) => nights.has(day));
  const slept = paid.filter(({ status }) => status === "in_house" || status === "checked_out");
  const revenue = (among: readonly ModelBooking[]): number =>
    among.reduce((sum, { nights }) => sum + (nights.get(day)?.rate ?? 0), 0);
  const isThere = ({ retiredFrom }: ModelRoom): boolean => retiredFrom === null || day < retiredFrom;
  const isClosed = (room: ModelRoom): boolean =>
    closures.some((one) => one.room === room && one.from <= day && day < one.to);
  return {
    rooms: count(rooms, isThere),
    out_of_order: count(rooms.filter(isThere), (room) => room.status === "out_of_order" || isClosed(room)),
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

/** Who may be moved aside for another: not here yet, not bound to the room, and in one room. */
export function isMovable(hotel: ModelHotel, booking: ModelBooking): boolean {
  const rooms = new Set([...booking.nights.values()].map(({ room }) => room));
  return booking.status === "confirmed" && !booking.locked && booking.arrival >= hotel.today && rooms.size === 1;
}

/** The fewest moves that free a room of the type: 0, 1, or "more", which may be none at all. */
export function fewestMoves(hotel: ModelHotel, type: ModelType, from: number, to: number): 0 | 1 | "more" {
  const rooms = hotel.rooms.filter((room) => room.type === type && room.status !== "out_of_order");
  const canHave = (room: ModelRoom, first: number, last: number): boolean =>
    hotel.isSold(room, last) && hotel.isOpen(room, first) && hotel.isFree(room, first, last);
  if (rooms.some((room) => canHave(room, from, to))) return 0;
  const oneMoves = rooms.some((room) => {
    const inWay = hotel.bookings.filter((booking) =>
      range(from, to).some((day) => booking.holds.has(day) && booking.nights.get(day)?.room === room),
    );
    const [only] = inWay;
    if (only === undefined || inWay.length > 1 || !isMovable(hotel, only) || !hotel.isSold(room, to)) return false;
    // Tonight, a room out of service gets no other guest: who has it then stays, and no stay of tonight comes.
    if (!hotel.isOpen(room, from) || !hotel.isOpen(room, only.arrival)) return false;
    if (!hotel.isFree(room, from, to, inWay)) return false;
    return rooms.some((other) => other !== room && canHave(other, only.arrival, only.departure));
  });
  return oneMoves ? 1 : "more";
}
