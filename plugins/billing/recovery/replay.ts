/**
 * Applies stored events again, by the same code as the first time.
 *
 * - One event, or each event whose job is dead: in a transaction of its own, which also deletes the dead job.
 * - All events, in one transaction. It empties the tables that are made of events, and applies all events in the order
 *   of their arrival. Then it updates `valid_to` of every hotel. Until it commits, other transactions see the earlier
 *   state. They apply no events meanwhile (`replay_lock.ts`), while the webhook keeps storing. If an event fails that
 *   had an outcome before, the replay rolls everything back.
 *
 * A dry run does the same and rolls it back, so it reports exactly what the replay would change.
 */
import { isOutage, sqlStateOf, type Trx, queryOne } from "../../../core/mod.ts";
import { applyAndEnqueue, applyEvent } from "../apply/apply_stripe_event.ts";
import type { BillingContext } from "../context.ts";
import { eventJobs, eventsWithJob } from "../inbox/event_jobs.ts";
import { applyStripeEvent, askStripe } from "../jobs.ts";
import { type LockedHotel, updateValidTo } from "../entitlement/recompute.ts";
import { ledgerTables } from "../entitlement/ledger_tables.ts";
import { type EventStatus, StripeEvent } from "../models/stripe_event.ts";
import { lockForReplay, lockForApplying } from "../entitlement/replay_lock.ts";

/**
 * The events that a replay of all events applies. A quarantined event stays in quarantine until an operator names it.
 */
const replayable: readonly EventStatus[] = ["stored", "applied", "ignored", "waiting"];

/** Resets an event. Stripe's stored answer (`fetched`) stays: it is part of the event. */
const unappliedColumns = {
  status: "stored",
  status_reason: null,
  hotel_id: null,
  customer_id: null,
  subscription_id: null,
  waits_for: null,
};

export type EventOutcome = Pick<StripeEvent, "event_id" | "type" | "status" | "status_reason" | "hotel_id">;

export interface HotelChange {
  readonly hotel_id: string;
  readonly before: Date;
  readonly after: Date;
}

export interface ReplayReport {
  readonly events: number;
  /** Numbers of events by status. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly failed: readonly { readonly event_id: string; readonly error: string }[];
  /** Hotels whose `valid_to` can't be computed. They keep their old `valid_to`. */
  readonly failedHotels: readonly { readonly hotel_id: string; readonly error: string }[];
  /** The tables whose rows have changed. */
  readonly changedTables: readonly string[];
  readonly changedHotels: readonly HotelChange[];
  /** False after a dry run, and if an event failed that had an outcome before: all was rolled back. */
  readonly committed: boolean;
}

/** Rolls a transaction back and carries its result out. */
class RolledBack<T> extends Error {
  readonly result: T;
  constructor(result: T) {
    super("Rolled back on purpose.");
    this.result = result;
  }
}

/** Runs the work in a transaction, and commits only if `mustCommit` returns true for the result. */
async function commitIf<T>(
  ctx: BillingContext,
  mustCommit: (result: T) => boolean,
  work: (trx: Trx) => Promise<T>,
): Promise<T> {
  try {
    return await ctx.db.crossTenant(async (trx) => {
      const result = await work(trx);
      if (!mustCommit(result)) throw new RolledBack(result);
      return result;
    });
  } catch (error) {
    if (error instanceof RolledBack) return error.result as T; // Thrown above, with this T.
    throw error;
  }
}

/**
 * Applies one event again. A quarantined event is applied if STRIPE_API_KEY is of the event's mode by now.
 * @throws Error if no event has this id, or the event fails
 */
