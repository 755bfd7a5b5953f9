import * as z from "zod";

import { daySchema, idSchema, instantOutSchema, route } from "../../../core/mod.ts";
import { housekeepingStaff, readHotel } from "../../identity/port.ts";
import { roomFields } from "../inventory/views.ts";
import { readHousekeeping, setHousekeeping } from "./housekeeping.ts";

/** The most rooms of one change. */
const mostRooms = 500;

const roomSchema = z
  .strictObject({
    room_id: idSchema,
    room_number: z.string(),
    floor: z.string().nullable(),
    room_type_id: idSchema,
    room_type: z.string(),
    status: roomFields.status,
    housekeeping: roomFields.housekeeping,
    is_closed: z.boolean().meta({ description: "Whether the room is closed tonight." }),
    is_occupied: z.boolean().meta({ description: "Whether a guest is in the room." }),
    is_due_out: z.boolean().meta({ description: "Whether the guest in the room leaves today, or should have left." }),
    next_arrival_at: instantOutSchema
      .nullable()
      .meta({ description: "The agreed time of the next arrival, if the guest is due today or earlier." }),
    next_guests: z.number().int().nullable().meta({ description: "The number of guests of this arrival." }),
  })
  .meta({ id: "HousekeepingRoom" });

export function housekeepingRoutes() {
  return [
    route({
      id: "readHousekeeping",
      method: "GET",
      path: "/housekeeping",
      summary: "List the rooms with what housekeeping needs, without the names of guests",
      access: housekeepingStaff,
      transaction: "tenant",
      conditional: true,
      status: 200,
      result: z.strictObject({ business_date: daySchema, rooms: z.array(roomSchema) }),
      handler: async ({ actor, trx }) => {
        const { business_date } = await readHotel(trx, actor.tenantId);
        const rooms = await readHousekeeping(trx, actor.tenantId, business_date);
        const isoOf = (at: Date | null) => at?.toISOString() ?? null;
        const view = rooms.map(({ next_arrival_at: at, ...room }) => ({ ...room, next_arrival_at: isoOf(at) }));
        return { body: { business_date, rooms: view } };
      },
    }),
    route({
      id: "setHousekeepingOfRooms",
      method: "PATCH",
      path: "/housekeeping",
      summary: "Set several rooms to clean, dirty or inspected",
      description:
        "Changes all rooms or none. An unknown or retired room answers 404 with `room_ids`. The answer has the state " +
        "`before` of each room, so that the change can be undone.",
      access: housekeepingStaff,
      transaction: "tenant",
      changes: ["rooms"],
      body: z.union([
        z.strictObject({
          room_ids: z.array(idSchema).min(1).max(mostRooms),
          housekeeping: roomFields.housekeeping,
        }),
        z.strictObject({
          rooms: z
            .array(z.strictObject({ room_id: idSchema, housekeeping: roomFields.housekeeping }))
            .min(1)
            .max(mostRooms)
            .meta({ description: "A state for each room, as the `undo` of an answer has them." }),
        }),
      ]),
      status: 200,
      result: z.strictObject({
        rooms: z.array(
          z
            .strictObject({
              room_id: idSchema,
              room_number: z.string(),
              housekeeping: roomFields.housekeeping,
              before: roomFields.housekeeping,
            })
            .meta({ id: "HousekeepingChange" }),
        ),
      }),
      undo: ["setHousekeepingOfRooms"],
      problems: ["NOT_FOUND"],
      handler: async ({ actor, body, trx }) => {
        const { business_date: today } = await readHotel(trx, actor.tenantId);
        const given =
          "rooms" in body ? body.rooms : body.room_ids.map((room_id) => ({ room_id, housekeeping: body.housekeeping }));
        const rooms = await setHousekeeping(trx, actor.tenantId, given, today);
        const before = rooms.map(({ room_id, before: housekeeping }) => ({ room_id, housekeeping }));
        return { body: { rooms }, undo: { operation: "setHousekeepingOfRooms", body: { rooms: before } } };
      },
    }),
  ];
}
