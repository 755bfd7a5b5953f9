/** The model of what is done with a booking. Each function refuses before it changes anything. */
import { agreed, amendPrices, type Role } from "./agreed_price.ts";
import {
  agreedDeparture,
  type ModelBooking,
  type ModelGuest,
  type ModelHotel,
  type ModelNight,
  type ModelRoom,
  type ModelStatus,
  type ModelType,
  dayNumber,
  range,
  Refusal,
} from "./hotel.ts";
import { deleteLeftover, guestFor } from "./guests.ts";
import { firstToAmend } from "./progress.ts";

type Body = Readonly<Record<string, unknown>>;

function requireNights(arrival: number, departure: number): void {
  if (departure <= arrival || departure - arrival > 366) throw new Refusal("VALIDATION_FAILED");
}

export function requireInService({ status, retiredFrom }: ModelRoom, departure: number): void {
  requireNotRetired({ retiredFrom }, departure);
  if (status === "out_of_order") throw new Refusal("ROOM_OUT_OF_ORDER");
}

function requireNotRetired({ retiredFrom: day }: Pick<ModelRoom, "retiredFrom">, departure: number): void {
  if (day !== null && departure > day) throw new Refusal("ROOM_RETIRED");
}

export function requireCapacity(capacity: number, adults: number, children: number): void {
  if (adults + children > capacity) throw new Refusal("TOO_MANY_GUESTS");
}

export function requireKnown({ guest }: ModelBooking): void {
  if (guest.anonymous) throw new Refusal("GUEST_ANONYMOUS");
}

const nightsIn = (hotel: ModelHotel, room: ModelRoom, from: number, to: number): Map<number, ModelNight> =>
  new Map(range(from, to).map((day) => [day, hotel.nightIn(room, day)]));

export function book(hotel: ModelHotel, body: Body, role: Role): ModelBooking {
  const override = overrides(body, role);
  const asked = body["room_id"] === undefined ? undefined : hotel.roomOf(body["room_id"]);
  hotel.requirePaid();
  const arrival = dayNumber(body["check_in_at"] as string);
  const departure = dayNumber(body["expected_check_out_at"] as string);
  requireNights(arrival, departure);
  if (arrival < hotel.today) throw new Refusal("VALIDATION_FAILED");
  const { adults, children, guest } = body as { adults: number; children: number; guest: ModelGuest };
  if (asked !== undefined) {
    requireInService(asked, departure);
    hotel.requireOpen(asked, arrival);
  }
  const type = asked?.type ?? hotel.typeOf(body["room_type_id"]);
  requireCapacity(type.capacity, adults, children);
  hotel.requireArrival(type, arrival, departure, override);
  const room = asked ?? hotel.bestRoom(type, arrival, departure);
  if (room === undefined) throw new Refusal("NO_ROOM_FREE");
  const nights = agreed(hotel, nightsIn(hotel, room, arrival, departure), body["agreed_price"], role);
  hotel.requireFree(nights, adults + children);
  const booking: ModelBooking = {
    id: "",
    guest: guestFor(hotel, guest.name, guest.email),
    name: guest.name,
    email: guest.email,
    room,
    locked: body["room_locked"] === true,
    status: "confirmed",
    statusOn: hotel.today,
    checkedInOn: null,
    arrival,
    departure,
    adults,
    children,
    nights,
    givenBack: new Map(),
    waived: undefined,
    stays: [],
    released: [],
    holds: new Set(nights.keys()),
  };
  hotel.bookings.push(booking);
  return booking;
}

/** A manager may take a stay that its arrival day restricts, and nobody else may ask for it. */
function overrides(body: Body, role: Role): boolean {
  if (body["override_restrictions"] === undefined) return false;
  if (role !== "manager") throw new Refusal("FORBIDDEN");
  return true;
}

