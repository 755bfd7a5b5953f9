import * as z from "zod";

import {
  amountSchema,
  currencySchema,
  daySchema,
  daysBetween,
  decodeCursor,
  idSchema,
  pageQuery,
  queryNumber,
  route,
  sumSchema,
  toPage,
} from "../../../core/mod.ts";
import { readHotel, staff } from "../../identity/port.ts";
import { checkNights, requireAhead } from "../allocation/stay_dates.ts";
import { type AgreedQuote, agreedQuotes } from "../rates/agreed_quotes.ts";
import { nightPricer, readRatesOf } from "../rates/prices.ts";
import { restrictions, restrictionsOn } from "../rates/restrictions.ts";
import { type FreeRoom, freeRooms } from "../allocation/free_rooms.ts";
import { roomCursorSchema } from "../inventory/views.ts";

/**
 * The most rooms times nights of a page: 200 rooms for a month, or 16 rooms for a year. An answer with 300 rooms for a
 * year had 4 MB and took up to 1 s of the event loop.
 */
const mostRoomNights = 6_200;

const freeRoomSchema = z
  .strictObject({
    room_id: idSchema,
    room_number: z.string(),
    room_type_id: idSchema,
    room_type: z.string(),
    capacity: z.number().int(),
    nights: z.array(
      z.strictObject({
        date: daySchema,
        rate: amountSchema,
        rack_rate: amountSchema.nullable().meta({ description: "The rate, if a price is agreed." }),
      }),
    ),
    total_amount: sumSchema,
    rack_amount: sumSchema.nullable().meta({ description: "The total at the rates, if a price is agreed." }),
    restrictions: z.array(z.enum(restrictions)).meta({
      description: "Restrictions that a manager must override for the stay. Empty without `include_restricted`.",
    }),
    needs_manager: z.boolean().meta({
      description:
        "Whether only a manager can book the room: " +
        "a restriction applies, or the agreed price exceeds the policy's limit.",
    }),
  })
  .meta({ id: "FreeRoom" });

export function availabilityRoutes() {
  return [
    route({
      id: "findFreeRooms",
      method: "GET",
      path: "/rooms/available",
      summary: "Find the rooms that are free on every night of a stay, with their prices",
      description:
        "Returns pages of rooms in natural order. A page has at most `limit` rooms, and fewer for a long stay: " +
        `rooms times nights are at most ${mostRoomNights}. The prices are those that POST /bookings/ will charge. ` +
        "A check_in before the business date is refused, as there. " +
        "Without `include_restricted`, the answer leaves out room types that are closed to arrival " +
        "or need a longer stay (/rates). " +
        "For a stay that begins on the business date, it also leaves out rooms out of service.",
      access: staff,
      transaction: "tenant",
      query: z.strictObject({
        check_in: daySchema,
        check_out: daySchema,
        room_type_id: idSchema.optional(),
        guests: queryNumber(1, 100).default(1),
        agreed_per_night: amountSchema.optional().meta({
          description: "Quotes an agreed price per night, as `agreed_price.per_night` of POST /bookings/.",
        }),
        agreed_total: amountSchema.optional().meta({ description: "Quotes an agreed price for the whole stay." }),
        include_restricted: z.enum(["true", "false"]).default("false").meta({
          description:
            "`true` adds rooms that a manager can book with an override of a restriction of the arrival day (/rates).",
        }),
        ...pageQuery,
        limit: pageQuery.limit.default(200),
      }),
      status: 200,
      result: z.strictObject({
        check_in: daySchema,
        check_out: daySchema,
        currency: currencySchema,
        items: z.array(freeRoomSchema),
        next_cursor: z.string().nullable(),
      }),
      handler: async ({ actor, query, trx }) => {
        const { check_in: arrival, check_out: departure, room_type_id: roomTypeId, guests } = query;
        checkNights(arrival, departure, "/check_out", "query");
        const limit = Math.min(query.limit, Math.floor(mostRoomNights / daysBetween(arrival, departure)));
        const after = decodeCursor(query.cursor, roomCursorSchema);
        const [hotel, rooms] = await Promise.all([
          readHotel(trx, actor.tenantId),
          freeRooms(trx, {
            hotelId: actor.tenantId,
            arrival,
            departure,
            roomTypeId,
            guests,
            after,
            includeRestricted: query.include_restricted === "true",
            limit: limit + 1,
          }),
        ]);
        // Reads the rates of the page's room types only, so that other types cost nothing.
        const roomTypeIds = [...new Set(rooms.map((room) => room.room_type_id))];
        const rates = await readRatesOf(trx, actor.tenantId, { from: arrival, to: departure, roomTypeIds });
        requireAhead(arrival, hotel.business_date, "/check_in", "query");
        const { currency, business_date: today } = hotel;
        const price = { per_night: query.agreed_per_night, total: query.agreed_total };
        const quoteAgreed = await agreedQuotes(trx, actor.tenantId, price, { currency, today });
        // Most rooms have the rate of their type, so each price is computed once.
        const nightsOf = nightPricer(rates, arrival, departure, currency);
        const quotes = new Map<string, AgreedQuote>();
        const view = ({ rate, room_id, room_number, room_type_id, room_type, capacity }: FreeRoom) => {
          const priced = { room_type_id, rate };
          const key = `${room_type_id} ${rate}`;
          const quote = quotes.get(key) ?? quoteAgreed(nightsOf(priced));
          quotes.set(key, quote);
          const met = restrictionsOn(rates, { roomTypeId: room_type_id, arrival, departure });
          const room = { room_id, room_number, room_type_id, room_type, capacity };
          return { ...room, ...quote, restrictions: met, needs_manager: quote.needs_manager || met.length > 0 };
        };
        const page = toPage(rooms, limit, view, (room) => [room.room_id, room.sort_key]);
        return { body: { check_in: arrival, check_out: departure, currency, ...page } };
      },
    }),
  ];
}
