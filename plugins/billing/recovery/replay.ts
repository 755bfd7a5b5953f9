/**
 * Applies events again that are in the inbox, by the road that they came by the first time.
 *
 * One event, or each one whose job is dead: in a transaction of its own, with the end of its dead job.
 *
 * Everything: in one transaction the tables that are made of events are emptied, all events applied in the order in which
 * they came, and every hotel folded. Until it commits, the others see what was there before; nothing else is applied
 * meanwhile (`replay_lock.ts`), while the webhook goes on storing. Should an event fail that had an outcome before, all of
 * it is rolled back. A dry run does the same and rolls it back too, so what it tells is what would come.
 */
import { isOutage, sqlStateOf, type Trx } from "../../../core/mod.ts";
import { applyEvent } from "../apply/apply_stripe_event.ts";
import type { BillingContext } from "../context.ts";
import { eventJobs, eventsWithJob } from "../inbox/event_jobs.ts";
import { applyStripeEvent, askStripe } from "../jobs.ts";
import { foldHotel, type LockedHotel } from "../entitlement/recompute.ts";
import { ledgerTables } from "../entitlement/ledger_tables.ts";
import { type EventStatus, StripeEvent } from "../models/stripe_event.ts";
import { applyAlone, applyBesideOthers } from "./replay_lock.ts";

/** What a replay of everything applies. What is in quarantine was set aside, and stays there until it is named. */
const replayable: readonly EventStatus[] = ["stored", "applied", "ignored", "waiting"];

/** What Stripe answered (`fetched`) stays: it is part of the event. */
const unapplied = {
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
  /** How many ended in which state. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly failed: readonly { readonly event_id: string; readonly error: string }[];
  /** Hotels whose `valid_to` can't be computed: it stays what it was. */
  readonly failedHotels: readonly { readonly hotel_id: string; readonly error: string }[];
  /** The tables whose rows are not what they were before. */
  readonly changedTables: readonly string[];
  readonly changedHotels: readonly HotelChange[];
  /** False where nothing was kept: a dry run, or an event that failed and had an outcome before. */
  readonly kept: boolean;
}

/** Ends a unit of work that is not to be kept. */
class NotKept<T> extends Error {
  readonly result: T;
  constructor(result: T) {
    super("Rolled back on purpose.");
    this.result = result;
  }
}

/** Does the work and keeps it only if `keep` says so. */
async function keptIf<T>(
  ctx: BillingContext,
  keep: (result: T) => boolean,
  work: (trx: Trx) => Promise<T>,
): Promise<T> {
  try {
    return await ctx.db.crossTenant(async (trx) => {
      const result = await work(trx);
      if (!keep(result)) throw new NotKept(result);
      return result;
    });
  } catch (error) {
    if (error instanceof NotKept) return error.result as T;
    throw error;
  }
}

/** Applies one event again; one in quarantine, too, if our key is of its world by now. @throws Error where there is none, or it fails */
export function replayEvent(ctx: BillingContext, eventId: string, dryRun: boolean): Promise<EventOutcome> {
  return keptIf(
    ctx,
    () => !dryRun,
    async (trx) => {
      await applyBesideOthers(trx);
      const stored = await StripeEvent.query(trx).findById(eventId).forUpdate();
      if (stored === undefined) throw new Error(`There is no stored event ${eventId}.`);
      // An operator who names an event may know that Stripe has learned of its invoice since it was asked.
      const asksAgain = stored.status === "waiting" && stored.status_reason === "no_invoice";
      const again = asksAgain ? { ...unapplied, fetched: null } : unapplied;
      await trx("billing.stripe_events").where({ event_id: eventId }).update(again);
      await applyEvent(ctx, trx, eventId);
      await eventJobs(trx).whereNotNull("dead_at").whereRaw("payload->>'event_id' = ?", [eventId]).delete();
      return trx("billing.stripe_events")
        .where({ event_id: eventId })
        .first<EventOutcome>("event_id", "type", "status", "status_reason", "hotel_id");
    },
  );
}

/** The events whose jobs are dead, in the order in which they came. */
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

