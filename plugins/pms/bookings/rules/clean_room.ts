/** Whether a guest may be put into a room that has not been cleaned: the hotel's policy. */
import { type Day, prepare, type Trx } from "../../../../core/mod.ts";
import { readPolicies } from "../../policies/policies.ts";
import { pmsProblems } from "../../errors.ts";
import type { Booking } from "../../models/booking.ts";
import type { LockedRoom } from "../../allocation/allocations.ts";
import { freeRooms } from "../../allocation/free_rooms.ts";

/** Rooms that an answer names. */
const mostRooms = 5;
/** Free rooms that are looked at for one that is clean and vacant. */
const mostLooks = 200;

interface Entry {
  /** The business date: the night for which the guest needs the room first. */
  readonly today: Day;
  /** The desk has been told, and wants the room all the same. */
  readonly accepted: boolean;
}

type Party = Pick<Booking, "departure" | "adults" | "children">;

/** @throws Problem ROOM_NOT_CLEAN, with rooms that are ready, where the hotel's policy is against the room */
export async function requireClean(trx: Trx, stay: Party, room: LockedRoom, { today, accepted }: Entry): Promise<void> {
  if (room.housekeeping !== "dirty") return;
  const { dirty_room_check_in: policy } = await readPolicies(trx, room.hotel_id);
  if (policy === "allow" || (policy === "warn" && accepted)) return;
  const remedy = policy === "warn" ? "Take another room, or send accept_dirty_room." : "Take another room.";
  throw pmsProblems.ROOM_NOT_CLEAN(`Room ${room.room_number} has not been cleaned. ${remedy}`, {
    members: { dirty_room_check_in: policy, ready_rooms: await readyRooms(trx, stay, room, today) },
  });
}

const readyStatement = prepare<{ room_id: string }>(
  "pms_ready_rooms",
  `SELECT r.room_id FROM pms.rooms r
   WHERE r.hotel_id = $1 AND r.room_id = ANY($2::uuid[]) AND r.status = 'available' AND r.housekeeping <> 'dirty'
     AND NOT EXISTS (SELECT FROM pms.bookings b WHERE b.hotel_id = $1 AND b.room_id = r.room_id AND b.status = 'in_house')`,
);

/** Rooms that are clean, vacant, and free for the rest of the stay; those of the same type first. */
async function readyRooms(trx: Trx, { departure, adults, children }: Party, room: LockedRoom, today: Day) {
  const { hotel_id: hotelId, room_type_id: preferredTypeId } = room;
  const guests = adults + children;
  const question = { hotelId, arrival: today, departure, guests, preferredTypeId, limit: mostLooks };
  const free = await freeRooms(trx, question);
  const ready = await readyStatement.run(trx, [hotelId, free.map(({ room_id }) => room_id)]);
  const ids = new Set(ready.map(({ room_id }) => room_id));
  return free
    .filter(({ room_id }) => ids.has(room_id))
    .slice(0, mostRooms)
    .map(({ room_id, room_number, room_type_id }) => ({ room_id, room_number, room_type_id }));
}
