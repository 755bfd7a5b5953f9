/** Inserts a booking with its allocation, its nights, its guest and its history, in one statement. */
import { newId, prepareNamed, type Trx } from "../../../core/mod.ts";
import { type Reasons, reasonsColumn, snapshot } from "../booking_record/history.ts";
import { knownGuestSql } from "../guests/guests.ts";
import type { BookingRow } from "./views.ts";

/**
 * Checks that the locked room is free, and inserts all rows of the booking: one statement, one round trip. It returns
 * no row if the room is taken. No allocation is longer than 1,000 nights (a CHECK constraint), so earlier ones can't
 * overlap.
 */
const insertStatement = prepareNamed<InsertedBooking>(
  "pms_insert_booking",
  `WITH free AS (
     SELECT WHERE NOT EXISTS (
       SELECT FROM pms.occupancies WHERE hotel_id = :hotelId AND room_id = :roomId
         AND arrival < :departure::date AND departure > :arrival::date AND arrival > :arrival::date - 1000)
   ), known AS (
     SELECT :knownGuestId::uuid AS guest_id WHERE :knownGuestId::uuid IS NOT NULL
     UNION ALL
     SELECT guest_id
     FROM (${knownGuestSql(":hotelId", ":guestName::text", ":guestEmail::text", ":guestPhone::text")}) AS found
     WHERE :knownGuestId::uuid IS NULL
   ), profile AS (
     -- Locks the profile, so that it is compared in its present state and does not change before this booking is
     -- visible.
     SELECT g.guest_id, g.name_key, g.email_key, g.phone FROM pms.guests g JOIN known ON known.guest_id = g.guest_id
     WHERE g.hotel_id = :hotelId AND :knownGuestId::uuid IS NULL FOR NO KEY UPDATE OF g
   ), newer AS (
     -- Updates the profile's contacts, if neither the profile nor a former contact has the contacts of this booking.
     UPDATE pms.guests g SET email = CASE WHEN new.email THEN :guestEmail ELSE g.email END,
       phone = CASE WHEN new.phone THEN :guestPhone ELSE g.phone END, version = g.version + 1
     FROM free, (SELECT p.guest_id,
       :guestEmail IS NOT NULL AND pms.fold_text(:guestEmail) IS DISTINCT FROM p.email_key
         AND NOT EXISTS (SELECT FROM pms.guest_contacts c WHERE c.hotel_id = :hotelId AND c.guest_id = p.guest_id
           AND c.email_key = pms.fold_text(:guestEmail)) AS email,
       :guestPhone IS NOT NULL AND NOT coalesce(pms.same_phone(p.phone, :guestPhone), false)
         AND NOT EXISTS (SELECT FROM pms.guest_contacts c WHERE c.hotel_id = :hotelId AND c.guest_id = p.guest_id
           AND pms.same_phone(c.phone, :guestPhone)) AS phone
       FROM profile p) AS new
     WHERE g.hotel_id = :hotelId AND g.guest_id = new.guest_id AND (new.email OR new.phone)
     RETURNING g.guest_id
   ), guest AS (
     INSERT INTO pms.guests (hotel_id, guest_id, name, email, phone)
     SELECT :hotelId, :newGuestId, :guestName, :guestEmail, :guestPhone FROM free WHERE NOT EXISTS (SELECT FROM known)
   ), booking AS (
     INSERT INTO pms.bookings (hotel_id, booking_id, room_id, guest_name, guest_email, guest_phone, adults, children,
       arrival, departure, check_in_at, expected_check_out_at, status, total_amount, currency, terms_accepted_at, notes,
       created_by, guest_id, room_locked, status_on, rack_amount)
     SELECT :hotelId, :bookingId, :roomId, :guestName, :guestEmail, :guestPhone, :adults::int, :children::int,
       :arrival::date, :departure::date, :checkInAt::timestamptz, :expectedCheckOutAt::timestamptz, :status,
       :totalAmount::numeric, :currency, :termsAcceptedAt::timestamptz, :notes,
       :createdBy, coalesce((SELECT guest_id FROM known), :newGuestId), :roomLocked::boolean, :statusOn::date,
       :rackAmount::numeric FROM free
     RETURNING booking_id, guest_id
   ), allocation AS (
     INSERT INTO pms.occupancies (hotel_id, occupancy_id, room_id, arrival, departure, booking_id)
     SELECT :hotelId, :allocationId, :roomId, :arrival::date, :departure::date, :bookingId FROM free
   ), nights AS (
     INSERT INTO pms.booking_nights (hotel_id, booking_id, date, room_id, room_type_id, rate, rack_rate)
     SELECT :hotelId, :bookingId, night.date, :roomId, :roomTypeId::uuid, night.rate, night.rack_rate
     FROM free, unnest(:dates::date[], :rates::numeric[], :rackRates::numeric[]) AS night (date, rate, rack_rate)
   )
   INSERT INTO pms.booking_history (hotel_id, entry_id, booking_id, by_user, action, after, reasons)
   SELECT :hotelId, :historyId, booking_id, :createdBy, 'book',
     :facts::jsonb || jsonb_build_object('guest_id', guest_id), :reasons::jsonb FROM booking
   RETURNING after ->> 'guest_id' AS guest_id, EXISTS (SELECT FROM newer) OR EXISTS (
     SELECT FROM profile p WHERE NOT pms.covers_contact(p.name_key, p.email_key, p.phone,
       :guestName, :guestEmail, :guestPhone)) AS "hasOtherContact"`,
);

export interface InsertedBooking {
  readonly guest_id: string;
  /** Whether the booking shows a contact that the guest's profile did not have. */
  readonly hasOtherContact: boolean;
}

export interface NewBooking {
  /** The booking. Its `guest_id` is used for a new guest only. */
  readonly booking: BookingRow;
  readonly roomTypeId: string;
  /**
   * The guest that the request names by id. Undefined: the statement looks for a guest of the same name and contact.
   */
  readonly knownGuestId: string | undefined;
  readonly reasons: Reasons;
}

/** Inserts a booking into its locked room. @returns undefined if the room is taken */
export async function insertBooking(
  trx: Trx,
  { booking, roomTypeId, knownGuestId, reasons }: NewBooking,
): Promise<InsertedBooking | undefined> {
  const [inserted] = await insertStatement.run(trx, {
    hotelId: booking.hotel_id,
    bookingId: booking.booking_id,
    roomId: booking.room_id,
    roomTypeId,
    roomLocked: booking.room_locked,
    knownGuestId: knownGuestId ?? null,
    newGuestId: booking.guest_id,
    guestName: booking.guest_name,
    guestEmail: booking.guest_email,
    guestPhone: booking.guest_phone,
    adults: booking.adults,
    children: booking.children,
    arrival: booking.arrival,
    departure: booking.departure,
    checkInAt: booking.check_in_at,
    expectedCheckOutAt: booking.expected_check_out_at,
    status: booking.status,
    statusOn: booking.status_on,
    totalAmount: booking.total_amount,
    rackAmount: booking.rack_amount,
    currency: booking.currency,
    termsAcceptedAt: booking.terms_accepted_at,
    notes: booking.notes,
    createdBy: booking.created_by,
    allocationId: newId(),
    dates: booking.nights.map((night) => night.date),
    rates: booking.nights.map((night) => night.rate),
    rackRates: booking.nights.map((night) => night.rack_rate),
    historyId: newId(),
    facts: JSON.stringify(snapshot(booking)),
    reasons: reasonsColumn(reasons),
  });
  return inserted;
}
