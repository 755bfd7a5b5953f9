/**
 * Closes days that the desk left open, in hotels with the policy `day_closes_at`.
 *
 * JavaScript decides for each hotel whether its day is overdue. A statement for all hotels would fail for all of them
 * if one had a time zone that PostgreSQL does not know. A hotel that is many days behind gets one day in each round,
 * so that the other hotels do not wait for it.
 */
import { addDays, type Day, dayAt, instantOf } from "../../../core/mod.ts";
import { readHotel } from "../../identity/port.ts";
import type { PmsContext } from "../context.ts";
import { closeDay } from "./close_day.ts";
import { readPolicies, defaultPolicies } from "../policies/policies.ts";

interface Clock {
  readonly business_date: Day;
  readonly time_zone: string;
  /** `HH:MM:SS` */
  readonly day_closes_at: string | null;
}

type Context = Pick<PmsContext, "announce" | "db" | "log">;
type Candidate = Clock & { readonly hotel_id: string };

/** The most days of one hotel that a run closes. A hotel that is further behind catches up in several runs. */
const mostDays = 40;
const pageSize = 500;

/** The largest offset of a time zone ahead of UTC (ms). */
const furthestAheadMs = 14 * 3_600_000;

/**
 * Closes the overdue days of all hotels. A failure of one hotel does not stop the others.
 * @param ofPage the number of hotels that one statement reads
 */
export async function closeOverdueDays(ctx: Context, signal: AbortSignal, ofPage = pageSize): Promise<void> {
  const closingTimes = new Map<string, number>();
  let behind: string[] = [];
  let after: string | null = null;
  do {
    const page = await readCandidates(ctx, after, ofPage);
    for (const hotel of page) {
      if (signal.aborted) return;
      if (
        await attempt(
          ctx,
          hotel.hotel_id,
          async () => isOverdue(hotel, closingTimes) && closeNextDay(ctx, hotel.hotel_id),
        )
      ) {
        behind.push(hotel.hotel_id);
      }
    }
    after = page.length < ofPage ? null : (page.at(-1)?.hotel_id ?? null);
  } while (after !== null);
  for (let days = 1; days < mostDays && behind.length > 0; days += 1) {
    const still: string[] = [];
    for (const hotelId of behind) {
      if (signal.aborted) return;
      if (await attempt(ctx, hotelId, () => closeNextDay(ctx, hotelId))) still.push(hotelId);
    }
    behind = still;
  }
}

/** Runs the work for one hotel. Logs a failure, and returns false for it. */
async function attempt({ log }: Context, hotelId: string, work: () => Promise<boolean>): Promise<boolean> {
  try {
    return await work();
  } catch (error) {
    log.error({ err: error, hotel_id: hotelId }, "the close of a day failed and will be retried");
    return false;
  }
}

/** Closes the hotel's day if it is overdue. @returns whether the next day is overdue too */
function closeNextDay({ announce, db }: Context, hotelId: string): Promise<boolean> {
  return db.tenant(hotelId, async (trx) => {
    const hotel = await readHotel(trx, hotelId);
    const clock = { ...hotel, day_closes_at: (await readPolicies(trx, hotelId)).day_closes_at };
    if (!isOverdue(clock)) return false;
    // If the desk closes the day at the same time, the second of the two gets the figures of the first.
    const change = { actor: { tenantId: hotelId, name: "the clock" }, now: new Date() };
    await closeDay(trx, change, hotel.business_date);
    announce(trx, hotelId, ["operations", "bookings", "rooms"]);
    return isOverdue({ ...clock, business_date: addDays(hotel.business_date, 1) });
  });
}

/**
 * Whether the closing time on the next date has passed.
 * @param known computed closing times. One takes 0.5 ms, and most hotels share theirs
 * @throws UnknownTimeZone
 */
function isOverdue(
  { business_date: day, time_zone: zone, day_closes_at: at }: Clock,
  known = new Map<string, number>(),
): boolean {
  if (at === null) return false;
  const key = `${day} ${at} ${zone}`;
  const closesAt = known.get(key) ?? instantOf(addDays(day, 1), at, zone).getTime();
  known.set(key, closesAt);
  return closesAt <= Date.now();
}

/**
 * Hotels whose day is over somewhere on Earth. Nothing is computed from a row here, so no row can fail the statement.
 */
async function readCandidates({ db }: Context, after: string | null, limit: number): Promise<Candidate[]> {
  const today = dayAt(new Date(Date.now() + furthestAheadMs), "UTC");
  return db.crossTenant(
    (trx): PromiseLike<Candidate[]> =>
      trx("identity.hotels as h")
        .leftJoin("pms.policies as p", "p.hotel_id", "h.hotel_id")
        .whereRaw("(p.hotel_id IS NULL OR p.day_closes_at IS NOT NULL)")
        .where("h.business_date", "<", today)
        .whereRaw("(?::uuid IS NULL OR h.hotel_id > ?)", [after, after])
        .orderBy("h.hotel_id")
        .limit(limit)
        .select("h.hotel_id", "h.business_date", "h.time_zone")
        // A hotel without a row has changed no policy since its sign-up.
        .select(trx.raw("coalesce(p.day_closes_at, ?::time) AS day_closes_at", [defaultPolicies.day_closes_at])),
    { readOnly: true },
  );
}
