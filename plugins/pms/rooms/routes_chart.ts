import * as z from "zod";

import { daySchema, daysBetween, idSchema, type Route, route } from "../../../core/mod.ts";
import { staff } from "../../identity/port.ts";
import { fieldFault } from "../errors.ts";
import { bookingStatuses } from "../port.ts";
import { readChart } from "./chart.ts";
import { readRoomType } from "./inventory.ts";
import { roomFields } from "./views.ts";

/** A quarter of a year: what fits on a screen and more. */
const mostDays = 92;

const days = { from: daySchema, to: daySchema.meta({ description: "Not included." }) };

const chartRoomSchema = z
  .strictObject({
    room_id: idSchema,
    room_number: z.string(),
    room_type_id: idSchema,
    status: roomFields.status,
    housekeeping: roomFields.housekeeping,
    stays: z.array(
      z.strictObject({
        booking_id: idSchema,
        guest_name: z.string(),
        status: z.enum(bookingStatuses),
        room_locked: z.boolean(),
        ...days,
      }),
    ),
    closures: z.array(z.strictObject({ closure_id: idSchema, reason: z.string(), ...days })),
  })
  .meta({ id: "ChartRoom" });

export function chartRoutes(): Route[] {
  return [
    route({
      id: "readChart",
      method: "GET",
      path: "/rooms/chart",
      summary: "The tape chart: each room with its stays and closures in a range of days",
      access: staff,
      unit: "tenant",
      query: z.strictObject({ ...days, room_type_id: idSchema.optional() }),
      status: 200,
      result: z.strictObject({ ...days, rooms: z.array(chartRoomSchema) }),
      handler: async ({ actor, query: { from, to, room_type_id: roomTypeId }, trx }) => {
        const length = daysBetween(from, to);
        if (length < 1) throw fieldFault("query", "/to", "is not after from");
        if (length > mostDays) throw fieldFault("query", "/to", `makes ${length} days; ${mostDays} are the most`);
        if (roomTypeId !== undefined) await readRoomType(trx, actor.tenantId, roomTypeId);
        const rooms = await readChart(trx, actor.tenantId, from, to, roomTypeId);
        return { body: { from, to, rooms } };
      },
    }),
  ];
}
