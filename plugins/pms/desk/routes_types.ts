import * as z from "zod";

import {
  addDays,
  amountSchema,
  currencySchema,
  daySchema,
  daysBetween,
  decodeCursor,
  eachDay,
  formatAmount,
  idSchema,
  pageQuery,
  queryNumber,
  route,
  sumSchema,
  toPage,
} from "../../../core/mod.ts";
import { readHotel, staff } from "../../identity/port.ts";
import { checkNights, requireAhead } from "../allocation/stay_dates.ts";
import { fieldFault } from "../errors.ts";
import { readRatesOf } from "../rates/prices.ts";
import { countFreeRooms, readTypes, type TypeFacts } from "./type_calendar.ts";
import { quoteTypes, refusals } from "./type_quotes.ts";

/** The longest range of the calendar (days): a quarter of a year, as on the tape chart. */
const mostDays = 92;
/** The most room types times days of a page: 0.6 MB. */
const mostCells = 6_200;

const typeFields = { room_type_id: idSchema, name: z.string(), capacity: z.number().int() };
const minimumStay = z
  .number()
  .int()
  .nullable()
  .meta({ description: "The least nights of a stay that begins on the day. Null means one." });

const calendarTypeSchema = z
  .strictObject({
    ...typeFields,
    days: z.array(
      z.strictObject({
        date: daySchema,
        free: z.number().int().meta({ description: "Rooms that can be sold for the night." }),
        rate: amountSchema.meta({ description: "The price of the night in a room without a rate of its own." }),
        minimum_stay: minimumStay,
        closed_to_arrival: z.boolean().meta({ description: "Whether no stay can begin on this day." }),
      }),
    ),
  })
  .meta({ id: "CalendarType" });

const quoteSchema = z
  .strictObject({
    ...typeFields,
    free: z.number().int().meta({ description: "Rooms that are free on every night of the stay." }),
    nights: z.array(z.strictObject({ date: daySchema, rate: amountSchema })),
    total_amount: sumSchema,
    minimum_stay: minimumStay,
    refused_by: z.array(z.enum(refusals)).meta({
      description:
        "The problems with which a booking of the type would be refused. A manager can override " +
        "`CLOSED_TO_ARRIVAL` and `MINIMUM_STAY`. Empty if the type can be booked.",
    }),
  })
  .meta({ id: "TypeQuote" });

export function typeRoutes() {
  return [
    route({
      id: "readCalendar",
      method: "GET",
      path: "/rates/calendar",
      summary: "Read the calendar of the room types: free rooms, price and restrictions of each day",
      description:
        `A range has at most ${mostDays} days. A page has at most \`limit\` room types, and fewer for a long range: ` +
        `types times days are at most ${mostCells}.`,
      access: staff,
      transaction: "tenant",
      query: z.strictObject({
        from: daySchema,
        to: daySchema.meta({ description: "The last day, included." }),
        guests: queryNumber(1, 100).default(1).meta({ description: "Leaves out types that sleep fewer guests." }),
        ...pageQuery,
        limit: pageQuery.limit.default(200),
      }),
      status: 200,
      result: z.strictObject({
        from: daySchema,
        to: daySchema,
        currency: currencySchema,
        items: z.array(calendarTypeSchema),
        next_cursor: z.string().nullable(),
      }),
      handler: async ({ actor, query: { from, to, guests, limit, cursor }, trx }) => {
        const length = daysBetween(from, to) + 1;
        if (length < 1) throw fieldFault("query", "/to", "must not be before from");
        if (length > mostDays) throw fieldFault("query", "/to", `makes ${length} days; the limit is ${mostDays}`);
        const most = Math.min(limit, Math.floor(mostCells / length));
        const [after] = decodeCursor(cursor, z.tuple([idSchema])) ?? [];
        const { tenantId: hotelId } = actor;
        const [{ currency, business_date: today }, types] = await Promise.all([
          readHotel(trx, hotelId),
          readTypes(trx, { hotelId, guests, after, limit: most + 1 }),
        ]);
        const roomTypeIds = types.map(({ room_type_id }) => room_type_id);
        const range = { from, to: addDays(to, 1), roomTypeIds };
        const [free, rates] = await Promise.all([
          countFreeRooms(trx, hotelId, range, today),
          readRatesOf(trx, hotelId, range),
        ]);
        const view = ({ room_type_id, name, capacity, rate }: TypeFacts) => ({
          room_type_id,
          name,
          capacity,
          days: eachDay(from, range.to).map((date, index) => {
            const day = rates.on(room_type_id, date);
            return {
              date,
              free: free.get(room_type_id)?.[index] ?? 0,
              rate: formatAmount(day?.rate ?? rate, currency),
              minimum_stay: day?.minimum_stay ?? null,
              closed_to_arrival: day?.closed_to_arrival ?? false,
            };
          }),
        });
        const page = toPage(types, most, view, ({ room_type_id }) => [room_type_id]);
        return { body: { from, to, currency, ...page } };
      },
    }),
    route({
      id: "quoteStay",
      method: "GET",
      path: "/quotes",
      summary: "Quote a stay for each room type, with the number of free rooms and the reasons for a refusal",
      description:
        "The price is that of the room which POST /bookings/ would choose for the `room_type_id` now. " +
        "If no room is free, it is the price at the rates of the type. " +
        "A check_in before the business date is refused, as there.",
      access: staff,
      transaction: "tenant",
      query: z.strictObject({
        check_in: daySchema,
        check_out: daySchema,
        adults: queryNumber(1, 100).default(1),
        children: queryNumber(0, 100).default(0),
      }),
      status: 200,
      result: z.strictObject({
        check_in: daySchema,
        check_out: daySchema,
        currency: currencySchema,
        items: z.array(quoteSchema),
      }),
      handler: async ({ actor, query: { check_in, check_out, adults, children }, trx }) => {
        checkNights(check_in, check_out, "/check_out", "query");
        const hotel = await readHotel(trx, actor.tenantId);
        requireAhead(check_in, hotel.business_date, "/check_in", "query");
        const stay = { arrival: check_in, departure: check_out, guests: adults + children };
        const quotes = await quoteTypes(trx, hotel, stay);
        const items = quotes.map(({ rate: _rate, nights, ...quote }) => ({ ...quote, nights: [...nights] }));
        return { body: { check_in, check_out, currency: hotel.currency, items } };
      },
    }),
  ];
}