export function replayEvent(ctx: BillingContext, eventId: string, dryRun: boolean): Promise<EventOutcome> {
  return commitIf(
    ctx,
    () => !dryRun,
    async (trx) => {
      await lockForApplying(trx);
      const stored = await StripeEvent.query(trx).findById(eventId).forUpdate();
      if (stored === undefined) throw new Error(`There is no stored event ${eventId}.`);
      // An operator who names an event may know that Stripe has learned of its invoice meanwhile: ask Stripe again.
      const isWithoutInvoice = stored.status === "waiting" && stored.status_reason === "no_invoice";
      const columns = isWithoutInvoice ? { ...unappliedColumns, fetched: null } : unappliedColumns;
      await trx("billing.stripe_events").where({ event_id: eventId }).update(columns);
      await applyAndEnqueue(ctx, trx, eventId);
      await eventJobs(trx).whereNotNull("dead_at").whereRaw("payload->>'event_id' = ?", [eventId]).delete();
      return trx("billing.stripe_events")
        .where({ event_id: eventId })
        .first<EventOutcome>("event_id", "type", "status", "status_reason", "hotel_id");
    },
  );
}

/** Lists the events whose jobs are dead, in the order of their arrival. */
export async function deadEventIds(ctx: BillingContext): Promise<string[]> {
  return ctx.db.crossTenant(
    (trx) =>
      trx("billing.stripe_events")
        .whereIn("event_id", eventsWithJob(trx, applyStripeEvent, askStripe).whereNotNull("dead_at"))
        .orderBy(["received_at", "event_id"])
        .pluck<string[]>("event_id"),
    { readOnly: true },
  );
}

export interface ReplayOptions {
  readonly dryRun: boolean;
  readonly onTotal?: (events: number) => void;
  readonly onStep?: () => void;
}

/** Empties the tables that are made of events, and applies all events again. */
export function replayAll(ctx: BillingContext, options: ReplayOptions): Promise<ReplayReport> {
  return commitIf(
    ctx,
    ({ committed }) => committed,
    async (trx) => {
      await lockForReplay(trx);
      const before = await readState(trx);
      for (const table of ledgerTables) await trx(table).delete();
      const events = await trx("billing.stripe_events")
        .whereIn("status", replayable)
        .orderBy(["received_at", "event_id"])
        .select<{ event_id: string; status: EventStatus }[]>("event_id", "status");
      await trx("billing.stripe_events").whereIn("status", replayable).update(unappliedColumns);
      options.onTotal?.(events.length);
      const eventIds = events.map(({ event_id }) => event_id);
      const { failed, incomplete } = await applyInOrder(ctx, trx, eventIds, options.onStep);
      const failedHotels = await updateAllHotels(ctx, trx);
      await endDeadJobs(trx);
      await enqueueLookups(ctx, trx, incomplete);
      const after = await readState(trx);
      const hasNewFailure = events.some(({ event_id, status }) => status !== "stored" && failed.has(event_id));
      return {
        events: events.length,
        outcomes: await countOutcomes(trx),
        failed: [...failed].map(([event_id, error]) => ({ event_id, error })),
        failedHotels,
        changedTables: ledgerTables.filter((table) => before.tables.get(table) !== after.tables.get(table)),
        changedHotels: changesOf(before.hotels, after.hotels),
        committed: !options.dryRun && !hasNewFailure,
      };
    },
  );
}

interface AppliedEvents {
  /** The error of each event that can't be applied, by event id. */
  readonly failed: ReadonlyMap<string, string>;
  /** Ids of events for which Stripe may have to be asked. */
  readonly incomplete: ReadonlySet<string>;
}

/**
 * Applies the events one after the other. An event that waited for one of them is applied right after it, without a
 * job.
 */
async function applyInOrder(
  ctx: BillingContext,
  trx: Trx,
  eventIds: readonly string[],
  onStep: (() => void) | undefined,
): Promise<AppliedEvents> {
  const failed = new Map<string, string>();
  const incomplete = new Set<string>();
  for (const eventId of eventIds) {
    const queue = [eventId];
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const id = next;
      const applied = await inSavepoint(trx, () => applyEvent(ctx, trx, id, "replay"));
      if (applied.error === undefined) {
        failed.delete(id);
        queue.push(...applied.result.waitingEventIds);
        if (applied.result.needsStripe) incomplete.add(id);
      } else failed.set(id, applied.error);
    }
    onStep?.();
  }
  return { failed, incomplete };
}

