/** Rules for all bookings, seeded or not, as SQL that returns the rows that break them. */

/** Each returns no row if its rule is kept. */
export const invariants: Readonly<Record<string, string>> = {
  "a total is the sum of the nights on the bill": `
    SELECT b.booking_id, b.total_amount, sum(n.rate) FROM pms.bookings b
    LEFT JOIN pms.booking_nights n ON n.hotel_id = b.hotel_id AND n.booking_id = b.booking_id AND n.released IS NULL
    GROUP BY b.hotel_id, b.booking_id HAVING b.total_amount IS DISTINCT FROM coalesce(sum(n.rate), 0)`,

  "the nights on the bill are those from arrival to departure": `
    SELECT b.booking_id FROM pms.bookings b
    LEFT JOIN pms.booking_nights n ON n.hotel_id = b.hotel_id AND n.booking_id = b.booking_id AND n.released IS NULL
    WHERE b.status <> 'no_show' GROUP BY b.hotel_id, b.booking_id
    HAVING min(n.date) IS DISTINCT FROM b.arrival OR max(n.date) + 1 IS DISTINCT FROM b.departure
      OR count(*) <> b.departure - b.arrival`,

  "allocations match the runs of nights in each room": `
    WITH nights AS (
      SELECT n.*,
        n.date - (row_number() OVER (PARTITION BY n.hotel_id, n.booking_id, n.room_id ORDER BY n.date))::int AS run
      FROM pms.booking_nights n JOIN pms.bookings b ON b.hotel_id = n.hotel_id AND b.booking_id = n.booking_id
      WHERE n.released IS NULL AND b.status IN ('confirmed', 'in_house', 'checked_out')
    ), runs AS (
      SELECT hotel_id, booking_id, room_id, min(date) AS arrival, max(date) + 1 AS departure FROM nights
      GROUP BY hotel_id, booking_id, room_id, run
    ), held AS (
      SELECT hotel_id, booking_id, room_id, arrival, departure FROM pms.occupancies WHERE booking_id IS NOT NULL
    )
    (SELECT 'no occupancy' AS fault, * FROM (SELECT * FROM runs EXCEPT ALL SELECT * FROM held) AS missing)
    UNION ALL (SELECT 'no nights', * FROM (SELECT * FROM held EXCEPT ALL SELECT * FROM runs) AS stray)`,

  "no two parties share a room and a night": `
    SELECT * FROM (SELECT hotel_id, room_id, arrival, max(departure) OVER (PARTITION BY hotel_id, room_id
      ORDER BY arrival, departure ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before FROM pms.occupancies) AS o
    WHERE arrival < before`,

  "a state fits the business date": `
    SELECT b.booking_id, b.status, b.arrival, b.departure, b.status_on
    FROM pms.bookings b JOIN identity.hotels h USING (hotel_id)
    WHERE b.status_on > h.business_date OR NOT CASE b.status
      WHEN 'confirmed' THEN b.arrival >= h.business_date
      WHEN 'in_house' THEN b.arrival <= h.business_date
      WHEN 'checked_out' THEN b.departure <= h.business_date AND b.status_on = b.departure
      WHEN 'no_show' THEN b.arrival < h.business_date AND b.status_on > b.arrival
      ELSE true END`,

  "exactly guests in house and departed guests were checked in": `
    SELECT booking_id FROM pms.bookings
    WHERE (status IN ('in_house', 'checked_out')) <> (checked_in_at IS NOT NULL AND checked_in_on IS NOT NULL)
      OR (status = 'checked_out') <> (checked_out_at IS NOT NULL) OR checked_out_at < checked_in_at`,

  "a booking is of its guest and fits into its room": `
    SELECT b.booking_id FROM pms.bookings b
    JOIN identity.hotels h USING (hotel_id) JOIN pms.guests g USING (hotel_id, guest_id)
    JOIN pms.rooms r USING (hotel_id, room_id) JOIN pms.room_types t USING (hotel_id, room_type_id)
    WHERE (g.name, g.email, g.phone) IS DISTINCT FROM (b.guest_name, b.guest_email, b.guest_phone)
      OR b.currency <> h.currency OR b.adults + b.children > t.capacity
      OR r.status = 'out_of_order' AND b.status <> 'canceled'`,

  "no two guests are one by name and address or phone": `
    SELECT hotel_id, name_key, count(*) FROM pms.guests WHERE email_key IS NOT NULL
      GROUP BY hotel_id, name_key, email_key HAVING count(*) > 1
    UNION ALL SELECT a.hotel_id, a.name_key, count(*)
      FROM pms.guests a JOIN pms.guests b USING (hotel_id, name_key, phone_key)
      WHERE a.guest_id < b.guest_id AND pms.same_phone(a.phone, b.phone) GROUP BY a.hotel_id, a.name_key`,

  "each history begins with the booking": `
    SELECT b.booking_id FROM pms.bookings b LEFT JOIN LATERAL (SELECT h.action FROM pms.booking_history h
      WHERE h.hotel_id = b.hotel_id AND h.booking_id = b.booking_id ORDER BY h.entry_id LIMIT 1) AS first ON true
    WHERE first.action IS DISTINCT FROM 'book'`,

  "the history of current bookings leads to the present": `
    SELECT b.booking_id, last.after FROM pms.bookings b JOIN identity.hotels g USING (hotel_id)
    LEFT JOIN LATERAL (SELECT h.after FROM pms.booking_history h
      WHERE h.hotel_id = b.hotel_id AND h.booking_id = b.booking_id ORDER BY h.entry_id DESC LIMIT 1) AS last ON true
    WHERE (b.status IN ('confirmed', 'in_house') OR b.status_on >= g.business_date - 1)
      AND (to_jsonb(b) - '{check_in_at,expected_check_out_at,checked_in_at,checked_out_at,total_amount}'::text[])
        || jsonb_build_object('total_amount', b.total_amount::text) @> (last.after
        - '{check_in_at,expected_check_out_at,checked_in_at,checked_out_at}'::text[]) IS NOT TRUE`,
};
