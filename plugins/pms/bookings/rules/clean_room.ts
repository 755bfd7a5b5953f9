/** Applies the hotel's policy on dirty rooms (`dirty_room_check_in`) to a guest who is about to get a room. */
import { type Day, prepare, type Trx } from "../../../../core/mod.ts";
import { readPolicies } from "../../policies/policies.ts";
import { pmsProblems } from "../../errors.ts";
import type { Booking } from "../../models/booking.ts";
import type { LockedRoom } from "../../allocation/allocations.ts";
import { freeRooms } from "../../allocation/free_rooms.ts";

/** The most rooms that an answer names. */
const mostRooms = 5;
/** The most free rooms that are searched for a clean and vacant one. */
const mostSearched = 200;

interface Entry {
  /** The night for which the guest needs the room first. */
  readonly firstNight: Day;
  /** Whether the desk accepts a dirty room. The policy `warn` asks for this. */
  readonly accepted: boolean;
}

type StayParty = Pick<Booking, "departure" | "adults" | "children">;

/**
 * Checks that the guest can get the room in its state of housekeeping.
 * @throws Problem ROOM_NOT_CLEAN, with rooms that are ready, if the policy refuses the dirty room
 */
export async function requireClean(
  trx: Trx,
  stay: StayParty,
  room: LockedRoom,
  { firstNight, accepted }: Entry,
): Promise<void> {
  if (room.housekeeping !== "dirty") return;
  const { dirty_room_check_in: policy } = await readPolicies(trx, room.hotel_id);
  if (policy === "allow" || (policy === "warn" && accepted)) return;
  const remedy = policy === "warn" ? "Take another room, or send accept_dirty_room." : "Take another room.";
  throw pmsProblems.ROOM_NOT_CLEAN(`Room ${room.room_number} has not been cleaned. ${remedy}`, {
    members: { dirty_room_check_in: policy, ready_rooms: await findReadyRooms(trx, stay, room, firstNight) },
  });
}

const readyStatement = prepare<{ room_id: string }>(
  "pms_ready_rooms",
  `SELECT r.room_id FROM pms.rooms r
   WHERE r.hotel_id = $1 AND r.room_id = ANY($2::uuid[]) AND r.status = 'available' AND r.housekeeping <> 'dirty'
     AND NOT EXISTS (
       SELECT FROM pms.bookings b WHERE b.hotel_id = $1 AND b.room_id = r.room_id AND b.status = 'in_house')`,
);

/** Finds rooms that are clean, vacant, and free for the rest of the stay. Rooms of the same type come first. */
async function findReadyRooms(trx: Trx, { departure, adults, children }: StayParty, room: LockedRoom, firstNight: Day) {
  const { hotel_id: hotelId, room_type_id: preferredTypeId } = room;
  const guests = adults + children;
  const query = { hotelId, arrival: firstNight, departure, guests, preferredTypeId, limit: mostSearched };
  const free = await freeRooms(trx, query);
  const ready = await readyStatement.run(trx, [hotelId, free.map(({ room_id }) => room_id)]);
  const ids = new Set(ready.map(({ room_id }) => room_id));
  return free
    .filter(({ room_id }) => ids.has(room_id))
    .slice(0, mostRooms)
    .map(({ room_id, room_number, room_type_id }) => ({ room_id, room_number, room_type_id }));
}
