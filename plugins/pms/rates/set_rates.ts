/** Sets rates and restrictions of days, and returns what they were before. */
import { type Day, formatAmount, prepareNamed, type Trx } from "../../../core/mod.ts";
import type { HotelSettings } from "../../identity/port.ts";
import { fieldFault, noSuchRoomType } from "../errors.ts";
import { rateIn } from "../inventory/rate_amount.ts";
import type { DayRate } from "./prices.ts";

/** The values of each day. A day without a rate and without a restriction has no row. */
interface ChangedDays {
  readonly before: DayRate[];
  /** Without the days that have no row. */
  readonly after: DayRate[];
}

interface RangeChange {
  readonly room_type_id: string;
  readonly days: readonly Day[];
  /** The days of the answer, among them days that do not change. */
  readonly shown: readonly Day[];
  /** Undefined values do not change. */
  readonly rate?: string | null | undefined;
  readonly minimum_stay?: number | null | undefined;
  readonly closed_to_arrival?: boolean | undefined;
}

/** Changes some values of days of one room type. @throws Problem NOT_FOUND, VALIDATION_FAILED */
export async function changeRange(trx: Trx, hotel: HotelSettings, change: RangeChange): Promise<ChangedDays> {
  const { room_type_id: typeId, days, shown, minimum_stay, closed_to_arrival } = change;
  await lockRoomTypes(trx, hotel.hotel_id, [typeId]);
  const rate = typeof change.rate === "string" ? rateIn(hotel.currency, change.rate) : change.rate;
  const keysOf = (dates: readonly Day[]): DayKey[] => dates.map((date) => ({ room_type_id: typeId, date }));
  const before = await readExactDays(trx, hotel, keysOf(days));
  const after = before.map((day) => ({
    ...day,
    rate: rate === undefined ? day.rate : rate,
    minimum_stay: minimum_stay === undefined ? day.minimum_stay : minimum_stay,
    closed_to_arrival: closed_to_arrival ?? day.closed_to_arrival,
  }));
  await writeDays(trx, hotel.hotel_id, after);
  return { before, after: await readRows(trx, hotel, keysOf(shown)) };
}

/** Gives each day exactly these values. @throws Problem NOT_FOUND, VALIDATION_FAILED */
export async function setExactDays(trx: Trx, hotel: HotelSettings, given: readonly DayRate[]): Promise<ChangedDays> {
  requireEachOnce(given);
  await lockRoomTypes(trx, hotel.hotel_id, [...new Set(given.map(({ room_type_id: id }) => id))].sort());
  const days = given.map((day) => ({ ...day, rate: day.rate === null ? null : rateIn(hotel.currency, day.rate) }));
  const before = await readExactDays(trx, hotel, days);
  await writeDays(trx, hotel.hotel_id, days);
  return { before, after: await readRows(trx, hotel, days) };
}

type DayKey = Pick<DayRate, "room_type_id" | "date">;

const keyOf = ({ room_type_id: id, date }: DayKey): string => `${id} ${date}`;

function requireEachOnce(days: readonly DayKey[]): void {
  const seen = new Set<string>();
  for (const [index, day] of days.entries()) {
    if (seen.has(keyOf(day))) throw fieldFault("body", `/days/${index}`, "has the room type and date of another day");
    seen.add(keyOf(day));
  }
}

/** Locks room types, so that the values before a change are those that it replaces. Bookings do not wait for it. */
async function lockRoomTypes(trx: Trx, hotelId: string, ids: readonly string[]): Promise<void> {
  const rows = await trx("pms.room_types")
    .where({ hotel_id: hotelId })
    .whereIn("room_type_id", ids)
    .orderBy("room_type_id")
    .forNoKeyUpdate()
    .select<object[]>("room_type_id");
  if (rows.length < ids.length) throw noSuchRoomType();
}

const rowsStatement = prepareNamed<DayRate>(
  "pms_rates_of_days",
  `SELECT r.room_type_id, r.date, r.rate, r.minimum_stay, r.closed_to_arrival
   FROM unnest(:types::uuid[], :dates::date[]) AS d (room_type_id, date)
     JOIN pms.rates r ON r.hotel_id = :hotelId AND r.room_type_id = d.room_type_id AND r.date = d.date
   ORDER BY r.date, r.room_type_id`,
);

async function readRows(
  trx: Trx,
  { hotel_id: hotelId, currency }: HotelSettings,
  days: readonly DayKey[],
): Promise<DayRate[]> {
  const rows = await rowsStatement.run(trx, {
    hotelId,
    types: days.map(({ room_type_id: id }) => id),
    dates: days.map(({ date }) => date),
  });
  return rows.map((row) => ({ ...row, rate: row.rate === null ? null : formatAmount(row.rate, currency) }));
}

/** Reads the values of each day, also of one without a row. */
async function readExactDays(trx: Trx, hotel: HotelSettings, days: readonly DayKey[]): Promise<DayRate[]> {
  const rows = new Map((await readRows(trx, hotel, days)).map((row) => [keyOf(row), row]));
  const none = { rate: null, minimum_stay: null, closed_to_arrival: false };
  return days.map(
    ({ room_type_id, date }) => rows.get(keyOf({ room_type_id, date })) ?? { room_type_id, date, ...none },
  );
}

const writeStatement = prepareNamed(
  "pms_write_rates",
  `INSERT INTO pms.rates (hotel_id, room_type_id, date, rate, minimum_stay, closed_to_arrival)
   SELECT :hotelId, * FROM unnest(:types::uuid[], :dates::date[], :rates::numeric[], :stays::int[], :closed::boolean[])
   ON CONFLICT (hotel_id, room_type_id, date) DO UPDATE
   SET (rate, minimum_stay, closed_to_arrival) = (excluded.rate, excluded.minimum_stay, excluded.closed_to_arrival)`,
);

const deleteStatement = prepareNamed(
  "pms_delete_rates",
  `DELETE FROM pms.rates r USING unnest(:types::uuid[], :dates::date[]) AS d (room_type_id, date)
   WHERE r.hotel_id = :hotelId AND r.room_type_id = d.room_type_id AND r.date = d.date`,
);

async function writeDays(trx: Trx, hotelId: string, days: readonly DayRate[]): Promise<void> {
  const isNone = (day: DayRate): boolean => day.rate === null && day.minimum_stay === null && !day.closed_to_arrival;
  const [kept, gone] = [days.filter((day) => !isNone(day)), days.filter(isNone)];
  const keys = (of: readonly DayRate[]) => ({
    hotelId,
    types: of.map(({ room_type_id: id }) => id),
    dates: of.map(({ date }) => date),
  });
  await deleteStatement.run(trx, keys(gone));
  await writeStatement.run(trx, {
    ...keys(kept),
    rates: kept.map(({ rate }) => rate),
    stays: kept.map(({ minimum_stay: stay }) => stay),
    closed: kept.map(({ closed_to_arrival: closed }) => closed),
  });
}
