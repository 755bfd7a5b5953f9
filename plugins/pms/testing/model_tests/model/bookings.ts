/** Models the operations of one booking. Each function throws a `Refusal` before it changes anything. */
import { amendPrices, applyAgreedPrice, type Role } from "./agreed_price.ts";
import {
  type ModelBooking,
  type ModelGuest,
  type ModelNight,
  type ModelRoom,
  type ModelStatus,
  type ModelType,
  dayNumber,
  range,
  Refusal,
} from "./data.ts";
import { agreedDeparture, type ModelHotel } from "./hotel.ts";
import { deleteGuestWithoutBookings, guestFor } from "./guests.ts";
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
  if (guest.isAnonymous) throw new Refusal("GUEST_ANONYMOUS");
}

const nightsIn = (hotel: ModelHotel, room: ModelRoom, from: number, to: number): Map<number, ModelNight> =>
  new Map(range(from, to).map((day) => [day, hotel.nightIn(room, day)]));

export function book(hotel: ModelHotel, body: Body, role: Role): ModelBooking {
  const override = overridesRestrictions(body, role);
  const requested = body["room_id"] === undefined ? undefined : hotel.roomOf(body["room_id"]);
  hotel.requirePaid();
  const arrival = dayNumber(body["check_in_at"] as string);
  const departure = dayNumber(body["expected_check_out_at"] as string);
  requireNights(arrival, departure);
  if (arrival < hotel.today) throw new Refusal("VALIDATION_FAILED");
  const { adults, children, guest } = body as { adults: number; children: number; guest: ModelGuest };
  if (requested !== undefined) {
    requireInService(requested, departure);
    hotel.requireCanReceiveGuest(requested, arrival);
  }
  const type = requested?.type ?? hotel.typeOf(body["room_type_id"]);
  requireCapacity(type.capacity, adults, children);
  hotel.requireArrival(type, arrival, departure, override);
  const room = requested ?? hotel.bestRoom(type, arrival, departure);
  if (room === undefined) throw new Refusal("NO_ROOM_FREE");
  const nights = applyAgreedPrice(hotel, nightsIn(hotel, room, arrival, departure), body["agreed_price"], role);
  hotel.requireFree(nights, adults + children);
  const booking: ModelBooking = {
    id: "",
    guest: guestFor(hotel, guest.name, guest.email),
    name: guest.name,
    email: guest.email,
    room,
    roomLocked: body["room_locked"] === true,
    status: "confirmed",
    statusOn: hotel.today,
    checkedInOn: null,
    arrival,
    departure,
    adults,
    children,
    nights,
    releasedAtEnd: new Map(),
    waivedNights: undefined,
    stays: [],
    releasedByAmendments: [],
    allocatedNights: new Set(nights.keys()),
  };
  hotel.bookings.push(booking);
  return booking;
}

/** Whether the request overrides restrictions. @throws Refusal FORBIDDEN for a receptionist */
function overridesRestrictions(body: Body, role: Role): boolean {
  if (body["override_restrictions"] === undefined) return false;
  if (role !== "manager") throw new Refusal("FORBIDDEN");
  return true;
}

export function amend(hotel: ModelHotel, booking: ModelBooking, body: Body, role: Role): void {
  const override = overridesRestrictions(body, role);
  const { adults = booking.adults, children = booking.children } = body as { adults?: number; children?: number };
  const { guest } = body as { guest?: { name: string; email: string } };
  if (guest !== undefined) requireKnown(booking);
  const fieldsOfNights = [
    "check_in_at",
    "expected_check_out_at",
    "room_type_id",
    "room_id",
    "adults",
    "children",
    "agreed_price",
  ];
  if (fieldsOfNights.some((field) => body[field] !== undefined))
    amendNights(hotel, booking, { body, role, override }, adults, children);
  Object.assign(booking, { adults, children });
  if (body["room_locked"] !== undefined) booking.roomLocked = body["room_locked"] as boolean;
  if (guest === undefined) return;
  const formerGuest = booking.guest;
  if (guest.name === booking.name) {
    // The same name means the same guest. All open bookings of the guest then get the e-mail address of the amendment.
    booking.guest.email = guest.email;
    for (const other of hotel.bookings) {
      if (other.guest === booking.guest && ["confirmed", "in_house"].includes(other.status)) other.email = guest.email;
    }
  } else booking.guest = guestFor(hotel, guest.name, guest.email);
  Object.assign(booking, { name: guest.name, email: guest.email });
  if (booking.guest !== formerGuest) deleteGuestWithoutBookings(hotel, formerGuest, booking);
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
  const dayOf = (field: string, present: number): number =>
    body[field] === undefined ? present : dayNumber(body[field] as string);
  const arrival = dayOf("check_in_at", booking.arrival);
  const departure = dayOf("expected_check_out_at", booking.departure);
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
  const requested = body["room_id"] === undefined ? room : hotel.roomOf(body["room_id"]);
  if (requested !== room) {
    if (booking.roomLocked) throw new Refusal("ROOM_LOCKED");
    const stay = { room: requested, arrival, departure, adults, children };
    return amendRoom(hotel, booking, { ...stay, price: body["agreed_price"], role, override });
  }
  requireCapacity(room.type.capacity, adults, children);
  const changesRoom = room !== booking.room;
  const price = body["agreed_price"];
  if (!changesRoom && arrival === booking.arrival && departure === booking.departure && price === undefined) return;
  const grows = departure > booking.departure || arrival < booking.arrival;
  if (grows) (booking.status === "in_house" ? requireNotRetired : requireInService)(room, departure);
  if (arrival !== booking.arrival) hotel.requireCanReceiveGuest(room, arrival);
  if (!changesRoom && booking.status === "confirmed")
    hotel.requireArrivalOf(booking, room.type, arrival, departure, override);
  const alike = changesRoom ? [] : [...booking.nights.values()].map((night) => night.type);
  const nights = new Map(
    range(arrival, departure).map((day) => {
      const present = booking.nights.get(day);
      const keepsNight = present !== undefined && (!changesRoom || present.type === room.type);
      const night = keepsNight ? present : hotel.addedNight(booking, room, day, alike);
      return [day, changesRoom ? { ...night, room } : night];
    }),
  );
  const isSameProduct = ({ type: sold }: ModelNight): boolean => !changesRoom || sold === room.type;
  const { nights: priced, releasedByAmendments } = amendPrices(hotel, booking, nights, { price, role, isSameProduct });
  hotel.requireFree(priced, adults + children, [booking], firstToAmend(hotel, booking));
  Object.assign(booking, {
    room,
    arrival,
    departure,
    nights: priced,
    releasedByAmendments,
    allocatedNights: new Set(priced.keys()),
  });
}

