import * as z from "zod";

import {
  amountSchema,
  type Day,
  daySchema,
  daysBetween,
  decodeCursor,
  eachDay,
  formatAmount,
  idSchema,
  pageOf,
  pageQuery,
  queryNumber,
  route,
  toPage,
  type Trx,
} from "../../../core/mod.ts";
import { managers, readHotel, requireSubscription, staff } from "../../identity/port.ts";
import { fieldFault } from "../errors.ts";
import { readRoomType } from "../inventory/inventory.ts";
import type { DayRate } from "./prices.ts";
import { changeRange, setExactDays } from "./set_rates.ts";

/** The most days of one request: two years. */
const maxDays = 731;
/** The most items on a page: a year of five room types, or 300 KB. */
const maxPageSize = 2000;

const changes = {
  rate: amountSchema
    .nullable()
    .meta({ description: "The price of one night in each room of the type. Null means that the day has no rate." }),
  minimum_stay: z
    .number()
    .int()
    .min(1)
    .max(366)
    .nullable()
    .meta({ description: "The least nights of a stay that begins on this day. Null means one." }),
  closed_to_arrival: z.boolean().meta({ description: "Whether no stay can begin on this day." }),
};

const dayRateSchema = z.strictObject({ room_type_id: idSchema, date: daySchema, ...changes }).meta({ id: "DayRate" });

const range = { from: daySchema, to: daySchema.meta({ description: "The last day, included." }) };

const rangeChangeSchema = z.strictObject({
  room_type_id: idSchema,
  ...range,
  weekdays: z
    .array(z.number().int().min(1).max(7))
    .min(1)
    .max(7)
    .optional()
    .meta({ description: "Sets only these days of the week, from 1 for Monday to 7 for Sunday." }),
  rate: changes.rate.optional(),
  minimum_stay: changes.minimum_stay.optional(),
  closed_to_arrival: changes.closed_to_arrival.optional(),
});

const exactDaysSchema = z.strictObject({
  days: z.array(dayRateSchema).max(maxDays).meta({ description: "Exact values, as the `undo` of an answer has them." }),
});

export function rateRoutes() {
  return [
    route({
      id: "listRates",
      method: "GET",
      path: "/rates/",
      summary: "List the days on which room types have a rate or a restriction, by day",
      access: staff,
      transaction: "tenant",
      query: z.strictObject({
        ...range,
        room_type_id: idSchema.optional(),
        ...pageQuery,
        limit: queryNumber(1, maxPageSize).default(maxPageSize).meta({ description: "Items on a page." }),
      }),
      status: 200,
      result: pageOf(dayRateSchema),
      handler: async ({ actor, query: { cursor, limit, ...range }, trx }) => {
        checkDays(range.from, range.to, "query");
        const { currency } = await readHotel(trx, actor.tenantId);
        if (range.room_type_id !== undefined) await readRoomType(trx, actor.tenantId, range.room_type_id);
        const after = decodeCursor(cursor, z.tuple([daySchema, idSchema]));
        const days = await readDays(trx, actor.tenantId, { ...range, after, limit: limit + 1 }, currency);
        return {
          body: toPage(
            days,
            limit,
            (day) => day,
            (day) => [day.date, day.room_type_id],
          ),
        };
      },
    }),
    route({
      id: "setRates",
      method: "PUT",
      path: "/rates/",
      summary: "Set rates and restrictions of a room type for days. Omitted members do not change",
      description:
        "Bookings keep their prices. With `days`, each day gets exactly the given values. A day without a rate and " +
        "without a restriction is no longer in the list of `GET /rates`.",
      access: managers,
      transaction: "tenant",
      body: z.union([rangeChangeSchema, exactDaysSchema]),
      status: 200,
      result: z.strictObject({ items: z.array(dayRateSchema) }),
      undo: ["setRates"],
      problems: ["NOT_FOUND", "SUBSCRIPTION_LAPSED"],
      handler: async ({ actor, body, trx }) => {
        const hotel = await readHotel(trx, actor.tenantId);
        requireSubscription(hotel);
        const { before, after } =
          "days" in body
            ? await setExactDays(trx, hotel, body.days)
            : await changeRange(trx, hotel, checkedRange(body));
        return { body: { items: after }, undo: { operation: "setRates", body: { days: before } } };
      },
    }),
  ];
}

/** The days that a request changes, with the values that change. */
function checkedRange({ from, to, weekdays, ...change }: z.output<typeof rangeChangeSchema>) {
  checkDays(from, to, "body");
  const shown = [...eachDay(from, to), to];
  const days = shown.filter((day) => weekdays?.includes(weekdayOf(day)) ?? true);
  return { ...change, days, shown };
}

interface Range {
  readonly from: Day;
  readonly to: Day;
  readonly room_type_id?: string | undefined;
  /** The day and room type of the last item of the previous page. */
  readonly after?: readonly [date: Day, roomTypeId: string] | undefined;
  readonly limit?: number;
}

async function readDays(trx: Trx, hotelId: string, range: Range, currency: string): Promise<DayRate[]> {
  const { from, to, room_type_id: typeId, after, limit } = range;
  const days = await trx("pms.rates")
    .where({ hotel_id: hotelId })
    .whereBetween("date", [from, to])
    .modify((list) => {
      if (typeId !== undefined) void list.where({ room_type_id: typeId });
      if (after !== undefined) void list.whereRaw("(date, room_type_id) > (?::date, ?::uuid)", [...after]);
      if (limit !== undefined) void list.limit(limit);
    })
    .orderBy(["date", "room_type_id"])
    .select<DayRate[]>("room_type_id", "date", "rate", "minimum_stay", "closed_to_arrival");
  return days.map((day) => ({ ...day, rate: day.rate === null ? null : formatAmount(day.rate, currency) }));
}

function checkDays(from: Day, to: Day, where: "body" | "query"): void {
  const days = daysBetween(from, to) + 1;
  if (days < 1) throw fieldFault(where, "/to", "must not be before from");
  if (days > maxDays) throw fieldFault(where, "/to", `makes ${days} days; the limit is ${maxDays}`);
}

/** 1 for Monday to 7 for Sunday (ISO 8601). A day has no time zone, so UTC is correct. */
const weekdayOf = (day: Day): number => new Date(`${day}T00:00:00Z`).getUTCDay() || 7;
