/**
 * Days that nobody closed, in hotels that have said when the clock is to do it (`day_closes_at`).
 *
 * Whether a day is overdue is decided hotel by hotel, in JavaScript: a statement that computed it for all hotels would
 * fail for all of them where one has a time zone that PostgreSQL does not know. A hotel that is many days behind gets
 * one day a turn, so that it does not hold up the others.
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

type Context = Pick<PmsContext, "db" | "log">;
type Candidate = Clock & { readonly hotel_id: string };

/** A hotel that was away for long catches up in steps. */
const mostDays = 40;
const pageSize = 500;

/** No place is further ahead of UTC. */
const furthestAheadMs = 14 * 3_600_000;

/**
 * Closes the overdue days of all hotels. One hotel's trouble does not keep the next from its close.
 * @param ofPage how many hotels are read at once
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

/** Does the work for one hotel. Its failure is logged, and counts as nothing left to do in this round. */
async function attempt({ log }: Context, hotelId: string, work: () => Promise<boolean>): Promise<boolean> {
  try {
    return await work();
  } catch (error) {
    log.error({ err: error, hotel_id: hotelId }, "a day could not be closed; it is tried again");
    return false;
  }
}

/** Closes the hotel's day, where it is overdue. @returns whether the day after is overdue too */
function closeNextDay({ db }: Context, hotelId: string): Promise<boolean> {
  return db.tenant(hotelId, async (trx) => {
    const hotel = await readHotel(trx, hotelId);
    const clock = { ...hotel, day_closes_at: (await readPolicies(trx, hotelId)).day_closes_at };
    if (!isOverdue(clock)) return false;
    // Where a desk closes it at the same moment, the second of the two gets what the first has written.
    const change = { actor: { tenantId: hotelId, name: "the clock" }, now: new Date() };
    await closeDay(trx, change, hotel.business_date);
    return isOverdue({ ...clock, business_date: addDays(hotel.business_date, 1) });
  });
}

/**
 * Whether closing time has passed on the day after.
 * @param known closing times that were computed already: one takes 0.5 ms, and most hotels share theirs
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
