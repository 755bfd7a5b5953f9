/** Changing a room: what a manager may do to one that has bookings. */
import { defined, latestDay, type Trx } from "../../../core/mod.ts";
import type { HotelSettings } from "../../identity/port.ts";
import { pmsProblems } from "../errors.ts";
import type { Room } from "../models/room.ts";
import { rateIn } from "../rates/amounts.ts";
import { readRoomType, write } from "./inventory.ts";
import { findBookingsInRoom } from "./room_bookings.ts";

export interface RoomChange {
  readonly room_number?: string | undefined;
  readonly room_type_id?: string | undefined;
  readonly rate?: string | null | undefined;
  readonly status?: Room["status"] | undefined;
  readonly housekeeping?: Room["housekeeping"] | undefined;
  /** Takes the room out of order, or changes its type, although it has bookings. */
  readonly force?: boolean | undefined;
}

/**
 * Changes a room whose row is locked, which keeps others from booking it.
 * @param hotel with its business day held
 * @throws Problem ROOM_HAS_BOOKINGS, NAME_TAKEN, NOT_FOUND, VALIDATION_FAILED
 */
export async function changeRoom(
  trx: Trx,
  hotel: HotelSettings,
  room: Room,
  { force = false, ...change }: RoomChange,
): Promise<Room> {
  if (change.room_type_id !== undefined) await readRoomType(trx, hotel.hotel_id, change.room_type_id);
  if (!force) await requireNoBookings(trx, hotel, room, change);
  const rate = typeof change.rate === "string" ? rateIn(hotel.currency, change.rate) : change.rate;
  return write(room.$query(trx).patchAndFetch({ ...defined({ ...change, rate }), version: room.version + 1 }));
}

/** The guests of a room that goes out of order, or becomes another product, must be moved, or forced to stay. */
async function requireNoBookings(trx: Trx, hotel: HotelSettings, room: Room, change: RoomChange): Promise<void> {
  const goesOutOfOrder = change.status === "out_of_order" && room.status !== "out_of_order";
  const changesType = change.room_type_id !== undefined && change.room_type_id !== room.room_type_id;
  if (!goesOutOfOrder && !changesType) return;
  const found = await findBookingsInRoom(trx, room, hotel.business_date, latestDay);
  if (found === undefined) return;
  const { count, members } = found;
  throw pmsProblems.ROOM_HAS_BOOKINGS(
    `Room ${room.room_number} has ${count === 1 ? "a booking" : `${count} bookings`} from ${hotel.business_date} on. ` +
      "Move the guests to other rooms, or repeat the request with force: true.",
    members === undefined ? {} : { members },
  );
}
