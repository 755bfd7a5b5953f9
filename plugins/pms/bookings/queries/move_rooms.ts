/** Finds the rooms to which a booking can move, by the rules of a move (../move.ts). */
import * as z from "zod";

import { type Day, daySchema, idSchema, prepare, type Trx } from "../../../../core/mod.ts";
import { readHotel } from "../../../identity/port.ts";
import { freeRoomsSql, readyFirstSql, smallestGapFirstSql } from "../../allocation/choose_room.ts";
import { noSuchBooking } from "../../errors.ts";
import { readRoom } from "../../inventory/inventory.ts";
import { roomFields } from "../../inventory/views.ts";
import { Booking } from "../../models/booking.ts";
import type { Room } from "../../models/room.ts";
import { readRatesOf } from "../../rates/prices.ts";
import { type Restriction, restrictions } from "../../rates/restrictions.ts";
import { restrictionsUnlessAccepted } from "../rules/accepted_stays.ts";
import { firstNightToMove } from "../rules/stay_progress.ts";

const moveRoomSchema = z
  .strictObject({
    room_id: idSchema,
    room_number: z.string(),
    room_type_id: idSchema,
    room_type: z.string(),
    capacity: z.number().int(),
    status: roomFields.status,
    housekeeping: roomFields.housekeeping,
    is_same_type: z.boolean(),
    is_ready: z.boolean().meta({ description: "Whether the room is in service, vacant and clean now." }),
    occupied_by: z
      .strictObject({ booking_id: idSchema, guest_name: z.string() })
      .nullable()
      .meta({ description: "The guest who is in the room now. Null if the room is vacant." }),
    restrictions: z.array(z.enum(restrictions)).meta({
      description: "Restrictions of another room type that a manager must override for the move.",
    }),
  })
  .meta({ id: "MoveRoom" });

export const moveRoomsSchema = z.strictObject({
  from: daySchema.nullable().meta({
    description: "The first night that a move would change. Null if the booking can't move: `items` is then empty.",
  }),
  to: daySchema.meta({ description: "The day of departure." }),
  items: z.array(moveRoomSchema),
});

interface CandidateRow {
  readonly room_id: string;
  readonly room_number: string;
  readonly room_type_id: string;
  readonly room_type: string;
  readonly capacity: number;
  readonly status: Room["status"];
  readonly housekeeping: Room["housekeeping"];
  readonly occupied_by: { booking_id: string; guest_name: string } | null;
}

const candidatesStatement = prepare<CandidateRow>(
  "pms_move_rooms",
  `SELECT r.room_id, r.room_number, r.room_type_id, t.name AS room_type, t.capacity, r.status, r.housekeeping,
     (SELECT json_build_object('booking_id', x.booking_id, 'guest_name', x.guest_name) FROM pms.bookings x
       WHERE x.hotel_id = $1 AND x.room_id = r.room_id AND x.status = 'in_house') AS occupied_by
   ${freeRoomsSql} AND r.room_id <> $5 AND t.capacity >= $7
   ORDER BY ${readyFirstSql}, r.room_type_id <> $6, ${smallestGapFirstSql} LIMIT $8`,
);

interface MoveRoomsSearch {
  /** When the request arrived. */
  readonly now: Date;
  /** The most rooms. */
  readonly limit: number;
}

/** @throws Problem NOT_FOUND */
export async function findMoveRooms(
  trx: Trx,
  hotelId: string,
  bookingId: string,
  { now, limit }: MoveRoomsSearch,
): Promise<z.input<typeof moveRoomsSchema>> {
  const [hotel, booking] = await Promise.all([
    readHotel(trx, hotelId),
    Booking.query(trx).findById([hotelId, bookingId]),
  ]);
  if (booking === undefined) throw noSuchBooking();
  const { arrival, departure, status, room_id: roomId, adults, children } = booking;
  const first = later(firstNightToMove(booking, hotel, now), arrival);
  if ((status !== "confirmed" && status !== "in_house") || first >= departure) {
    return { from: null, to: departure, items: [] };
  }
  const { room_type_id: typeId } = await readRoom(trx, hotelId, roomId);
  // A guest in house needs the room now, even if the first moved night is after the business date.
  const today = status === "in_house" ? later(hotel.business_date, first) : hotel.business_date;
  const values = [hotelId, first, departure, today, roomId, typeId, adults + children, limit];
  const rooms = await candidatesStatement.run(trx, values);
  const restricted = status === "confirmed" ? await restrictionsByType(trx, booking, rooms, typeId) : undefined;
  const items = rooms.map((room) => ({
    ...room,
    is_same_type: room.room_type_id === typeId,
    is_ready: room.status === "available" && room.housekeeping !== "dirty" && room.occupied_by === null,
    restrictions: restricted?.get(room.room_type_id) ?? [],
  }));
  return { from: first, to: departure, items };
}

/** Finds the restrictions of the other room types. The stay must not have begun. */
async function restrictionsByType(
  trx: Trx,
  booking: Booking,
  rooms: readonly CandidateRow[],
  ownTypeId: string,
): Promise<ReadonlyMap<string, Restriction[]>> {
  const { hotel_id: hotelId, arrival, departure } = booking;
  const others = [...new Set(rooms.map(({ room_type_id }) => room_type_id))].filter((id) => id !== ownTypeId);
  if (others.length === 0) return new Map();
  const rates = await readRatesOf(trx, hotelId, { from: arrival, to: departure, roomTypeIds: others });
  const found = new Map<string, Restriction[]>();
  for (const roomTypeId of others) {
    found.set(roomTypeId, await restrictionsUnlessAccepted(trx, booking, rates, { roomTypeId, arrival, departure }));
  }
  return found;
}

const later = (a: Day, b: Day): Day => (a > b ? a : b);