export function amend(hotel: ModelHotel, booking: ModelBooking, body: Body, role: Role): void {
  const override = overrides(body, role);
  const { adults = booking.adults, children = booking.children } = body as { adults?: number; children?: number };
  const { guest } = body as { guest?: { name: string; email: string } };
  if (guest !== undefined) requireKnown(booking);
  const touched = [
    "check_in_at",
    "expected_check_out_at",
    "room_type_id",
    "room_id",
    "adults",
    "children",
    "agreed_price",
  ];
  if (touched.some((field) => body[field] !== undefined))
    amendNights(hotel, booking, { body, role, override }, adults, children);
  Object.assign(booking, { adults, children });
  if (body["room_locked"] !== undefined) booking.locked = body["room_locked"] as boolean;
  if (guest === undefined) return;
  const had = booking.guest;
  if (guest.name === booking.name) {
    // The same guest, reached in another way: in the bookings ahead too.
    booking.guest.email = guest.email;
    for (const other of hotel.bookings) {
      if (other.guest === booking.guest && ["confirmed", "in_house"].includes(other.status)) other.email = guest.email;
    }
  } else booking.guest = guestFor(hotel, guest.name, guest.email);
  Object.assign(booking, { name: guest.name, email: guest.email });
  if (booking.guest !== had) deleteLeftover(hotel, had, booking);
}

function amendNights(
  hotel: ModelHotel,
  booking: ModelBooking,
  { body, role, override }: { readonly body: Body; readonly role: Role; readonly override: boolean },
  adults: number,
  children: number,
): void {
  if (booking.status !== "confirmed" && booking.status !== "in_house") throw new Refusal("ILLEGAL_TRANSITION");
  hotel.requirePaid();
  const end = (field: string, present: number): number =>
    body[field] === undefined ? present : dayNumber(body[field] as string);
  const arrival = end("check_in_at", booking.arrival);
  const departure = end("expected_check_out_at", booking.departure);
  requireNights(arrival, departure);
  if (arrival !== booking.arrival) {
    if (booking.status === "in_house") throw new Refusal("WRONG_DAY");
    if (arrival < hotel.today) throw new Refusal("VALIDATION_FAILED");
  }
  if (departure !== booking.departure && departure < hotel.today) throw new Refusal("VALIDATION_FAILED");
  const type = body["room_type_id"] === undefined ? booking.room.type : hotel.typeOf(body["room_type_id"]);
  const room =
    type === booking.room.type
      ? booking.room
      : roomOfType(hotel, booking, type, { arrival, departure, adults, children }, override);
  const asked = body["room_id"] === undefined ? room : hotel.roomOf(body["room_id"]);
  if (asked !== room) {
    if (booking.locked) throw new Refusal("ROOM_LOCKED");
    const stay = { room: asked, arrival, departure, adults, children };
    return amendRoom(hotel, booking, { ...stay, price: body["agreed_price"], role, override });
  }
  requireCapacity(room.type.capacity, adults, children);
  const other = room !== booking.room;
  const price = body["agreed_price"];
  if (!other && arrival === booking.arrival && departure === booking.departure && price === undefined) return;
  const grows = departure > booking.departure || arrival < booking.arrival;
  if (grows) (booking.status === "in_house" ? requireNotRetired : requireInService)(room, departure);
  if (arrival !== booking.arrival) hotel.requireOpen(room, arrival);
  if (!other && booking.status === "confirmed")
    hotel.requireArrivalOf(booking, room.type, arrival, departure, override);
  const alike = other ? [] : [...booking.nights.values()].map((night) => night.type);
  const nights = new Map(
    range(arrival, departure).map((day) => {
      const present = booking.nights.get(day);
      const stays = present !== undefined && (!other || present.type === room.type);
      const night = stays ? present : hotel.addedNight(booking, room, day, alike);
      return [day, other ? { ...night, room } : night];
    }),
  );
  const sameProduct = ({ type: sold }: ModelNight): boolean => !other || sold === room.type;
  const { nights: priced, released } = amendPrices(hotel, booking, nights, { price, role, sameProduct });
  hotel.requireFree(priced, adults + children, [booking], firstToAmend(hotel, booking));
  Object.assign(booking, { room, arrival, departure, nights: priced, released, holds: new Set(priced.keys()) });
}

