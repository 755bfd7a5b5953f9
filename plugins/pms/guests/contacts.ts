/**
 * Former contacts of a guest: contacts that its profile does not show. They are in its bookings, or in guests merged
 * into it.
 */
import { prepare, type Trx } from "../../../core/mod.ts";

const deriveStatement = prepare(
  "pms_derive_contacts",
  `WITH gone AS (DELETE FROM pms.guest_contacts WHERE hotel_id = $1 AND guest_id = ANY ($2::uuid[]))
   INSERT INTO pms.guest_contacts (hotel_id, guest_id, name, email, phone)
   SELECT DISTINCT ON (g.guest_id, pms.contact_text(c.name, c.email, c.phone))
     g.hotel_id, g.guest_id, c.name, c.email, c.phone
   FROM pms.guests g CROSS JOIN LATERAL (
     SELECT b.guest_name, b.guest_email, b.guest_phone FROM pms.bookings b
     WHERE b.hotel_id = g.hotel_id AND b.guest_id = g.guest_id
     UNION
     SELECT m.name, m.email, m.phone FROM pms.guests m WHERE m.hotel_id = g.hotel_id AND m.merged_into = g.guest_id
   ) AS c (name, email, phone)
   WHERE g.hotel_id = $1 AND g.guest_id = ANY ($2::uuid[]) AND g.anonymized_at IS NULL AND g.merged_into IS NULL
     AND NOT pms.covers_contact(g.name_key, g.email_key, g.phone, c.name, c.email, c.phone)
   ORDER BY g.guest_id, pms.contact_text(c.name, c.email, c.phone), c.name, c.email, c.phone`,
);

/** Without this lock, two concurrent changes of one guest would each miss the uncommitted change of the other. */
const lockStatement = prepare(
  "pms_lock_contacts",
  "SELECT FROM pms.guests WHERE hotel_id = $1 AND guest_id = ANY ($2::uuid[]) ORDER BY guest_id FOR NO KEY UPDATE",
);

/** Computes the former contacts of guests again. Call it after a change of a profile, or of the bookings of a guest. */
export async function deriveContacts(trx: Trx, hotelId: string, guestIds: readonly string[]): Promise<void> {
  const values = [hotelId, [...new Set(guestIds)]];
  await lockStatement.run(trx, values);
  await deriveStatement.run(trx, values);
}
