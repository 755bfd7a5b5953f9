/** The model of moves to other rooms. It refuses before it changes anything. */
import { require, requireCapacity, requireDay, requireReady, requireInService } from "./bookings.ts";
import { type ModelBooking, type ModelHotel, Refusal } from "./hotel.ts";
import { firstToMove } from "./progress.ts";

/** Moves bookings at once: what one leaves another may take. */
export function move(hotel: ModelHotel, moves: readonly { booking: ModelBooking; to: unknown }[]): void {
  for (const { booking } of moves) {
    require(booking, "confirmed", "in_house");
    if (booking.locked) throw new Refusal("ROOM_LOCKED");
    requireDay(firstToMove(hotel, booking) < booking.departure);
  }
  const all = moves.map(({ booking }) => booking);
  const asked = moves.map(({ booking, to }) => {
    const room = hotel.roomOf(to);
    const first = firstToMove(hotel, booking);
    const nights = new Map([...booking.nights].map(([day, night]) => [day, day < first ? night : { ...night, room }]));
    return { booking, room, nights, first };
  });
  for (const { booking, room } of asked) {
    requireInService(room, booking.departure);
    requireCapacity(room.type.capacity, booking.adults, booking.children);
  }
  // Who is there already does not move.
  const moved = asked.filter(({ booking, room }) => room !== booking.room);
  for (const { booking, room } of moved) {
    if (booking.status !== "confirmed") continue;
    hotel.requireOpen(room, booking.arrival);
    if (room.type === booking.room.type) continue;
    hotel.requireArrivalOf(booking, room.type, booking.arrival, booking.departure);
  }
  for (const [index, { booking, nights, first }] of moved.entries()) {
    // Of several, some have moved when one is refused: what is offered then is not foreseen.
    if (moves.length === 1) hotel.requireFree(nights, booking.adults + booking.children, all, first);
    const taken = [...nights].some(
      ([day, { room }]) =>
        hotel.isTaken(room, day, all) || moved.slice(0, index).some((other) => other.nights.get(day)?.room === room),
    );
    if (taken) throw new Refusal("ROOM_TAKEN");
  }
  const leaving = all.filter(({ status }) => status === "in_house");
  for (const { booking, room } of moved) if (booking.status === "in_house") requireReady(hotel, room, leaving);
  for (const { booking, room, nights } of moved) {
    if (booking.status === "in_house") booking.room.dirty = true;
    Object.assign(booking, { room, nights });
  }
}