interface AmendedRoom extends Pick<ModelBooking, "room" | "arrival" | "departure" | "adults" | "children"> {
  readonly price: unknown;
  readonly role: Role;
  readonly override: boolean;
}

/** Another room from a night on. Nights that were booked keep their prices; an added one costs what its room costs. */
function amendRoom(
  hotel: ModelHotel,
  booking: ModelBooking,
  { room, arrival, departure, adults, children, price, role, override }: AmendedRoom,
): void {
  requireCapacity(room.type.capacity, adults, children);
  requireInService(room, departure);
  if (booking.status === "confirmed") {
    hotel.requireOpen(room, arrival);
    hotel.requireArrivalOf(booking, room.type, arrival, departure, override);
  }
  const first = firstToAmend(hotel, booking);
  requireDay(first < departure);
  const alike = [...booking.nights.values()].map((night) => night.type);
  const nights = new Map(
    range(arrival, departure).map((day) => {
      const isMoved = day >= first;
      const present = booking.nights.get(day);
      if (present !== undefined) return [day, isMoved ? { ...present, room } : present];
      return [day, hotel.addedNight(booking, isMoved ? room : booking.room, day, alike)];
    }),
  );
  const { nights: priced, released } = amendPrices(hotel, booking, nights, { price, role, sameProduct: () => true });
  hotel.requireFree(priced, adults + children, [booking], first);
  if (booking.status === "in_house") {
    requireReady(hotel, room);
    booking.room.dirty = true;
  }
  Object.assign(booking, { room, arrival, departure, nights: priced, released, holds: new Set(priced.keys()) });
}

function roomOfType(
  hotel: ModelHotel,
  booking: ModelBooking,
  type: ModelType,
  { arrival, departure, adults, children }: Pick<ModelBooking, "arrival" | "departure" | "adults" | "children">,
  override: boolean,
): ModelRoom {
  if (booking.status === "in_house") throw new Refusal("VALIDATION_FAILED");
  if (booking.locked) throw new Refusal("ROOM_LOCKED");
  requireCapacity(type.capacity, adults, children);
  hotel.requireArrivalOf(booking, type, arrival, departure, override);
  const best = hotel.bestRoom(type, arrival, departure);
  if (best === undefined) throw new Refusal("NO_ROOM_FREE");
  return best;
}

export function require(booking: ModelBooking, ...states: ModelStatus[]): void {
  if (!states.includes(booking.status)) throw new Refusal("ILLEGAL_TRANSITION");
}

export function requireDay(isRight: boolean): void {
  if (!isRight) throw new Refusal("WRONG_DAY");
}

export function become(hotel: ModelHotel, booking: ModelBooking, status: ModelStatus): void {
  Object.assign(booking, { status, statusOn: hotel.today });
}

export function checkIn(hotel: ModelHotel, booking: ModelBooking): void {
  hotel.requirePaid();
  require(booking, "confirmed");
  // A guest who was a no-show may still come after the close of the last night's day.
  requireDay(booking.arrival <= hotel.today && hotel.today <= booking.departure);
  requireReady(hotel, booking.room);
  become(hotel, booking, "in_house");
  booking.checkedInOn = hotel.today;
}

export function requireReady(hotel: ModelHotel, room: ModelRoom, leaving: readonly ModelBooking[] = []): void {
  const inside = hotel.inHouse(room);
  if (room.status !== "available" || (inside !== undefined && !leaving.includes(inside))) {
    throw new Refusal("ROOM_NOT_READY");
  }
}