type SavepointResult<T> = { readonly result: T; readonly error?: undefined } | { readonly error: string };

/** Runs the work in a savepoint, and rolls it back if the work itself fails. Throws if the database fails. */
async function inSavepoint<T>(trx: Trx, work: () => Promise<T>): Promise<SavepointResult<T>> {
  await trx.raw("SAVEPOINT one");
  try {
    const result = await work();
    await trx.raw("RELEASE SAVEPOINT one");
    return { result };
  } catch (error) {
    // 40 (deadlock, serialization), 57 (shutdown) and 08 (connection) are not caused by the event or the hotel.
    if (/^(40|57|08)/.test(sqlStateOf(error) ?? "") || isOutage(error)) throw error;
    await trx.raw("ROLLBACK TO SAVEPOINT one");
    await trx.raw("RELEASE SAVEPOINT one");
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * Updates `valid_to` of all hotels that exist by now: one may have signed up, and paid, since the replay began. A hotel
 * that fails does not keep the others from their update.
 */
async function updateAllHotels(ctx: BillingContext, trx: Trx): Promise<{ hotel_id: string; error: string }[]> {
  const options = { graceDays: ctx.env.GRACE_DAYS, now: new Date(), mode: "replay" } as const;
  const failed: { hotel_id: string; error: string }[] = [];
  for (const hotel of await readHotels(trx)) {
    const { error } = await inSavepoint(trx, () => updateValidTo(trx, hotel, options));
    if (error === undefined) continue;
    const { hotel_id } = hotel;
    ctx.log.error({ hotel_id, error }, "kept the old valid_to of a hotel: it can't be computed");
    failed.push({ hotel_id, error });
  }
  return failed;
}

/** Enqueues Stripe lookups for incomplete events that no later event has completed and that have no such job. */
async function enqueueLookups(ctx: BillingContext, trx: Trx, incomplete: ReadonlySet<string>): Promise<void> {
  const waiting = await trx("billing.stripe_events")
    .where({ status: "waiting" })
    .whereRaw("event_id = ANY(?)", [[...incomplete]])
    .whereNotIn("event_id", eventsWithJob(trx, askStripe))
    .pluck<string[]>("event_id");
  for (const event_id of waiting) await ctx.enqueue(trx, askStripe, { event_id });
}

async function endDeadJobs(trx: Trx): Promise<void> {
  await eventJobs(trx)
    .whereNotNull("dead_at")
    .whereRaw("payload->>'event_id' IN (SELECT event_id FROM billing.stripe_events WHERE status <> 'stored')")
    .delete();
}

async function countOutcomes(trx: Trx): Promise<Record<string, number>> {
  const rows = await trx("billing.stripe_events")
    .groupBy("status")
    .orderBy("status")
    .select<{ status: string; count: number }[]>("status", trx.raw("count(*)::int AS count"));
  return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
}

interface State {
  readonly hotels: readonly LockedHotel[];
  /** A hash of each table's rows, whatever their order. */
  readonly tables: ReadonlyMap<string, string>;
}

async function readState(trx: Trx): Promise<State> {
  const tables = new Map<string, string>();
  for (const table of ledgerTables) {
    const { hash } = await queryOne<{ hash: string }>(
      trx,
      "SELECT count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) AS hash FROM ?? AS t",
      [table],
    );
    tables.set(table, hash);
  }
  return { hotels: await readHotels(trx), tables };
}

const readHotels = (trx: Trx) =>
  trx("identity.hotels")
    .orderBy("hotel_id")
    .select<LockedHotel[]>("hotel_id", "trial_ends_at", "subscription_valid", "valid_to");

function changesOf(before: readonly LockedHotel[], after: readonly LockedHotel[]): HotelChange[] {
  const oldValidTo = new Map(before.map((hotel) => [hotel.hotel_id, hotel.valid_to]));
  return after.flatMap(({ hotel_id, valid_to }) => {
    const old = oldValidTo.get(hotel_id);
    return old === undefined || Number(old) === Number(valid_to) ? [] : [{ hotel_id, before: old, after: valid_to }];
  });
}
