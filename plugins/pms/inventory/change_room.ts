/** Changes a room, and checks which changes its bookings allow. */
import { type Day, defined, latestDay, type Trx } from "../../../core/mod.ts";
import type { HotelSettings } from "../../identity/port.ts";
import { fieldFault, pmsProblems } from "../errors.ts";
import type { Room } from "../models/room.ts";
import { rateIn } from "./rate_amount.ts";
import { readRoomType, requireFreeNumber, withNameConflicts } from "./inventory.ts";
import { findBookingsInRoom, type FoundBookings } from "./room_bookings.ts";

export interface RoomChange {
  readonly room_number?: string | undefined;
  readonly room_type_id?: string | undefined;
  readonly rate?: string | null | undefined;
  readonly floor?: string | null | undefined;
  readonly status?: Room["status"] | undefined;
  readonly housekeeping?: Room["housekeeping"] | undefined;
  /** The first night for which the room is no longer part of the hotel. Null ends the retirement. */
  readonly retired_from?: Day | null | undefined;
  /** Allows out of order, out of service and another type although the room has bookings. */
  readonly force?: boolean | undefined;
}

/**
 * Changes a room whose row is locked, so that no request books it in the meantime.
 * @param hotel with its business date locked
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
  await requireRetirable(trx, hotel, room, change.retired_from);
  if (change.room_number !== undefined) await requireFreeNumber(trx, hotel.hotel_id, change.room_number, room.room_id);
  const rate = typeof change.rate === "string" ? rateIn(hotel.currency, change.rate) : change.rate;
  return withNameConflicts(
    room.$query(trx).patchAndFetch({ ...defined({ ...change, rate }), version: room.version + 1 }),
  );
}

/**
 * Refuses a room with bookings that goes out of order or gets another type. A room that goes out of service stays in
 * the inventory, so only guests in house and arrivals up to today count.
 */
async function requireNoBookings(trx: Trx, hotel: HotelSettings, room: Room, change: RoomChange): Promise<void> {
  const goesOutOfOrder = change.status === "out_of_order" && room.status !== "out_of_order";
  const changesType = change.room_type_id !== undefined && change.room_type_id !== room.room_type_id;
  const goesOutOfService = change.status === "out_of_service" && room.status === "available";
  const concernsAll = goesOutOfOrder || changesType;
  if (!concernsAll && !goesOutOfService) return;
  const { business_date: today } = hotel;
  const arrivedBy = concernsAll ? latestDay : today;
  const found = await findBookingsInRoom(trx, room, today, { overdueBefore: latestDay, arrivedBy });
  if (found === undefined) return;
  throw hasBookings(
    room,
    concernsAll ? `from ${today} on` : `for ${today}`,
    found,
    "or repeat the request with force: true",
  );
}

/**
 * Refuses to retire a room that has a booking from that day on, also with `force`. A night sold in a retired room would
 * make the figures show more rooms sold than the hotel has.
 */
async function requireRetirable(
  trx: Trx,
  hotel: HotelSettings,
  room: Room,
  day: Day | null | undefined,
): Promise<void> {
  if (day === undefined || day === null || day === room.retired_from) return;
  const { business_date: today } = hotel;
  if (day < today) throw fieldFault("body", "/retired_from", `is before the business date ${today}`);
  const found = await findBookingsInRoom(trx, room, day, { overdueBefore: today, soldFrom: day });
  if (found !== undefined) throw hasBookings(room, `from ${day} on`, found, "or retire the room from a later day on");
}

function hasBookings(room: Room, when: string, { count, members = {} }: FoundBookings, otherwise: string) {
  return pmsProblems.ROOM_HAS_BOOKINGS(
    `Room ${room.room_number} has ${count === 1 ? "a booking" : `${count} bookings`} ${when}. ` +
      `Move the guests to other rooms, ${otherwise}.`,
    { members },
  );
}
