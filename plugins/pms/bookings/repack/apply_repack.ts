/** Repacks rooms: searches with all rows locked, and makes the moves in one transaction. */
import type { Trx } from "../../../../core/mod.ts";
import { requireSubscription } from "../../../identity/port.ts";
import { type ChangeContext, lockBookings } from "../../booking_record/change.ts";
import { moveBookings } from "../move.ts";
import { shareBusinessDate } from "../../business_date/lock_business_date.ts";
import { fieldFault, pmsProblems } from "../../errors.ts";
import { readRates } from "../../rates/prices.ts";
import { requireArrival } from "../../rates/restrictions.ts";
import { readRoomType } from "../../inventory/inventory.ts";
import { lockRooms } from "../../allocation/allocations.ts";
import { findRepack, type RepackPlan } from "../../allocation/plan_repack.ts";
import type { RoomSearch } from "../../allocation/choose_room.ts";

/**
 * Finds the moves that would make a room of the type free for the stay, and makes them if the request asks for them.
 * @param apply undefined for a preview. `shownPlan` is the plan of the preview, if the request names it
 * @param isRestricted whether a manager overrides the restrictions of the stay
 * @throws Problem NO_ROOM_FREE if the search finds no moves; REPACK_CHANGED if the plan differs from the preview
 * @throws Problem CLOSED_TO_ARRIVAL, MINIMUM_STAY, VALIDATION_FAILED, as a booking of the stay
 */
export async function repack(
  trx: Trx,
  change: ChangeContext,
  search: RoomSearch,
  apply: { readonly shownPlan: string | undefined } | undefined,
  isRestricted = false,
): Promise<RepackPlan> {
  const hotel = await shareBusinessDate(trx, search.hotelId);
  const type = await readRoomType(trx, search.hotelId, search.roomTypeId);
  const { arrival, departure } = search;
  if (arrival < hotel.business_date) {
    throw fieldFault("body", "/check_in", `is before the business date ${hotel.business_date}`);
  }
  const rates = await readRates(trx, search.hotelId, {
    from: arrival,
    to: departure,
    roomTypeId: search.roomTypeId,
  });
  if (!isRestricted) requireArrival(rates, { roomTypeId: search.roomTypeId, arrival, departure });
  const findPlan = async (): Promise<RepackPlan> => {
    const plan = await findRepack(trx, search, hotel.business_date);
    if (plan !== undefined) return plan;
    throw pmsProblems.NO_ROOM_FREE(
      `No way was found to free a ${type.name} from ${search.arrival} to ${search.departure} by moving others.`,
    );
  };
  const plan = await findPlan();
  if (apply === undefined) return plan;
  requireSubscription(hotel);
  const changed = pmsProblems.REPACK_CHANGED(
    "Another request has booked or moved rooms since the preview. Ask for a preview again.",
  );
  if ((apply.shownPlan ?? plan.plan) !== plan.plan) throw changed;
  // Locks bookings before rooms, as all changes do. Then it searches again, in rows that can't change any more.
  // The bookings get no If-Match: it belongs to the request, which names none of them.
  const withoutMatch = { actor: change.actor, now: change.now };
  const ids = plan.moves.map(({ booking_id }) => booking_id);
  if (ids.length > 0) await lockBookings(trx, withoutMatch, ids);
  await lockRooms(trx, search.hotelId, [
    ...new Set([plan.room_id, ...plan.moves.flatMap((move) => [move.from_room_id, move.to_room_id])]),
  ]);
  if ((await findPlan()).plan !== plan.plan) throw changed;
  await moveBookings(
    trx,
    withoutMatch,
    plan.moves.map(({ booking_id, to_room_id }) => ({ bookingId: booking_id, roomId: to_room_id })),
    "repack",
  );
  return plan;
}
