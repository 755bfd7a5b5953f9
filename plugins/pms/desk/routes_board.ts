import * as z from "zod";

import { daySchema, idSchema, instantOutSchema, route } from "../../../core/mod.ts";
import { readHotel, staff } from "../../identity/port.ts";
import { allowedTransitionsSchema } from "../bookings/rules/booking_state.ts";
import { roomFields } from "../inventory/views.ts";
import { bookingStatuses } from "../port.ts";
import { type BoardEntry, mostStays, readBoard } from "./board.ts";

const entrySchema = z
  .strictObject({
    booking_id: idSchema,
    guest_id: idSchema,
    guest_name: z.string(),
    room_id: idSchema,
    room_number: z.string(),
    room_type_id: idSchema,
    room_locked: z.boolean(),
    room_status: roomFields.status,
    housekeeping: roomFields.housekeeping,
    room_occupied_by: z
      .strictObject({ booking_id: idSchema, guest_name: z.string() })
      .nullable()
      .meta({ description: "The other guest who is still in the room. Null if the room has no other guest." }),
    status: z.enum(bookingStatuses),
    arrival: daySchema,
    departure: daySchema,
    check_in_at: instantOutSchema.meta({ description: "The agreed time of the arrival." }),
    adults: z.number().int(),
    children: z.number().int(),
    has_notes: z.boolean(),
    stays: z
      .number()
      .int()
      .meta({
        description: `The number of the guest's stays so far, in house or checked out. It counts to ${mostStays}.`,
      }),
    version: z.number().int().meta({ description: "In quotes, it is the ETag of the booking." }),
    allowed_transitions: allowedTransitionsSchema,
  })
  .meta({ id: "BoardEntry" });

const entriesSchema = (description: string) => z.array(entrySchema).meta({ description });

const entryView = ({ check_in_at: at, allowed_transitions: allowed, ...entry }: BoardEntry) => ({
  ...entry,
  check_in_at: at.toISOString(),
  allowed_transitions: [...allowed],
});

export function boardRoutes() {
  return [
    route({
      id: "readBoard",
      method: "GET",
      path: "/operations/today",
      summary: "Read the desk's board: arrivals, departures, guests in house, overdue bookings and dirty rooms",
      access: staff,
      transaction: "tenant",
      conditional: true,
      status: 200,
      result: z.strictObject({
        business_date: daySchema,
        arrivals: entriesSchema("Bookings that are expected today and have not arrived."),
        departures: entriesSchema("Bookings in house that leave today."),
        in_house: z.array(entrySchema),
        overdue: entriesSchema("Bookings whose arrival or departure was due on an earlier day."),
        arrived: entriesSchema("Bookings that were checked in today, in house or checked out again."),
        left: entriesSchema("Bookings that were checked out today."),
        dirty_rooms: z.array(z.strictObject({ room_id: idSchema, room_number: z.string() })),
      }),
      handler: async ({ actor, trx }) => {
        const { business_date } = await readHotel(trx, actor.tenantId);
        const board = await readBoard(trx, actor.tenantId, business_date);
        const { arrivals, departures, in_house, overdue, arrived, left, dirty_rooms } = board;
        return {
          body: {
            business_date,
            arrivals: arrivals.map(entryView),
            departures: departures.map(entryView),
            in_house: in_house.map(entryView),
            overdue: overdue.map(entryView),
            arrived: arrived.map(entryView),
            left: left.map(entryView),
            dirty_rooms,
          },
        };
      },
    }),
  ];
}
