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

/** Writes an entry for each change, in the transaction of the changes. */
export async function recordChanges(
  trx: Trx,
  by: string,
  action: string,
  changes: readonly { readonly before: BookingFacts; readonly after: BookingFacts }[],
): Promise<void> {
  if (changes.length === 0) return;
  const entries = changes.map(({ before, after }) => ({
    hotel_id: after.hotel_id,
    entry_id: newId(),
    booking_id: after.booking_id,
    by_user: by,
    action,
    before: JSON.stringify(snapshot(before)),
    after: JSON.stringify(snapshot(after)),
  }));
  await trx("pms.booking_history").insert(entries);
}