interface AmendedRoom extends Pick<ModelBooking, "room" | "arrival" | "departure" | "adults" | "children"> {
  readonly price: unknown;
  readonly role: Role;
  readonly override: boolean;
}

/** Amends the room from a night on. Booked nights keep their prices, and an added night has the price of its room. */
function amendRoom(
  hotel: ModelHotel,
  booking: ModelBooking,
  { room, arrival, departure, adults, children, price, role, override }: AmendedRoom,
): void {
  requireCapacity(room.type.capacity, adults, children);
  requireInService(room, departure);
  if (booking.status === "confirmed") {
    hotel.requireCanReceiveGuest(room, arrival);
    hotel.requireArrivalOf(booking, room.type, arrival, departure, override);
  }
  const first = firstToAmend(hotel, booking);
  requireRightDay(first < departure);
  const alike = [...booking.nights.values()].map((night) => night.type);
  const nights = new Map(
    range(arrival, departure).map((day) => {
      const isMoved = day >= first;
      const present = booking.nights.get(day);
      if (present !== undefined) return [day, isMoved ? { ...present, room } : present];
      return [day, hotel.addedNight(booking, isMoved ? room : booking.room, day, alike)];
    }),
  );
  const { nights: priced, releasedByAmendments } = amendPrices(hotel, booking, nights, {
    price,
    role,
    isSameProduct: () => true,
  });
  hotel.requireFree(priced, adults + children, [booking], first);
  if (booking.status === "in_house") {
    requireReady(hotel, room);
    booking.room.isDirty = true;
  }
  Object.assign(booking, {
    room,
    arrival,
    departure,
    nights: priced,
    releasedByAmendments,
    allocatedNights: new Set(priced.keys()),
  });
}

function roomOfType(
  hotel: ModelHotel,
  booking: ModelBooking,
  type: ModelType,
  { arrival, departure, adults, children }: Pick<ModelBooking, "arrival" | "departure" | "adults" | "children">,
  override: boolean,
): ModelRoom {
  if (booking.status === "in_house") throw new Refusal("VALIDATION_FAILED");
  if (booking.roomLocked) throw new Refusal("ROOM_LOCKED");
  requireCapacity(type.capacity, adults, children);
  hotel.requireArrivalOf(booking, type, arrival, departure, override);
  const best = hotel.bestRoom(type, arrival, departure);
  if (best === undefined) throw new Refusal("NO_ROOM_FREE");
  return best;
}

export function requireStatus(booking: ModelBooking, ...states: ModelStatus[]): void {
  if (!states.includes(booking.status)) throw new Refusal("ILLEGAL_TRANSITION");
}

export function requireRightDay(isRight: boolean): void {
  if (!isRight) throw new Refusal("WRONG_DAY");
}

export function setStatus(hotel: ModelHotel, booking: ModelBooking, status: ModelStatus): void {
  Object.assign(booking, { status, statusOn: hotel.today });
}

export function checkIn(hotel: ModelHotel, booking: ModelBooking): void {
  hotel.requirePaid();
  requireStatus(booking, "confirmed");
  // The day of departure is allowed: a reinstated no-show can check in after the close of its last night's day.
  requireRightDay(booking.arrival <= hotel.today && hotel.today <= booking.departure);
  requireReady(hotel, booking.room);
  setStatus(hotel, booking, "in_house");
  booking.checkedInOn = hotel.today;
}

