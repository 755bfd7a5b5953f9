import * as z from "zod";

import { daySchema, route } from "#core/mod.ts";
import { readHotel, staff } from "#plugins/identity/port.ts";

import { RestockLine } from "./models/restock_line.ts";
import { restockLineSchema, restockLineView } from "./views.ts";

export function restockRoutes() {
  return [
    route({
      id: "readMinibarRestockList",
      method: "GET",
      path: "/minibar/restock",
      summary: "List the items to refill after a day",
      description: "A job computes the list after each charge, so it is a moment late.",
      access: staff,
      transaction: "tenant",
      query: z.strictObject({ day: daySchema.optional().meta({ description: "Default: the business date." }) }),
      status: 200,
      result: z.strictObject({ day: daySchema, items: z.array(restockLineSchema) }),
      handler: async ({ actor, query, trx }) => {
        const hotel = await readHotel(trx, actor.tenantId);
        const day = query.day ?? hotel.business_date;
        const lines = await RestockLine.query(trx).where({ hotel_id: actor.tenantId, day }).orderBy("item");
        return { body: { day, items: lines.map((line) => restockLineView(line, hotel.currency)) } };
      },
    }),
  ];
}
