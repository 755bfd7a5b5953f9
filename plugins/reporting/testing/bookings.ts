/** Inserts bookings, and computes the report of them without the code under test. */
import { parse } from "csv-parse/sync";
import type { Knex } from "knex";
import { randomUUID } from "node:crypto";

import { eventually, type TestPlatform } from "#testing/mod.ts";
import type { FurnishedHotel } from "../../pms/testing/hotel.ts";

export interface AwkwardBooking {
  readonly guest_name?: string;
  readonly guest_email?: string | null;
  readonly guest_phone?: string | null;
  readonly notes?: string | null;
}

/** Inserts plain bookings directly: through the API they would take minutes. Arrivals begin with `2030-01-01`. */
export async function addManyBookings(owner: Knex, hotel: FurnishedHotel, count: number): Promise<void> {
  await owner.raw(
    `INSERT INTO pms.bookings (hotel_id, booking_id, room_id, guest_name, guest_email, guest_phone, adults, children,
       arrival, departure, check_in_at, expected_check_out_at, status, total_amount, currency, notes, created_by,
       guest_id, status_on)
     SELECT ?::uuid, gen_random_uuid(), ?::uuid, 'Guest ' || i, 'guest' || i || '@example.com', '+49 171 ' || i, 2, 0,
       date '2030-01-01' + i % 1000, date '2030-01-03' + i % 1000, now(), now(), 'confirmed', 450.00, 'EUR',
       CASE WHEN i % 3 = 0 THEN E'late,\\n"very" late ' || i END, 'anna',
       ?::uuid, current_date
     FROM generate_series(1, ?::int) i`,
    [hotel.hotelId, hotel.roomIds[0] as string, await addGuest(owner, hotel), count],
  );
}

export async function addBookings(
  owner: Knex,
  hotel: FurnishedHotel,
  bookings: readonly AwkwardBooking[],
): Promise<void> {
  await owner.raw(
    `INSERT INTO pms.bookings (hotel_id, booking_id, room_id, guest_name, guest_email, guest_phone, adults, children,
       arrival, departure, check_in_at, expected_check_out_at, status, total_amount, currency, notes, created_by,
       guest_id, status_on)
     SELECT ?::uuid, gen_random_uuid(), ?::uuid, coalesce(guest_name, 'x'), guest_email, guest_phone, 1, 1,
       '2031-05-01', '2031-05-02', '2031-05-01T12:00:00.123456Z', now(), 'confirmed', 0.10, 'EUR', notes, '@anna',
       ?::uuid, current_date
     FROM jsonb_to_recordset(?::jsonb) AS t (guest_name text, guest_email text, guest_phone text, notes text)`,
    [hotel.hotelId, hotel.roomIds[0] as string, await addGuest(owner, hotel), JSON.stringify(bookings)],
  );
}

/** Inserts one guest for all bookings: a report does not read profiles. */
async function addGuest(owner: Knex, hotel: FurnishedHotel): Promise<string> {
  const guest = { hotel_id: hotel.hotelId, guest_id: randomUUID(), name: "Guest" };
  await owner("pms.guests").insert(guest);
  return guest.guest_id;
}

/** Reads the records of a CSV strictly: CR LF, and quotes by RFC 4180. */
export function readCsv(text: string): Record<string, string>[] {
  return parse(text, { columns: true, record_delimiter: "\r\n", relax_quotes: false });
}

const textColumns = ["room_number", "guest_name", "guest_email", "guest_phone", "notes", "created_by"];

/** Computes the records of the report from the rows that PostgreSQL returns. */
export async function expectedRecords(owner: Knex, hotelId: string): Promise<Record<string, string>[]> {
  const { rows } = (await owner.raw(
    `SELECT b.booking_id, b.room_id, r.room_number, guest_name, guest_email, guest_phone, adults, children, arrival,
       departure, check_in_at, expected_check_out_at, checked_in_at, checked_out_at, b.status, total_amount, currency,
       terms_accepted_at, notes, created_by, b.created_at, coalesce(rack_amount, total_amount) AS rack_amount,
       waived_amount
     FROM pms.bookings b JOIN pms.rooms r USING (hotel_id, room_id) WHERE hotel_id = ? ORDER BY booking_id`,
    [hotelId],
  )) as { rows: Record<string, string | number | Date | null>[] };
  return rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, cell(name, value)])));
}

function cell(name: string, value: string | number | Date | null): string {
  if (value === null) return "";
  if (value instanceof Date) return value.toISOString();
  const text = String(value);
  return textColumns.includes(name) ? neutral(text) : text;
}

/** Escapes formulas for a spreadsheet that also uses the semicolon or the tab as a separator. */
function neutral(text: string): string {
  const inner = text.replaceAll(/([;\t\r\n][ \t\r\n;"]*)(?=[=+\-@＝＋－＠])/g, "$1'");
  return /^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${inner}` : inner;
}

/** Creates a report and waits for it. */
export async function buildBookingsReport(
  { client }: Pick<TestPlatform, "client">,
  hotel: FurnishedHotel,
  request: Readonly<Record<string, unknown>> = {},
) {
  const token = hotel.managerToken;
  const created = await client.post("/reports/bookings", request, { token });
  if (created.status !== 202) throw new Error(`The report was refused: ${created.text}`);
  return waitForReport({ client }, hotel, created.body.report_id as string);
}

/** Polls a report until it is finished. @throws Error after `ms` */
export function waitForReport(
  { client }: Pick<TestPlatform, "client">,
  hotel: Pick<FurnishedHotel, "managerToken">,
  reportId: string,
  ms = 15_000,
) {
  return eventually(async () => {
    const { body } = await client.get(`/reports/${reportId}`, { token: hotel.managerToken });
    return ["queued", "running"].includes(body.status as string) ? undefined : body;
  }, ms);
}