/** Applies all events into empty tables. */
export function replayAll(ctx: BillingContext, options: ReplayOptions): Promise<ReplayReport> {
  return keptIf(
    ctx,
    ({ kept }) => kept,
    async (trx) => {
      await applyAlone(trx);
      const before = await stateOf(trx);
      for (const table of ledgerTables) await trx(table).delete();
      const events = await trx("billing.stripe_events")
        .whereIn("status", replayable)
        .orderBy(["received_at", "event_id"])
        .select<{ event_id: string; status: EventStatus }[]>("event_id", "status");
      await trx("billing.stripe_events").whereIn("status", replayable).update(unapplied);
      options.onTotal?.(events.length);
      const failed = new Map<string, string>();
      const called: string[] = [];
      const toAsk = new Set<string>();
      const quiet = callingTo(ctx, called, toAsk);
      for (const { event_id } of events) {
        called.push(event_id);
        for (let next = called.shift(); next !== undefined; next = called.shift()) {
          const fault = await doneOrNot(trx, () => applyEvent(quiet, trx, next));
          if (fault === undefined) failed.delete(next);
          else failed.set(next, fault);
        }
        options.onStep?.();
      }
      const failedHotels = await foldAll(ctx, trx);
      await endDeadJobs(trx);
      await askForMissing(ctx, trx, toAsk);
      const after = await stateOf(trx);
      const hasNewFault = events.some(({ event_id, status }) => status !== "stored" && failed.has(event_id));
      return {
        events: events.length,
        outcomes: await countOutcomes(trx),
        failed: [...failed].map(([event_id, error]) => ({ event_id, error })),
        failedHotels,
        changedTables: ledgerTables.filter((table) => before.tables.get(table) !== after.tables.get(table)),
        changedHotels: changesOf(before.hotels, after.hotels),
        kept: !options.dryRun && !hasNewFault,
      };
    },
  );
}

/** Events that are called up are applied here and now, and not by a job; what asks Stripe is put off. */
function callingTo(ctx: BillingContext, called: string[], toAsk: Set<string>): BillingContext {
  return {
    ...ctx,
    enqueue: (trx, job, payload) => {
      if (job.name === applyStripeEvent.name) called.push(payload.event_id);
      else if (job.name === askStripe.name) toAsk.add(payload.event_id);
      else return ctx.enqueue(trx, job, payload);
      return Promise.resolve("");
    },
  };
}

/** @returns the error of work that can't be done; what it had begun is undone */
async function doneOrNot(trx: Trx, work: () => Promise<unknown>): Promise<string | undefined> {
  await trx.raw("SAVEPOINT one");
  try {
    await work();
    await trx.raw("RELEASE SAVEPOINT one");
    return undefined;
  } catch (error) {
    // Others were in the way, or the database is going: that is no fault of the event's or hotel's.
    if (/^(40|57|08)/.test(sqlStateOf(error) ?? "") || isOutage(error)) throw error;
    await trx.raw("ROLLBACK TO SAVEPOINT one");
    await trx.raw("RELEASE SAVEPOINT one");
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * Of the hotels that there are by now: one may have signed up, and paid, since the replay began. One that can't be folded
 * keeps none of the others from it.
 */
async function foldAll(ctx: BillingContext, trx: Trx): Promise<{ hotel_id: string; error: string }[]> {
  const now = new Date();
  const failed: { hotel_id: string; error: string }[] = [];
  for (const hotel of await readHotels(trx)) {
    const error = await doneOrNot(trx, () => foldHotel(trx, hotel, ctx.env.GRACE_DAYS, now));
    if (error === undefined) continue;
    const { hotel_id } = hotel;
    ctx.log.error({ hotel_id, error }, "the valid_to of a hotel can't be computed and stays what it was");
    failed.push({ hotel_id, error });
  }
  return failed;
}

/** Most of what lacked something has found it in a later event. What still waits is asked for, if nobody is about to. */
async function askForMissing(ctx: BillingContext, trx: Trx, toAsk: ReadonlySet<string>): Promise<void> {
  const waiting = await trx("billing.stripe_events")
    .where({ status: "waiting" })
    .whereRaw("event_id = ANY(?)", [[...toAsk]])
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
  /** A print of each table's rows, whatever their order. */
  readonly tables: ReadonlyMap<string, string>;
}

async function stateOf(trx: Trx): Promise<State> {
  const tables = new Map<string, string>();
  for (const table of ledgerTables) {
    const { rows } = (await trx.raw(
      "SELECT count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) AS print FROM ?? AS t",
      [table],
    )) as { rows: [{ print: string }] };
    tables.set(table, rows[0].print);
  }
  return { hotels: await readHotels(trx), tables };
}

const readHotels = (trx: Trx) =>
  trx("identity.hotels")
    .orderBy("hotel_id")
    .select<LockedHotel[]>("hotel_id", "trial_ends_at", "subscription_valid", "valid_to");

function changesOf(before: readonly LockedHotel[], after: readonly LockedHotel[]): HotelChange[] {
  const then = new Map(before.map((hotel) => [hotel.hotel_id, hotel.valid_to]));
  return after.flatMap(({ hotel_id, valid_to }) => {
    const was = then.get(hotel_id);
    return was === undefined || Number(was) === Number(valid_to) ? [] : [{ hotel_id, before: was, after: valid_to }];
  });
}
