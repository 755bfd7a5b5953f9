/**
 * Checks the rows of a hotel against rules that are true after any history, concurrent ones included. It reads as the
 * owner, without tenant isolation. It does not rely on the constraints that enforce the same rules. Each query returns
 * the rows that break its rule.
 */
import type { Knex } from "knex";

/** The states in which a booking has rooms allocated. */
const activeStates = "('confirmed', 'in_house')";

/** The allowed transitions by the specification, and the actions that leave the state as it is. */
const allowedTransitions = `(VALUES ('book', NULL, 'confirmed'), ('check_in', 'confirmed', 'in_house'),
  ('check_out', 'in_house', 'checked_out'), ('cancel', 'confirmed', 'canceled'),
  ('no_show', 'confirmed', 'no_show'), ('undo_check_in', 'in_house', 'confirmed'),
  ('undo_check_out', 'checked_out', 'in_house'), ('reinstate', 'canceled', 'confirmed'),
  ('reinstate', 'no_show', 'confirmed'),
  ('move', 'confirmed', 'confirmed'), ('move', 'in_house', 'in_house'), ('swap', 'confirmed', 'confirmed'),
  ('swap', 'in_house', 'in_house'), ('repack', 'confirmed', 'confirmed'),
  ('overstay', 'in_house', 'in_house'),
  ('waive_charge', 'no_show', 'no_show'), ('waive_charge', 'canceled', 'canceled'),
  ('undo_waiver', 'no_show', 'no_show'), ('undo_waiver', 'canceled', 'canceled'))`;

