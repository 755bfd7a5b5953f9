/**
 * Finds lost events and effects that happened twice. It does not trust Keyrack's own results. It computes the
 * entitlement again from the payments that were sent. PostgreSQL itself records each effect, in the transaction of
 * the effect.
 */
import type { Knex } from "knex";

import type { PlannedEvent } from "./events.ts";

/** Records each change that a job makes. A repeated change is found even if the second one changed nothing. */
export async function countEffects(owner: Knex): Promise<void> {
  await owner.raw(`
    CREATE TABLE public.effects (
      effect text NOT NULL, id text NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
    CREATE FUNCTION public.note_effect() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
      BEGIN
        INSERT INTO public.effects (effect, id) VALUES (TG_ARGV[0], to_jsonb(NEW) ->> TG_ARGV[1]);
        RETURN NULL;
      END $$;
    CREATE TRIGGER note_event AFTER UPDATE OF status ON billing.stripe_events FOR EACH ROW
      WHEN (NEW.status IN ('applied', 'ignored')) EXECUTE FUNCTION public.note_effect('event applied', 'event_id');
    CREATE TRIGGER note_payment AFTER INSERT ON billing.paid_invoices FOR EACH ROW
      EXECUTE FUNCTION public.note_effect('payment recorded', 'invoice_id');
    CREATE TRIGGER note_idle_change AFTER UPDATE ON identity.hotels FOR EACH ROW
      WHEN (NEW.version <> OLD.version AND NEW.valid_to = OLD.valid_to
            AND NEW.subscription_valid = OLD.subscription_valid)
      EXECUTE FUNCTION public.note_effect('hotel changed for nothing', 'hotel_id');
  `);
}

export interface Findings {
  /** One line for each event, payment or hotel that got its 200 and lacks its effect. */
  readonly lost: string[];
  /** One line for each effect that happened twice or without a cause. */
  readonly doubled: string[];
}

const graceSeconds = 3 * 86_400;

/** @param acknowledged the events that were answered 200 */
export async function audit(owner: Knex, acknowledged: ReadonlyMap<string, PlannedEvent>): Promise<Findings> {
  const lost: string[] = [];
  const doubled: string[] = [];

  const events = await rowsOf<{ event_id: string; status: string }>(
    owner,
    "SELECT event_id, status FROM billing.stripe_events",
  );
  const status = new Map(events.map((row) => [row.event_id, row.status]));
  for (const { id, payment } of acknowledged.values()) {
    const wanted = payment === undefined ? "ignored" : "applied";
    if (status.get(id) !== wanted) lost.push(`${id} is ${status.get(id) ?? "not stored"}, not ${wanted}`);
  }

  const ledger = await rowsOf<{ invoice_id: string; hotel_id: string; seconds: number }>(
    owner,
    "SELECT invoice_id, hotel_id, extract(epoch FROM period_end)::float AS seconds FROM billing.paid_invoices",
  );
  const recorded = new Map(ledger.map((row) => [row.invoice_id, row]));
  const payments = new Map(
    [...acknowledged.values()].flatMap(({ payment }) => (payment === undefined ? [] : [[payment.invoiceId, payment]])),
  );
  for (const { invoiceId, hotelId, periodEnd } of payments.values()) {
    const row = recorded.get(invoiceId);
    if (row?.hotel_id !== hotelId || row.seconds !== periodEnd)
      lost.push(`${invoiceId} is not in the ledger as it was paid`);
  }
  for (const { invoice_id } of ledger)
    if (!payments.has(invoice_id)) doubled.push(`${invoice_id} was never acknowledged`);

  const hotels = await rowsOf<{ hotel_id: string; version: number; valid_to: number; trial: number }>(
    owner,
    `SELECT hotel_id, version, extract(epoch FROM valid_to)::float AS valid_to,
            extract(epoch FROM trial_ends_at)::float AS trial
     FROM identity.hotels`,
  );
  for (const hotel of hotels) {
    const ends = new Set(
      [...payments.values()].filter(({ hotelId }) => hotelId === hotel.hotel_id).map(({ periodEnd }) => periodEnd),
    );
    const due = Math.max(hotel.trial, ...[...ends].map((end) => end + graceSeconds));
    if (hotel.valid_to < due) lost.push(`${hotel.hotel_id} is valid for ${due - hotel.valid_to} s too little`);
    if (hotel.valid_to > due) doubled.push(`${hotel.hotel_id} is valid for ${hotel.valid_to - due} s too much`);
    if (hotel.version - 1 > ends.size) doubled.push(`${hotel.hotel_id} was changed ${hotel.version - 1} times`);
  }

  const repeated = await rowsOf<{ effect: string; id: string; times: number }>(
    owner,
    `SELECT effect, id, count(*)::int AS times FROM public.effects
     GROUP BY effect, id HAVING count(*) > 1 OR effect LIKE 'hotel %'`,
  );
  doubled.push(...repeated.map(({ effect, id, times }) => `${effect}: ${id}, ${times} times`));
  const left = await rowsOf<{ job_id: string; last_error: string | null }>(
    owner,
    "SELECT job_id, last_error FROM core.outbox WHERE queue = 'billing'",
  );
  lost.push(...left.map(({ job_id, last_error }) => `job ${job_id} is not done: ${last_error ?? "it waits"}`));
  return { lost, doubled };
}

async function rowsOf<Row>(owner: Knex, sql: string): Promise<Row[]> {
  const { rows } = (await owner.raw(sql)) as { rows: Row[] };
  return rows;
}
