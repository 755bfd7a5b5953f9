/** A seeded hotel that a benchmark works in, and the deletion of what it wrote. */
import { addDays, type Day } from "../core/mod.ts";
import { logIn } from "../testing/platform.ts";
import type { Bench } from "./harness.ts";
import { seedPassword } from "./seed/mod.ts";

export interface Desk {
  readonly hotelId: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly today: Day;
}

export const json = { "content-type": "application/json" };

export async function deskOf({ client, owner }: Bench, username: string): Promise<Desk> {
  const token = await logIn(client, username, seedPassword);
  const { hotel_id: hotelId } = (await client.get("/hotels/me", { token })).body as { hotel_id: string };
  const { rows } = await owner.raw("SELECT business_date FROM identity.hotels WHERE hotel_id = ?", [hotelId]);
  const today = (rows as { business_date: Day }[])[0]?.business_date ?? "";
  return { hotelId, headers: { ...json, authorization: `Bearer ${token}` }, today };
}

/** Free rooms and days, one after the other. Each is returned once. */
export async function freeSlots(
  { owner }: Bench,
  { hotelId }: Desk,
): Promise<{ first: Day; next: () => { room: string; day: Day } }> {
  const { rows } = await owner.raw(
    `SELECT array_agg(room_id ORDER BY room_number) AS rooms,
       (SELECT (max(departure) + 2)::text FROM pms.occupancies WHERE hotel_id = r.hotel_id) AS first
     FROM pms.rooms r WHERE hotel_id = ? AND status = 'available' GROUP BY hotel_id`,
    [hotelId],
  );
  const [{ rooms, first }] = rows as [{ rooms: string[]; first: Day }];
  let taken = 0;
  const next = (): { room: string; day: Day } => {
    const slot = { room: rooms[taken % rooms.length] ?? "", day: addDays(first, 2 * Math.floor(taken / rooms.length)) };
    taken += 1;
    return slot;
  };
  return { first, next };
}

/** Deletes the rows that the bench wrote, so that the next run finds the seed unchanged. */
export async function cleanUp({ owner }: Bench, { hotelId }: Desk, first: Day, since: Date): Promise<void> {
  const booked = "(SELECT booking_id FROM pms.bookings WHERE hotel_id = :hotelId AND arrival >= :first)";
  for (const sql of [
    `DELETE FROM pms.booking_history WHERE hotel_id = :hotelId AND booking_id IN ${booked}`,
    `DELETE FROM pms.booking_nights WHERE hotel_id = :hotelId AND booking_id IN ${booked}`,
    "DELETE FROM pms.occupancies WHERE hotel_id = :hotelId AND arrival >= :first",
    "DELETE FROM pms.bookings WHERE hotel_id = :hotelId AND arrival >= :first",
    "DELETE FROM pms.guests WHERE hotel_id = :hotelId AND created_at >= :since",
    "DELETE FROM billing.stripe_events WHERE received_at >= :since",
    "DELETE FROM core.outbox WHERE created_at >= :since",
    "TRUNCATE identity.sessions, identity.refresh_tokens",
    "VACUUM (ANALYZE) pms.bookings, pms.booking_nights, pms.occupancies, pms.guests, pms.booking_history",
  ]) {
    await owner.raw(sql, sql.includes(":") ? { hotelId, first, since } : {});
  }
}
