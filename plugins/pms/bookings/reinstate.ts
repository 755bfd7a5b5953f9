/** Reinstates a canceled booking or a no-show. */
import { type Day, prepare, type Trx } from "../../../core/mod.ts";
import { type HotelSettings, requireSubscription } from "../../identity/port.ts";
import { lockRooms, segmentsOf } from "../allocation/allocations.ts";
import { type ChangeContext, lockBooking, updateBooking } from "../booking_record/change.ts";
import { wrongDay } from "../errors.ts";
import { shareLockGuest } from "../guests/guests.ts";
import { readRoom } from "../inventory/inventory.ts";
import type { Booking } from "../models/booking.ts";
import { allocateNights, roomRequestOf } from "./nights/allocate_nights.ts";
import { departureOf, type Night, restoreNights, roomIdsOf, writeNights } from "./nights/nights.ts";
import { totalsOf } from "../rates/totals.ts";
import { transition } from "./rules/booking_state.ts";
import { requireFit, requireInService, requireOpen, requireUnlocked } from "../allocation/room_rules.ts";
import { firstNightAhead } from "./rules/stay_progress.ts";

/**
 * Reinstates a booking: `canceled` or `no_show` to `confirmed`, on the same business date. It takes all nights again,
 * at their old prices. A no-show of the day that was just closed can be reinstated for that night alone. An anonymized
 * guest can't come back.
 * @param roomId the room of the nights. Default: the room that the booking had
 * @returns the booking before, and the hotel
 * @throws Problem ILLEGAL_TRANSITION, WRONG_DAY, ROOM_TAKEN, ROOM_OUT_OF_ORDER, ROOM_RETIRED, ROOM_NOT_READY,
 *   ROOM_LOCKED, TOO_MANY_GUESTS, GUEST_ANONYMOUS, SUBSCRIPTION_LAPSED, NOT_FOUND
 */
export async function reinstate(
  trx: Trx,
  change: ChangeContext,
  bookingId: string,
  roomId?: string,
): Promise<{ readonly booking: Booking; readonly hotel: HotelSettings }> {
  const { booking, hotel } = await lockBooking(trx, change, bookingId);
  requireSubscription(hotel);
  const today = hotel.business_date;
  // The room is not locked here: all rooms are locked together below, ordered by id.
  if (roomId !== undefined) await readRoom(trx, booking.hotel_id, roomId);
  const state = transition(booking, "reinstate", today);
  if (booking.departure < today) {
    throw wrongDay(`The stay ended on ${booking.departure}, and the business date is ${today}.`, today);
  }
  await shareLockGuest(trx, booking.hotel_id, booking.guest_id);
  const oldNights = await restoreNights(trx, booking, "no_show", "waive");
  const to = roomId ?? booking.room_id;
  const roomIds = new Set([booking.room_id, to, ...roomIdsOf(oldNights)]);
  const rooms = await lockRooms(trx, booking.hotel_id, [...roomIds]);
  const ahead = firstNightAhead({ status: state.status, departure: booking.departure }, today);
  const split = await firstNightInOtherRoom(trx, booking.hotel_id, oldNights, ahead);
  const nights =
    to === booking.room_id
      ? oldNights
      : oldNights.map((night) => (night.date < split ? night : { ...night, room_id: to }));
  const room = rooms.get(to);
  const departure = departureOf(nights);
  if (to === booking.room_id) requireInService(room, departure);
  else {
    requireUnlocked(booking);
    requireFit(room, { adults: booking.adults, children: booking.children, departure });
    requireOpen(room, booking.arrival, today);
    await writeNights(trx, booking, nights, "amend");
  }
  const advice = "To reinstate the booking in one of the free rooms, send its room_id.";
  await allocateNights(trx, booking, nights, { ...roomRequestOf(booking, split), advice });
  await updateBooking(trx, change, "reinstate", booking, {
    ...state,
    room_id: to,
    waived_amount: null,
    ...totalsOf(nights, booking.currency),
  });
  return { booking, hotel };
}

const takenStatement = prepare(
  "pms_taken_nights",
  `SELECT FROM unnest($2::uuid[], $3::date[], $4::date[]) AS s (room_id, arrival, departure)
   WHERE EXISTS (SELECT FROM pms.occupancies o WHERE o.hotel_id = $1 AND o.room_id = s.room_id
     AND o.arrival < s.departure AND o.departure > s.arrival AND o.arrival > s.arrival - 1000 OFFSET 0) LIMIT 1`,
);

/**
 * Returns the first night that another room can have. Nights that are over keep their room. If another party has had
 * that room since, the whole stay goes to the other room. The rooms of the nights must be locked.
 * @param ahead the first night that is not over
 */
async function firstNightInOtherRoom(trx: Trx, hotelId: string, nights: readonly Night[], ahead: Day): Promise<Day> {
  const over = segmentsOf(nights.filter(({ date }) => date < ahead));
  if (over.length === 0) return ahead;
  const conflicts = await takenStatement.run(trx, [
    hotelId,
    over.map(({ room_id }) => room_id),
    over.map(({ arrival }) => arrival),
    over.map(({ departure }) => departure),
  ]);
  return conflicts.length === 0 ? ahead : (nights[0]?.date ?? ahead);
}
