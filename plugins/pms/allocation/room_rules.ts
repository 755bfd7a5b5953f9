/** Checks that a locked room can be given to a booking. Each check throws the problem that names the room. */
import type { Day, Trx } from "../../../core/mod.ts";
import { isOpenOn, isRetired, type LockedRoom } from "./allocations.ts";
import { pmsProblems } from "../errors.ts";
import { Booking } from "../models/booking.ts";

/**
 * Checks that a guest can enter the room now: it is in service and vacant.
 * @param leaving ids of bookings whose guests leave their rooms in the same transaction
 * @throws Problem ROOM_NOT_READY
 */
export async function requireReady(trx: Trx, room: LockedRoom, leaving?: ReadonlySet<string>): Promise<void> {
  if (room.status !== "available") {
    throw pmsProblems.ROOM_NOT_READY(`Room ${room.room_number} is ${room.status.replaceAll("_", " ")}.`);
  }
  await requireVacant(trx, room, leaving);
}

/**
 * Checks that no guest is in the room.
 * @param leaving ids of bookings whose guests leave their rooms in the same transaction
 * @throws Problem ROOM_NOT_READY
 */
export async function requireVacant(trx: Trx, room: LockedRoom, leaving?: ReadonlySet<string>): Promise<void> {
  const { hotel_id, room_id } = room;
  const occupant = await Booking.query(trx).findOne({ hotel_id, room_id, status: "in_house" });
  if (occupant === undefined || leaving?.has(occupant.booking_id) === true) return;
  throw pmsProblems.ROOM_NOT_READY(`Room ${room.room_number} is still occupied by ${occupant.guest_name}.`, {
    members: { occupied_by: occupant.booking_id },
  });
}

/**
 * Checks that a room is in the inventory for all nights before a day.
 * @throws Problem ROOM_OUT_OF_ORDER, ROOM_RETIRED
 */
export function requireInService(room: LockedRoom, departure: Day): void {
  requireNotRetired(room, departure);
  if (room.status === "out_of_order") throw pmsProblems.ROOM_OUT_OF_ORDER(`Room ${room.room_number} is out of order.`);
}

/** Checks that a room is not retired on any night before a day. @throws Problem ROOM_RETIRED */
export function requireNotRetired(room: LockedRoom, departure: Day): void {
  if (!isRetired(room, departure)) return;
  const { room_number: number, retired_from } = room;
  throw pmsProblems.ROOM_RETIRED(`Room ${number} is retired from ${retired_from} on.`, { members: { retired_from } });
}

/**
 * Checks that a new stay can begin in the room. A booking that has the room already keeps it.
 * @throws Problem ROOM_NOT_READY if the room is out of service and the stay begins on or before the business date
 */
export function requireOpen(room: LockedRoom, arrival: Day, today: Day): void {
  if (isOpenOn(room, arrival, today)) return;
  throw pmsProblems.ROOM_NOT_READY(
    `Room ${room.room_number} is out of service, so no guest can have it on the business date ${today}. ` +
      "Choose another room, or put this one into service first.",
  );
}

/**
 * Checks that all guests of a booking have a place.
 * @param place the room or the room type, as the refusal names it: `Room 101`, `A Double`
 * @throws Problem TOO_MANY_GUESTS
 */
export function requireCapacity(place: string, capacity: number, guests: number): void {
  if (guests <= capacity) return;
  throw pmsProblems.TOO_MANY_GUESTS(`${place} sleeps ${capacity}, and you have ${guests} guests.`);
}

/**
 * Checks that a booking of these guests can move into the room until its departure.
 * @throws Problem ROOM_OUT_OF_ORDER, ROOM_RETIRED, TOO_MANY_GUESTS
 */
export function requireFit(
  room: LockedRoom,
  { adults, children, departure }: Pick<Booking, "adults" | "children" | "departure">,
): void {
  requireInService(room, departure);
  requireCapacity(`Room ${room.room_number}`, room.capacity, adults + children);
}

/** Checks that the booking is not locked to its room. @throws Problem ROOM_LOCKED */
export function requireUnlocked({ booking_id, guest_name: name, room_locked: isLocked }: Booking): void {
  if (!isLocked) return;
  throw pmsProblems.ROOM_LOCKED(`The booking of ${name} is locked to its room. Unlock it first.`, {
    members: { booking_id },
  });
}
