/** Models moves and swaps of rooms. It throws a `Refusal` before it changes anything. */
import { requireStatus, requireCapacity, requireRightDay, requireReady, requireInService } from "./bookings.ts";
import { type ModelBooking, Refusal } from "./data.ts";
import type { ModelHotel } from "./hotel.ts";
import { firstToMove } from "./progress.ts";

/** Moves several bookings at the same time, so that each can get the room that another one leaves. */
export function move(hotel: ModelHotel, moves: readonly { booking: ModelBooking; to: unknown }[]): void {
  for (const { booking } of moves) {
    requireStatus(booking, "confirmed", "in_house");
    if (booking.roomLocked) throw new Refusal("ROOM_LOCKED");
    requireRightDay(firstToMove(hotel, booking) < booking.departure);
  }
  const all = moves.map(({ booking }) => booking);
  const planned = moves.map(({ booking, to }) => {
    const room = hotel.roomOf(to);
    const first = firstToMove(hotel, booking);
    const nights = new Map([...booking.nights].map(([day, night]) => [day, day < first ? night : { ...night, room }]));
    return { booking, room, nights, first };
  });
  for (const { booking, room } of planned) {
    requireInService(room, booking.departure);
    requireCapacity(room.type.capacity, booking.adults, booking.children);
  }
  // A booking that is in the room does not move.
  const moved = planned.filter(({ booking, room }) => room !== booking.room);
  for (const { booking, room } of moved) {
    if (booking.status !== "confirmed") continue;
    hotel.requireCanReceiveGuest(room, booking.arrival);
    if (room.type === booking.room.type) continue;
    hotel.requireArrivalOf(booking, room.type, booking.arrival, booking.departure);
  }
  for (const [index, { booking, nights, first }] of moved.entries()) {
    // The model predicts the offered rooms for a single move only. In a swap, they depend on the other booking.
    if (moves.length === 1) hotel.requireFree(nights, booking.adults + booking.children, all, first);
    const isRoomTaken = [...nights].some(
      ([day, { room }]) =>
        hotel.isTaken(room, day, all) || moved.slice(0, index).some((other) => other.nights.get(day)?.room === room),
    );
    if (isRoomTaken) throw new Refusal("ROOM_TAKEN");
  }
  const leaving = all.filter(({ status }) => status === "in_house");
  for (const { booking, room } of moved) if (booking.status === "in_house") requireReady(hotel, room, leaving);
  for (const { booking, room, nights } of moved) {
    if (booking.status === "in_house") booking.room.isDirty = true;
    Object.assign(booking, { room, nights });
  }
}
