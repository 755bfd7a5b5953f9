/** Taking a room away that somebody has booked: the desk is told first. */
import { addDays, type Day, prepare, type Trx } from "../../../core/mod.ts";
import { fieldFault, pmsProblems } from "../errors.ts";
import type { Room } from "../models/room.ts";

/** Bookings that a refusal names. */
const mostBookings = 20;

/** What a manager wants of a room that concerns its availability. */
export interface Withdrawal {
  readonly status?: Room["status"] | undefined;
  /** The first night on which the room is not there any more. */
  readonly retired_from?: Day | null | undefined;
  /** Take it out of order or out of service all the same. */
  readonly force?: boolean | undefined;
}

interface BookedStay {
  readonly booking_id: string;
  readonly guest_name: string;
  readonly arrival: Day;
  readonly departure: Day;
  /** Of all bookings that the refusal could name. */
  readonly count: number;
}

/** Who has nights of a room in `[$3, $4)`, for a room's nights are its occupancies; and if `$5`, who is in it now. */
const bookedStatement = prepare<BookedStay>(
  "pms_booked_stays",
  `SELECT b.booking_id, b.guest_name, b.arrival, b.departure, count(*) OVER ()::int AS count
   FROM (
     SELECT booking_id FROM pms.occupancies
     WHERE hotel_id = $1 AND room_id = $2 AND booking_id IS NOT NULL AND departure > $3::date AND arrival < $4::date
     UNION
     SELECT booking_id FROM pms.bookings WHERE hotel_id = $1 AND room_id = $2 AND status = 'in_house' AND $5::boolean
   ) AS o JOIN pms.bookings b ON b.hotel_id = $1 AND b.booking_id = o.booking_id
   ORDER BY b.arrival, b.booking_id LIMIT ${mostBookings}`,
);

/**
 * Lets a room be taken away where nobody has booked it, or the manager insists. A retired room can't be insisted on: it
 * leaves the inventory, and a stay needs a room.
 * @param room locked, so that nobody books it meanwhile
 * @throws Problem ROOM_HAS_BOOKINGS; VALIDATION_FAILED for a retirement before the business date
 */
export async function requireWithdrawable(
  trx: Trx,
  room: Room,
  today: Day,
  { status = room.status, retired_from: retiredFrom, force = false }: Withdrawal,
): Promise<void> {
  if (typeof retiredFrom === "string" && retiredFrom !== room.retired_from) {
    if (retiredFrom < today) throw fieldFault("body", "/retired_from", `is before the business date ${today}`);
    const nights = { from: retiredFrom, until: "infinity", isNow: retiredFrom === today };
    await requireNoStay(trx, room, nights, `Move the stays from ${retiredFrom} on first.`);
  }
  if (status === room.status || status === "available" || force) return;
  // A room out of service is sold for later nights; tonight's guests can't be put into it.
  const until = status === "out_of_service" ? addDays(today, 1) : "infinity";
  await requireNoStay(trx, room, { from: today, until, isNow: true }, "Move them first, or send force.");
}

async function requireNoStay(
  trx: Trx,
  { hotel_id: hotelId, room_id: roomId, room_number: number }: Room,
  { from, until, isNow }: { readonly from: Day; readonly until: Day; readonly isNow: boolean },
  remedy: string,
): Promise<void> {
  const stays = await bookedStatement.run(trx, [hotelId, roomId, from, until, isNow]);
  const [first] = stays;
  if (first === undefined) return;
  const bookings = stays.map(({ count: _count, ...stay }) => stay);
  throw pmsProblems.ROOM_HAS_BOOKINGS(`Room ${number} is booked, first by ${first.guest_name}. ${remedy}`, {
    members: { bookings, booking_count: first.count },
  });
}
