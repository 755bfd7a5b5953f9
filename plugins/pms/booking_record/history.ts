/** The audit trail of a booking: who did what when, with before and after. */
import { newId, type Trx } from "../../../core/mod.ts";
import type { BookingFacts } from "../models/booking.ts";

/** The facts of a booking that its history shows: all that can change. */
const facts = [
  "room_id",
  "room_locked",
  "status",
  "arrival",
  "departure",
  "check_in_at",
  "expected_check_out_at",
  "checked_in_at",
  "checked_out_at",
  "total_amount",
  "rack_amount",
  "waived_amount",
  "guest_id",
  "guest_name",
  "guest_email",
  "guest_phone",
  "adults",
  "children",
  "notes",
  "terms_accepted_at",
] as const satisfies readonly (keyof BookingFacts)[];

/** A booking as its history keeps it. */
export function snapshot(booking: BookingFacts): Record<string, unknown> {
  return Object.fromEntries(facts.map((fact) => [fact, booking[fact]]));
}

/** Why something was done that the rates and the rules alone do not allow, as an entry of a history keeps it. */
export interface Reasons {
  readonly agreed_price?: string | undefined;
  readonly closed_to_arrival?: string | undefined;
  readonly minimum_stay?: string | undefined;
  /** Of a charge that was waived, or is charged again. */
  readonly waiver?: string | undefined;
}

/** The reasons as the column has them; null where there is none. */
export function reasonsColumn(reasons: Reasons): string | null {
  return Object.values(reasons).some((reason) => reason !== undefined) ? JSON.stringify(reasons) : null;
}

/**
 * Bookings that one statement changes and one turn of the event loop works on, where a change is of very many: a hundred
 * take 4 ms of it. One statement takes 65,535 values at most.
 */
const mostOfBatch = 200;

/** Cuts a list into parts, for statements one after the other. */
export function inBatches<Item>(items: readonly Item[]): Item[][] {
  return Array.from({ length: Math.ceil(items.length / mostOfBatch) }, (_, at) =>
    items.slice(at * mostOfBatch, (at + 1) * mostOfBatch),
  );
}

/** Writes an entry for each change, in the transaction of the changes. */
export async function recordHistory(
  trx: Trx,
  by: string,
  action: string,
  changes: readonly { readonly before: BookingFacts; readonly after: BookingFacts }[],
  reasons: Reasons = {},
): Promise<void> {
  for (const batch of inBatches(changes)) {
    const entries = batch.map(({ before, after }) => ({
      hotel_id: after.hotel_id,
      entry_id: newId(),
      booking_id: after.booking_id,
      by_user: by,
      action,
      before: JSON.stringify(snapshot(before)),
      after: JSON.stringify(snapshot(after)),
      reasons: reasonsColumn(reasons),
    }));
    await trx("pms.booking_history").insert(entries);
  }
}