export function requireReady(hotel: ModelHotel, room: ModelRoom, leaving: readonly ModelBooking[] = []): void {
  const inside = hotel.inHouse(room);
  if (room.status !== "available" || (inside !== undefined && !leaving.includes(inside))) {
    throw new Refusal("ROOM_NOT_READY");
  }
}

export function checkOut(hotel: ModelHotel, booking: ModelBooking, body: Body = {}): void {
  requireStatus(booking, "in_house");
  // Booked nights before the calendar's day are slept, even if the business date is still earlier.
  const begun = Math.max(hotel.today, hotel.calendarDay());
  const slept = Math.max(hotel.today, Math.min(begun, booking.departure));
  const left = body["left_on"] === undefined ? slept : dayNumber(body["left_on"] as string);
  requireRightDay((booking.checkedInOn as number) <= left && left <= begun);
  // A check-out adds no night, so the day of departure can't be after the booked nights.
  requireRightDay(body["left_on"] === undefined || left <= booking.departure);
  if (left < booking.departure) {
    // The guest pays at least one night. Other bookings can have the room from the day on which the guest left.
    const departure = Math.max(left, booking.arrival + 1);
    releaseNights(booking, (day) => day >= departure);
    booking.departure = departure;
    booking.allocatedNights = new Set([...booking.nights.keys()].filter((day) => day < left));
  }
  setStatus(hotel, booking, "checked_out");
  booking.room.isDirty = true;
}

/** Removes nights from the bill, and keeps them with their prices for an undo. */
function releaseNights(booking: ModelBooking, isReleased: (day: number) => boolean): void {
  booking.releasedAtEnd = new Map([...booking.nights].filter(([day]) => isReleased(day)));
  booking.nights = new Map([...booking.nights].filter(([day]) => !isReleased(day)));
}

export function cancel(hotel: ModelHotel, booking: ModelBooking): void {
  requireStatus(booking, "confirmed");
  setStatus(hotel, booking, "canceled");
  booking.allocatedNights.clear();
}

export function noShow(hotel: ModelHotel, booking: ModelBooking): void {
  requireStatus(booking, "confirmed");
  requireRightDay(hotel.today >= booking.arrival);
  setStatus(hotel, booking, "no_show");
  booking.allocatedNights.clear();
  const { noShowCharge: charge } = hotel;
  if (charge !== "full_stay") releaseNights(booking, (day) => charge === "none" || day > booking.arrival);
}

export function undoCheckIn(hotel: ModelHotel, booking: ModelBooking): void {
  requireStatus(booking, "in_house");
  // A guest who checked in on an earlier business date has slept in the hotel. That check-in can't be undone.
  requireRightDay(booking.checkedInOn === hotel.today);
  setStatus(hotel, booking, "confirmed");
  booking.checkedInOn = null;
}

/** Returns the nights on the bill, and those that a check-out, a no-show or a waiver removed from it. */
export function nightsToRestore({
  nights,
  releasedAtEnd,
  waivedNights = new Map(),
}: ModelBooking): Map<number, ModelNight> {
  return new Map([...nights, ...releasedAtEnd, ...waivedNights]);
}

/**
 * Puts nights back on the bill, and allocates their rooms.
 * @param first the first night for which a refusal offers other rooms
 */
export function restoreNights(
  hotel: ModelHotel,
  booking: ModelBooking,
  nights: Map<number, ModelNight>,
  first: number,
): void {
  hotel.requireFree(nights, booking.adults + booking.children, [booking], first);
  Object.assign(booking, {
    nights,
    releasedAtEnd: new Map(),
    waivedNights: undefined,
    allocatedNights: new Set(nights.keys()),
  });
}

export function waiveCharge(hotel: ModelHotel, booking: ModelBooking): void {
  requireStatus(booking, "canceled", "no_show");
  if (hotel.total(booking) === 0) throw new Refusal("NO_CHARGE");
  Object.assign(booking, { waivedNights: booking.nights, nights: new Map() });
}

export function undoWaiver(_: ModelHotel, booking: ModelBooking): void {
  requireStatus(booking, "canceled", "no_show");
  if (booking.waivedNights === undefined) throw new Refusal("NOT_WAIVED");
  Object.assign(booking, { waivedNights: undefined, nights: booking.waivedNights });
}

export function undoCheckOut(hotel: ModelHotel, booking: ModelBooking): void {
  requireStatus(booking, "checked_out");
  requireRightDay(booking.statusOn === hotel.today);
  requireKnown(booking);
  requireInService(booking.room, agreedDeparture(booking));
  if (hotel.inHouse(booking.room) !== undefined) throw new Refusal("ROOM_NOT_READY");
  restoreNights(hotel, booking, nightsToRestore(booking), hotel.today);
  booking.departure = Math.max(...booking.nights.keys()) + 1;
  setStatus(hotel, booking, "in_house");
}
