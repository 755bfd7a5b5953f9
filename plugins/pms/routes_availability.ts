import * as z from "zod";

import { amountSchema, currencySchema, daySchema, idSchema, type Route, route } from "../../core/mod.ts";
import { readHotel, staff } from "../identity/port.ts";
import { freeRooms, quoteStay } from "./availability.ts";
import { checkNights } from "./stay.ts";

const freeRoomSchema = z
  .strictObject({
    room_id: idSchema,
    room_number: z.string(),
    room_type_id: idSchema,
    room_type: z.string(),
    capacity: z.number().int(),
    nights: z.array(z.strictObject({ date: daySchema, rate: amountSchema })),
    total_amount: z.string(),
  })
  .meta({ id: "FreeRoom" });

export function availabilityRoutes(): Route[] {
  return [
    route({
      id: "findFreeRooms",
      method: "GET",
      path: "/rooms/available",
      summary: "The rooms that are free on every night of a stay, with what they cost",
      access: staff,
      unit: "tenant",
      query: z.strictObject({
        check_in: daySchema,
        check_out: daySchema,
        room_type_id: idSchema.optional(),
        guests: z.coerce.number().int().min(1).max(100).default(1),
      }),
      status: 200,
      result: z.strictObject({
        check_in: daySchema,
        check_out: daySchema,
        currency: currencySchema,
        items: z.array(freeRoomSchema),
        next_cursor: z.null().meta({ description: "All of them are on this page." }),
      }),
      handler: async ({ actor, query, trx }) => {
        const { check_in: arrival, check_out: departure, room_type_id: roomTypeId, guests } = query;
        checkNights(arrival, departure, "/check_out", "query");
        const [{ currency }, rooms] = await Promise.all([
          readHotel(trx, actor.tenantId),
          freeRooms(trx, { hotelId: actor.tenantId, arrival, departure, roomTypeId, guests }),
        ]);
        // Most rooms cost what their type does: each rate is worked out once.
        const quotes = new Map(
          [...new Set(rooms.map(({ rate }) => rate))].map((rate) => [
            rate,
            quoteStay(rate, arrival, departure, currency),
          ]),
        );
        const items = rooms.map(({ rate, ...room }) => {
          const { nights, total_amount } = quotes.get(rate) ?? quoteStay(rate, arrival, departure, currency);
          return { ...room, nights: [...nights], total_amount };
        });
        return { body: { check_in: arrival, check_out: departure, currency, items, next_cursor: null } };
      },
    }),
  ];
}
