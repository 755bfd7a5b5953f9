import * as z from "zod";

import { daySchema, daysBetween, decodeCursor, idSchema, pageQuery, route, toPage } from "../../../core/mod.ts";
import { staff } from "../../identity/port.ts";
import { fieldFault } from "../errors.ts";
import { bookingStatuses } from "../port.ts";
import { readChart } from "./tape_chart.ts";
import { readRoomType } from "../inventory/inventory.ts";
import { retiredFromSchema, roomCursorSchema, roomFields } from "../inventory/views.ts";

/** The longest range (days): a quarter of a year, more than a screen shows. */
const mostDays = 92;

/**
 * The most rooms times days of a page: 200 rooms for a month, or 67 rooms for a quarter. An answer with 300 rooms for
 * 91 days had 4 MB and took 236 ms of the event loop.
 */
const mostCells = 6_200;

const days = { from: daySchema, to: daySchema.meta({ description: "Not included." }) };

const chartRoomSchema = z
  .strictObject({
    room_id: idSchema,
    room_number: z.string(),
    room_type_id: idSchema,
    status: roomFields.status,
    housekeeping: roomFields.housekeeping,
    retired_from: retiredFromSchema,
    stays: z.array(
      z.strictObject({
        booking_id: idSchema,
        guest_id: idSchema,
        guest_name: z.string(),
        adults: z.number().int(),
        children: z.number().int(),
        status: z.enum(bookingStatuses),
        room_locked: z.boolean(),
        ...days,
      }),
    ),
    closures: z.array(z.strictObject({ closure_id: idSchema, reason: z.string(), ...days })),
  })
  .meta({ id: "ChartRoom" });

export function chartRoutes() {
  return [
    route({
      id: "readChart",
      method: "GET",
      path: "/rooms/chart",
      summary: "Read the tape chart: each room with its stays and closures in a range of days",
      description:
        "Returns pages of rooms in natural order. A page has at most `limit` rooms, and fewer for a long range: " +
        `rooms times days are at most ${mostCells}.`,
      access: staff,
      transaction: "tenant",
      conditional: true,
      query: z.strictObject({
        ...days,
        room_type_id: idSchema.optional(),
        ...pageQuery,
        limit: pageQuery.limit.default(200),
      }),
      status: 200,
      result: z.strictObject({
        ...days,
        rooms: z.array(chartRoomSchema),
        next_cursor: z.string().nullable().meta({ description: "The cursor of the next page. Null on the last page." }),
      }),
      handler: async ({ actor, query: { from, to, room_type_id: roomTypeId, limit, cursor }, trx }) => {
        const length = daysBetween(from, to);
        if (length < 1) throw fieldFault("query", "/to", "is not after from");
        if (length > mostDays) throw fieldFault("query", "/to", `makes ${length} days; ${mostDays} are the most`);
        if (roomTypeId !== undefined) await readRoomType(trx, actor.tenantId, roomTypeId);
        const most = Math.min(limit, Math.floor(mostCells / length));
        const after = decodeCursor(cursor, roomCursorSchema);
        const question = { hotelId: actor.tenantId, from, to, roomTypeId, after, limit: most + 1 };
        const { items: rooms, next_cursor } = toPage(
          await readChart(trx, question),
          most,
          ({ room }) => room,
          ({ room, sortKey }) => [room.room_id, sortKey],
        );
        return { body: { from, to, rooms, next_cursor } };
      },
    }),
  ];
}