/** Queries that find rows which break a rule, by a sentence that says how. */
const queries: Readonly<Record<string, string>> = {
  "two allocations share a room and a night": `
    SELECT a.room_id, a.arrival, a.departure, b.arrival AS other_arrival, b.departure AS other_departure
    FROM pms.occupancies a JOIN pms.occupancies b ON b.hotel_id = a.hotel_id AND b.room_id = a.room_id
      AND b.occupancy_id > a.occupancy_id AND a.arrival < b.departure AND b.arrival < a.departure
    WHERE a.hotel_id = :hotel`,
  "a retired room has allocated nights": `
    SELECT o.room_id, r.retired_from, o.departure FROM pms.occupancies o
    JOIN pms.rooms r ON r.hotel_id = o.hotel_id AND r.room_id = o.room_id AND o.departure > r.retired_from
    WHERE o.hotel_id = :hotel AND o.booking_id IS NOT NULL`,
  "a closed day has more sold rooms than rooms": `
    SELECT business_date, rooms, sold FROM pms.daily_figures WHERE hotel_id = :hotel AND sold > rooms`,
  "a total is not the sum of its nights": `
    SELECT b.booking_id, b.status, b.total_amount, coalesce(sum(n.rate), 0) AS nights FROM pms.bookings b
    LEFT JOIN pms.booking_nights n ON n.hotel_id = b.hotel_id AND n.booking_id = b.booking_id AND n.released IS NULL
    WHERE b.hotel_id = :hotel GROUP BY b.hotel_id, b.booking_id HAVING b.total_amount <> coalesce(sum(n.rate), 0)`,
  "a total at the rack rates is not the sum of the rack rates of its nights": `
    SELECT b.booking_id, b.status, b.rack_amount, n.rack FROM pms.bookings b JOIN LATERAL (
      SELECT sum(coalesce(n.rack_rate, n.rate)) AS rack, count(n.rack_rate) > 0 AS agreed FROM pms.booking_nights n
      WHERE n.hotel_id = b.hotel_id AND n.booking_id = b.booking_id AND n.released IS NULL) AS n ON true
    WHERE b.hotel_id = :hotel AND b.rack_amount IS DISTINCT FROM CASE WHEN n.agreed THEN n.rack END`,
  "a waived amount is not the sum of its nights, or the booking has another charge": `
    SELECT b.booking_id, b.status, b.total_amount, b.waived_amount FROM pms.bookings b LEFT JOIN LATERAL (
      SELECT sum(n.rate) AS amount FROM pms.booking_nights n
      WHERE n.hotel_id = b.hotel_id AND n.booking_id = b.booking_id AND n.released = 'waive') AS waived ON true
    WHERE b.hotel_id = :hotel AND (b.waived_amount IS DISTINCT FROM waived.amount
      OR (b.waived_amount IS NOT NULL AND (b.total_amount <> 0 OR b.status NOT IN ('canceled', 'no_show'))))`,
  "the nights on the bill are not those of the stay": `
    SELECT b.booking_id, b.status, b.arrival, b.departure FROM pms.bookings b
    WHERE b.hotel_id = :hotel AND b.status <> 'no_show' AND b.waived_amount IS NULL AND
      ARRAY(SELECT n.date FROM pms.booking_nights n WHERE n.hotel_id = b.hotel_id AND n.booking_id = b.booking_id
        AND n.released IS NULL ORDER BY n.date)
      IS DISTINCT FROM ARRAY(SELECT generate_series(b.arrival, b.departure - 1, interval '1 day')::date)`,
  "the allocations of an active booking are not the runs of its nights": `
    WITH nights AS (
      SELECT n.booking_id, n.room_id, n.date,
        n.date - row_number() OVER (PARTITION BY n.booking_id, n.room_id ORDER BY n.date)::int AS run
      FROM pms.booking_nights n JOIN pms.bookings b ON b.hotel_id = n.hotel_id AND b.booking_id = n.booking_id
      WHERE n.hotel_id = :hotel AND n.released IS NULL AND b.status IN ${activeStates}
    ), runs AS (
      SELECT booking_id, room_id, min(date) AS arrival, max(date) + 1 AS departure
      FROM nights GROUP BY booking_id, room_id, run
    ), allocated AS (
      SELECT o.booking_id, o.room_id, o.arrival, o.departure
      FROM pms.occupancies o JOIN pms.bookings b ON b.hotel_id = o.hotel_id AND b.booking_id = o.booking_id
      WHERE o.hotel_id = :hotel AND b.status IN ${activeStates}
    )
    (SELECT 'missing' AS what, r.* FROM (TABLE runs EXCEPT ALL TABLE allocated) AS r)
    UNION ALL (SELECT 'stray' AS what, a.* FROM (TABLE allocated EXCEPT ALL TABLE runs) AS a)`,
  "an ended booking has allocated nights that its guest did not sleep": `
    SELECT o.booking_id, b.status, o.arrival, o.departure, b.departure AS left FROM pms.occupancies o
    JOIN pms.bookings b ON b.hotel_id = o.hotel_id AND b.booking_id = o.booking_id
    JOIN identity.hotels h ON h.hotel_id = b.hotel_id
    WHERE o.hotel_id = :hotel AND (b.status IN ('canceled', 'no_show')
      OR (b.status = 'checked_out' AND (o.departure > b.departure OR o.arrival < b.arrival
        OR o.departure > greatest(b.status_on, (b.checked_out_at AT TIME ZONE h.time_zone)::date))))`,
  "the columns of a booking do not fit its state": `
    SELECT b.* FROM pms.bookings b JOIN identity.hotels h ON h.hotel_id = b.hotel_id
    WHERE b.hotel_id = :hotel AND NOT (
      (b.checked_in_at IS NOT NULL) = (b.status IN ('in_house', 'checked_out'))
      AND (b.checked_in_on IS NOT NULL) = (b.status IN ('in_house', 'checked_out'))
      AND (b.checked_out_at IS NOT NULL) = (b.status = 'checked_out')
      AND b.status_on <= h.business_date AND coalesce(b.checked_in_on <= b.status_on, true))`,
  "the expected times of a stay are not on its days": `
    SELECT b.* FROM pms.bookings b JOIN identity.hotels h ON h.hotel_id = b.hotel_id
    WHERE b.hotel_id = :hotel AND (
      (b.check_in_at AT TIME ZONE h.time_zone)::date <> b.arrival
      OR (b.status IN ${activeStates} AND (b.expected_check_out_at AT TIME ZONE h.time_zone)::date <> b.departure))`,
  "two parties are in one room": `
    SELECT room_id, count(*) FROM pms.bookings WHERE hotel_id = :hotel AND status = 'in_house'
    GROUP BY room_id HAVING count(*) > 1`,
  "a night ahead is in another room than the booking": `
    SELECT b.booking_id, n.date FROM pms.bookings b JOIN identity.hotels h ON h.hotel_id = b.hotel_id
    JOIN pms.booking_nights n ON n.hotel_id = b.hotel_id AND n.booking_id = b.booking_id AND n.released IS NULL
    WHERE b.hotel_id = :hotel AND b.status IN ${activeStates} AND n.date >= h.business_date AND n.room_id <> b.room_id
      -- A guest in house that moved before the close of the day has slept the earlier nights in another room. This is
      -- also true if the check-in was undone since.
      AND ((b.status = 'confirmed' AND NOT EXISTS (SELECT FROM pms.booking_history u WHERE u.hotel_id = b.hotel_id
        AND u.booking_id = b.booking_id AND u.action = 'undo_check_in'))
        OR EXISTS (SELECT FROM pms.booking_nights e
          WHERE e.hotel_id = n.hotel_id AND e.booking_id = n.booking_id AND e.released IS NULL
            AND e.date >= h.business_date AND e.date < n.date AND e.room_id = b.room_id))`,
  "a history entry does not begin with the state after the entry before it": `
    SELECT * FROM (
      SELECT booking_id, action, before, lag(after) OVER (PARTITION BY booking_id ORDER BY entry_id) AS present
      FROM pms.booking_history WHERE hotel_id = :hotel) AS entries
    WHERE before IS DISTINCT FROM present`,
  "a history has a transition that is not allowed": `
    SELECT e.booking_id, e.action, e.before ->> 'status' AS was, e.after ->> 'status' AS became
    FROM pms.booking_history e
    WHERE e.hotel_id = :hotel
      AND NOT (e.action IN ('amend', 'guest', 'anonymize', 'merge', 'unmerge')
        AND e.before ->> 'status' = e.after ->> 'status')
      AND NOT EXISTS (SELECT FROM ${allowedTransitions} AS allowed (action, was, became)
        WHERE allowed.action = e.action AND allowed.was IS NOT DISTINCT FROM e.before ->> 'status'
          AND allowed.became = e.after ->> 'status')`,
  "the history of a booking does not lead to its present state": `
    SELECT b.booking_id, to_jsonb(b) AS present, replayed.facts FROM pms.bookings b LEFT JOIN LATERAL (
      SELECT jsonb_object_agg(fact.key, fact.value ORDER BY e.entry_id) AS facts
      FROM pms.booking_history e, jsonb_each(e.after) AS fact
      WHERE e.hotel_id = b.hotel_id AND e.booking_id = b.booking_id) AS replayed ON true
    WHERE b.hotel_id = :hotel AND (
      (jsonb_populate_record(b, coalesce(replayed.facts, '{}')) IS DISTINCT FROM b)
      OR (SELECT count(*) FROM jsonb_object_keys(replayed.facts)) < 20)`,
  "the figures of a closed day do not equal its arrivals, departures or cancellations": `
    SELECT f.* FROM pms.daily_figures f WHERE f.hotel_id = :hotel AND NOT (
      f.arrivals = (SELECT count(*) FROM pms.bookings b
        WHERE b.hotel_id = f.hotel_id AND b.checked_in_on = f.business_date)
      AND f.departures = (SELECT count(*) FROM pms.bookings b
        WHERE b.hotel_id = f.hotel_id AND b.status = 'checked_out' AND b.status_on = f.business_date)
      AND f.cancellations = (SELECT count(*) FROM pms.bookings b
        WHERE b.hotel_id = f.hotel_id AND b.status = 'canceled' AND b.status_on = f.business_date))`,
  "the former contacts of a guest are not what its bookings and merged guests show": `
    WITH shown AS (
      SELECT DISTINCT g.guest_id, pms.contact_text(c.name, c.email, c.phone) AS text
      FROM pms.guests g CROSS JOIN LATERAL (
        SELECT guest_name, guest_email, guest_phone FROM pms.bookings b
        WHERE b.hotel_id = g.hotel_id AND b.guest_id = g.guest_id
        UNION SELECT name, email, phone FROM pms.guests m WHERE m.hotel_id = g.hotel_id AND m.merged_into = g.guest_id
      ) AS c (name, email, phone)
      WHERE g.hotel_id = :hotel AND g.anonymized_at IS NULL AND NOT (
        pms.fold_text(c.name) = g.name_key
        AND (c.email IS NULL OR coalesce(pms.fold_text(c.email) = g.email_key, false))
        AND (c.phone IS NULL OR coalesce(pms.phone_canonical(c.phone) = pms.phone_canonical(g.phone)
            OR (pms.phone_canonical(c.phone) LIKE '0%' AND pms.same_phone(c.phone, g.phone)), false)))
    ), stored AS (SELECT guest_id, search_text FROM pms.guest_contacts WHERE hotel_id = :hotel)
    (SELECT 'missing' AS what, s.* FROM (TABLE shown EXCEPT ALL TABLE stored) AS s)
    UNION ALL (SELECT 'stray' AS what, s.* FROM (TABLE stored EXCEPT ALL TABLE shown) AS s)`,
  "a merged guest has bookings, or its owner is merged too, or the merge has no row": `
    SELECT g.guest_id FROM pms.guests g JOIN pms.guests o ON o.hotel_id = g.hotel_id AND o.guest_id = g.merged_into
    WHERE g.hotel_id = :hotel AND (o.merged_into IS NOT NULL OR (g.anonymized_at IS NULL) <> (o.anonymized_at IS NULL)
      OR EXISTS (SELECT FROM pms.bookings b WHERE b.hotel_id = g.hotel_id AND b.guest_id = g.guest_id)
      OR NOT EXISTS (SELECT FROM pms.guest_merges m
        WHERE m.hotel_id = g.hotel_id AND m.guest_id = g.guest_id AND m.unmerged_at IS NULL))
    UNION ALL SELECT m.guest_id FROM pms.guest_merges m JOIN pms.guests g USING (hotel_id, guest_id)
    WHERE m.hotel_id = :hotel AND m.unmerged_at IS NULL AND g.merged_into IS NULL`,
  "a day before the business date was not closed": `
    SELECT business_date FROM identity.hotels h WHERE hotel_id = :hotel
      AND EXISTS (SELECT FROM pms.daily_figures f WHERE f.hotel_id = h.hotel_id)
      AND (SELECT max(business_date) - min(business_date) + 1 <> count(*) OR max(business_date) + 1 <> h.business_date
        FROM pms.daily_figures f WHERE f.hotel_id = h.hotel_id)`,
};

/**
 * Runs all queries for a hotel.
 * @throws Error with a line for each broken rule and up to three of its rows
 */
export async function checkInvariants(owner: Knex, hotelId: string): Promise<void> {
  const broken: string[] = [];
  for (const [fault, sql] of Object.entries(queries)) {
    const { rows } = (await owner.raw(sql, { hotel: hotelId })) as { rows: unknown[] };
    if (rows.length > 0) broken.push(`${fault}: ${JSON.stringify(rows.slice(0, 3))}`);
  }
  if (broken.length > 0) throw new Error(broken.join("\n"));
}
