import type { Trx } from "../../../core/mod.ts";
import type { Booking } from "../models/booking.ts";
import { Room } from "../models/room.ts";

/** Marks the booking's room dirty, because its guest has left it. */
export async function markRoomDirty(
  trx: Trx,
  { hotel_id, room_id }: Pick<Booking, "hotel_id" | "room_id">,
): Promise<void> {
  await Room.query(trx)
    .findById([hotel_id, room_id])
    .patch({ housekeeping: "dirty", version: Room.raw("version + 1") });
}
