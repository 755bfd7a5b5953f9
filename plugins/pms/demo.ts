/**
 * The demo hotel: 24 rooms of three types on three floors, six weeks of history, guests in house, and six weeks of
 * bookings ahead. Calls for each of these days would take a minute, so a few statements insert the rows. The same rows
 * come each time, and only the dates move.
 */
import * as z from "zod";

import { type DemoPart } from "../../core/mod.ts";
import { readHotel } from "../identity/port.ts";
import { lockBusinessDate } from "./business_date/lock_business_date.ts";
import { insertDemo, insertFigures } from "./demo_data/insert_rows.ts";
import { sixWeeks } from "./demo_data/plan.ts";
import { demoRows } from "./demo_data/rows.ts";

const hotelSchema = z.object({ hotel_id: z.string() });

export const demo: DemoPart = {
  order: 2,
  tryPaths: ["/rooms/", "/operations/today"],
  play: async (session, db) => {
    const { hotel_id: hotelId } = hotelSchema.parse(await session.call("GET", "/hotels/me"));
    const by = session.login?.username ?? "demo";
    const now = new Date();
    await db.tenant(hotelId, async (trx) => {
      await lockBusinessDate(trx, hotelId, "exclusive");
      const hotel = await readHotel(trx, hotelId);
      await insertDemo(trx, demoRows({ hotel, by, now }));
      await insertFigures(trx, hotel, sixWeeks.history, now);
    });
  },
};