export function checkOut(hotel: ModelHotel, booking: ModelBooking, body: Body = {}): void {
  require(booking, "in_house");
  // The guest has slept all booked nights that the calendar has gone past, whatever day the desk is still working on.
  const begun = Math.max(hotel.today, hotel.calendarDay());
  const slept = Math.max(hotel.today, Math.min(begun, booking.departure));
  const left = body["left_on"] === undefined ? slept : dayNumber(body["left_on"] as string);
  requireDay((booking.checkedInOn as number) <= left && left <= begun);
  // A check-out adds no night, so a day after the booked ones is not taken for the departure.
  requireDay(body["left_on"] === undefined || left <= booking.departure);
  if (left < booking.departure) {
    // One night is paid at least; none in which nobody slept there is kept from others.
    const departure = Math.max(left, booking.arrival + 1);
    takeOff(booking, (day) => day >= departure);
    booking.departure = departure;
    booking.holds = new Set([...booking.nights.keys()].filter((day) => day < left));
  }
  become(hotel, booking, "checked_out");
  booking.room.dirty = true;
}

function takeOff(booking: ModelBooking, which: (day: number) => boolean): void {
  booking.givenBack = new Map([...booking.nights].filter(([day]) => which(day)));
  booking.nights = new Map([...booking.nights].filter(([day]) => !which(day)));
}

export function cancel(hotel: ModelHotel, booking: ModelBooking): void {
  require(booking, "confirmed");
  become(hotel, booking, "canceled");
  booking.holds.clear();
}

export function noShow(hotel: ModelHotel, booking: ModelBooking): void {
  require(booking, "confirmed");
  requireDay(hotel.today >= booking.arrival);
  become(hotel, booking, "no_show");
  booking.holds.clear();
  const { noShowCharge: charge } = hotel;
  if (charge !== "full_stay") takeOff(booking, (day) => charge === "none" || day > booking.arrival);
}

export function undoCheckIn(hotel: ModelHotel, booking: ModelBooking): void {
  require(booking, "in_house");
  // Of the check-in: one who came on an earlier day has slept here, whatever was undone since.
  requireDay(booking.checkedInOn === hotel.today);
  become(hotel, booking, "confirmed");
  booking.checkedInOn = null;
}

/** All nights that were on the bill. */
export function restoredNights({ nights, givenBack, waived = new Map() }: ModelBooking): Map<number, ModelNight> {
  return new Map([...nights, ...givenBack, ...waived]);
}

/** Puts nights on the bill again, and holds their rooms. @param first from which rooms are offered instead */
export function takeBack(
  hotel: ModelHotel,
  booking: ModelBooking,
  nights: Map<number, ModelNight>,
  first: number,
): void {
  hotel.requireFree(nights, booking.adults + booking.children, [booking], first);
  Object.assign(booking, { nights, givenBack: new Map(), waived: undefined, holds: new Set(nights.keys()) });
}

export function waiveCharge(hotel: ModelHotel, booking: ModelBooking): void {
  require(booking, "canceled", "no_show");
  if (hotel.total(booking) === 0) throw new Refusal("NO_CHARGE");
  Object.assign(booking, { waived: booking.nights, nights: new Map() });
}

export function undoWaiver(_: ModelHotel, booking: ModelBooking): void {
  require(booking, "canceled", "no_show");
  if (booking.waived === undefined) throw new Refusal("NOT_WAIVED");
  Object.assign(booking, { waived: undefined, nights: booking.waived });
}

export function undoCheckOut(hotel: ModelHotel, booking: ModelBooking): void {
  require(booking, "checked_out");
  requireDay(booking.statusOn === hotel.today);
  requireKnown(booking);
  requireInService(booking.room, agreedDeparture(booking));
  if (hotel.inHouse(booking.room) !== undefined) throw new Refusal("ROOM_NOT_READY");
  takeBack(hotel, booking, restoredNights(booking), hotel.today);
  booking.departure = Math.max(...booking.nights.keys()) + 1;
  become(hotel, booking, "in_house");
}
