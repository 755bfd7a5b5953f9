/** Repacking for real: the same search with everything locked that it looks at, and its moves in one transaction. */
import type { Trx } from "../../../../core/mod.ts";
import { requireSubscription } from "../../../identity/port.ts";
import { type ChangeContext, lockBookings } from "../../booking_record/change.ts";
import { moveBookings } from "../move.ts";
import { lockBusinessDate } from "../../business_date/lock_business_date.ts";
import { fieldFault, pmsProblems } from "../../errors.ts";
import { readRates } from "../../rates/prices.ts";
import { requireArrival } from "../../rates/restrictions.ts";
import { readRoomType } from "../../inventory/inventory.ts";
import { lockRooms } from "../../allocation/allocations.ts";
import { findRepack, type RepackPlan } from "../../allocation/plan_repack.ts";
import type { RoomSearch } from "../../allocation/choose_room.ts";

/**
 * Finds the moves that would make a room of the type free for the stay, and makes them where asked.
 * @param apply undefined for a preview; else true, or the plan that was shown
 * @param isRestricted the stay is one whose restrictions a manager overrides
 * @throws Problem NO_ROOM_FREE where no way was found; REPACK_CHANGED where it is no more the plan that was shown; and what
 *   a booking of the stay would be refused for: CLOSED_TO_ARRIVAL, MINIMUM_STAY, VALIDATION_FAILED
 */
export async function repack(
  trx: Trx,
  change: ChangeContext,
  search: RoomSearch,
  apply: { readonly shownPlan: string | undefined } | undefined,
  isRestricted = false,
): Promise<RepackPlan> {
  const hotel = await lockBusinessDate(trx, search.hotelId, "shared");
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
  const look = async (): Promise<RepackPlan> => {
    const plan = await findRepack(trx, search, hotel.business_date);
    if (plan !== undefined) return plan;
    throw pmsProblems.NO_ROOM_FREE(
      `No way was found to free a ${type.name} from ${search.arrival} to ${search.departure} by moving others.`,
    );
  };
  const plan = await look();
  if (apply === undefined) return plan;
  requireSubscription(hotel);
  const changed = pmsProblems.REPACK_CHANGED("Somebody has booked or moved meanwhile. Ask for a preview again.");
  if ((apply.shownPlan ?? plan.plan) !== plan.plan) throw changed;
  // Bookings before rooms, like everybody; then the look is made again, at what can't change any more.
  // Without If-Match: the bookings that move are not what the caller named.
  const withoutMatch = { actor: change.actor, now: change.now };
  const ids = plan.moves.map(({ booking_id }) => booking_id);
  if (ids.length > 0) await lockBookings(trx, withoutMatch, ids);
  await lockRooms(trx, search.hotelId, [
    ...new Set([plan.room_id, ...plan.moves.flatMap((move) => [move.from_room_id, move.to_room_id])]),
  ]);
  if ((await look()).plan !== plan.plan) throw changed;
  await moveBookings(
    trx,
    withoutMatch,
    plan.moves.map(({ booking_id, to_room_id }) => ({ bookingId: booking_id, roomId: to_room_id })),
    "repack",
  );
  return plan;
}
