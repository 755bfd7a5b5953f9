/** Amends the stay of a booking: its dates, its room and its nights. nights/amended_nights.ts prices the nights. */
import type { Day, Trx } from "../../../core/mod.ts";
import { type HotelSettings, requireSubscription } from "../../identity/port.ts";
import { type LockedRoom, lockRooms } from "../allocation/allocations.ts";
import { lockFreeRoom } from "../allocation/choose_room.ts";
import { offerRepacking } from "../allocation/plan_repack.ts";
import { amendStay as amendDates, type Stay } from "../allocation/stay_dates.ts";
import type { ChangeContext } from "../booking_record/change.ts";
import { fieldFault, pmsProblems } from "../errors.ts";
import { readRoomType } from "../inventory/inventory.ts";
import type { Booking } from "../models/booking.ts";
import { agreeOn, discountLimit, requireReplaceable } from "../rates/agreed_price.ts";
import { type DayRates, readRates, readRatesOf } from "../rates/prices.ts";
import type { Override } from "../rates/restrictions.ts";
import type { Amendment } from "./amendment.ts";
import { markRoomDirty } from "./housekeeping.ts";
import { allocateNights } from "./nights/allocate_nights.ts";
import { priceAmendedNights } from "./nights/amended_nights.ts";
import { type Night, readNights, roomIdsOf, writeNights } from "./nights/nights.ts";
import { totalsOf } from "../rates/totals.ts";
import { housekeepingOf, type RoomStates } from "./undo/restore_housekeeping.ts";
import { requireArrivalUnlessAccepted } from "./rules/accepted_stays.ts";
import { illegalTransition } from "./rules/booking_state.ts";
import { requireClean } from "./rules/clean_room.ts";
import {
  requireCapacity,
  requireInService,
  requireNotRetired,
  requireOpen,
  requireReady,
  requireUnlocked,
} from "../allocation/room_rules.ts";
import { firstNightToAmend, nothingToMove } from "./rules/stay_progress.ts";

interface StayToAmend {
  readonly booking: Booking;
  readonly hotel: HotelSettings;
  readonly override: Override | undefined;
}

interface AmendedFields {
  readonly fields: Partial<Booking>;
  /** Whether an agreed price ended, because it does not apply to the other room type. */
  readonly hasPriceEnded: boolean;
  /** The housekeeping before, of the rooms that a guest in house left or got. */
  readonly states: RoomStates;
}

/** Amends the nights of a booking. @returns the new values of the booking's columns */
export async function amendStay(
  trx: Trx,
  { actor, now }: ChangeContext,
  { booking, hotel, override }: StayToAmend,
  amendment: Amendment,
): Promise<AmendedFields> {
  const today = hotel.business_date;
  if (booking.status !== "confirmed" && booking.status !== "in_house") throw illegalTransition(booking, today);
  requireSubscription(hotel);
  const stay = amendDates(hotel, booking, amendment.check_in_at, amendment.expected_check_out_at);
  const nights = await readNights(trx, booking);
  const guests = (amendment.adults ?? booking.adults) + (amendment.children ?? booking.children);
  const { room_type_id: roomTypeId, room_id: roomId } = amendment;
  const rooms = await findRooms(trx, booking, nights, {
    stay,
    roomTypeId,
    roomId,
    // One amendment can unlock the booking and change its room.
    isLocked: booking.room_locked && amendment.room_locked !== false,
    guests,
    today,
    override,
  });
  const rates = await readRatesOf(trx, booking.hotel_id, {
    from: stay.arrival,
    to: stay.departure,
    roomTypeIds: [...new Set([rooms.from.room_type_id, rooms.to.room_type_id])],
  });
  requireCapacity(`Room ${rooms.to.room_number}`, rooms.to.capacity, guests);
  const isOtherRoom = rooms.to !== rooms.from;
  const isRepriced = isOtherRoom && roomTypeId !== undefined;
  const isSameStay = !isOtherRoom && stay.arrival === booking.arrival && stay.departure === booking.departure;
  const { agreed_price: price } = amendment;
  if (isSameStay && price === undefined) {
    const fields = { check_in_at: stay.checkInAt, expected_check_out_at: stay.expectedCheckOutAt };
    return { fields, hasPriceEnded: false, states: [] };
  }
  await requireStayAllowed(trx, booking, { stay, ...rooms, rates, isRepriced, today, override });
  const first = firstNightToAmend(booking, hotel, now);
  const split = isRepriced ? stay.arrival : clamp(first, stay);
  if (isOtherRoom && split === stay.departure) throw nothingToMove(stay.departure, today);
  const isPriceReplaced = price !== undefined;
  const input = { booking, nights, stay, ...rooms, split, isRepriced, rates, isPriceReplaced };
  const { nights: amended, ended } = await priceAmendedNights(trx, input);
  const { currency } = booking;
  const isPriceLimited = isPriceReplaced || ended.length > 0;
  const percent = isPriceLimited ? await discountLimit(trx, booking.hotel_id, actor.role) : undefined;
  if (percent !== undefined) requireReplaceable(ended, percent, { currency, after: amended });
  const priced =
    price === undefined ? amended : agreeOn(amended, { price, currency, today, percent, replaced: nights });
  await writeNights(trx, booking, priced, "amend");
  const advice = isOtherRoom
    ? undefined
    : "To give the guest one of the free rooms, send its room_id with the amendment.";
  await allocateNights(trx, booking, priced, { guests, today: first, advice });
  if (isOtherRoom && booking.status === "in_house") {
    await requireReady(trx, rooms.to);
    const { adults = booking.adults, children = booking.children, accept_dirty_room: accepted = false } = amendment;
    const party = { departure: stay.departure, adults, children };
    await requireClean(trx, party, rooms.to, { firstNight: first, accepted });
    await markRoomDirty(trx, booking);
  }
  const fields = {
    room_id: rooms.to.room_id,
    arrival: stay.arrival,
    departure: stay.departure,
    check_in_at: stay.checkInAt,
    expected_check_out_at: stay.expectedCheckOutAt,
    ...totalsOf(priced, currency),
  };
  const isLeft = isOtherRoom && booking.status === "in_house";
  return { fields, hasPriceEnded: ended.length > 0, states: isLeft ? housekeepingOf(rooms.from, rooms.to) : [] };
}

interface StayCheck {
  readonly stay: Stay;
  readonly from: LockedRoom;
  readonly to: LockedRoom;
  readonly rates: DayRates;
  readonly isRepriced: boolean;
  readonly today: Day;
  readonly override: Override | undefined;
}

/** Checks that the room and the restrictions allow the amended stay. */
async function requireStayAllowed(
  trx: Trx,
  booking: Booking,
  { stay, from, to, rates, isRepriced, today, override }: StayCheck,
): Promise<void> {
  const { arrival, departure } = stay;
  const isOtherRoom = to !== from;
  const isLonger = isOtherRoom || departure > booking.departure || arrival < booking.arrival;
  // A guest in house can stay in a room that is out of order, as at the close of the day.
  const keepsRoom = booking.status === "in_house" && !isOtherRoom;
  if (isLonger && keepsRoom) requireNotRetired(to, departure);
  if (isLonger && !keepsRoom) requireInService(to, departure);
  if (booking.status !== "confirmed") return;
  if (isOtherRoom || arrival !== booking.arrival) requireOpen(to, arrival, today);
  // Restrictions do not apply after the arrival. `findRooms` has checked those of a room type that the amendment names.
  const isOtherType = to.room_type_id !== from.room_type_id;
  const isOtherArrival = isOtherType || arrival !== booking.arrival || departure < booking.departure;
  if (isRepriced || !isOtherArrival) return;
  const requested = { roomTypeId: to.room_type_id, arrival, departure };
  await requireArrivalUnlessAccepted(trx, booking, rates, requested, override);
}

/** The room that an amendment asks for. */
interface RoomChoice {
  readonly stay: Stay;
  /** Undefined: the booking keeps its room type. */
  readonly roomTypeId: string | undefined;
  /** Undefined: the booking keeps its room, unless the amendment names another room type. */
  readonly roomId: string | undefined;
  readonly isLocked: boolean;
  readonly guests: number;
  readonly today: Day;
  readonly override: Override | undefined;
}

/**
 * Finds the room of the amended stay. It locks all rooms in which the booking has or gets nights. For another room
 * type, it also checks the restrictions of the arrival day.
 * @returns the present room, and the room after the amendment
 */
async function findRooms(
  trx: Trx,
  booking: Booking,
  nights: readonly Night[],
  { stay, roomTypeId, roomId = booking.room_id, isLocked, guests, today, override }: RoomChoice,
): Promise<{ readonly from: LockedRoom; readonly to: LockedRoom }> {
  const roomIds = new Set([booking.room_id, roomId, ...roomIdsOf(nights)]);
  const rooms = await lockRooms(trx, booking.hotel_id, [...roomIds]);
  const from = rooms.get(booking.room_id);
  if (roomId !== booking.room_id) {
    if (isLocked) requireUnlocked(booking);
    return { from, to: rooms.get(roomId) };
  }
  if (roomTypeId === undefined || roomTypeId === from.room_type_id) return { from, to: from };
  if (booking.status === "in_house") {
    throw fieldFault("body", "/room_type_id", "can't change while the guest is in the house: move the booking");
  }
  if (isLocked) requireUnlocked(booking);
  const type = await readRoomType(trx, booking.hotel_id, roomTypeId);
  requireCapacity(`A ${type.name}`, type.capacity, guests);
  const { arrival, departure } = stay;
  const rates = await readRates(trx, booking.hotel_id, { from: arrival, to: departure, roomTypeId });
  await requireArrivalUnlessAccepted(trx, booking, rates, { roomTypeId, arrival, departure }, override);
  const question = { hotelId: booking.hotel_id, roomTypeId, arrival, departure };
  const best = await lockFreeRoom(trx, question, today);
  if (best !== undefined) return { from, to: best };
  throw pmsProblems.NO_ROOM_FREE(
    `No ${type.name} is free on every night from ${arrival} to ${departure}.`,
    // Repacking can't free nights that are over.
    arrival < today ? {} : await offerRepacking(trx, question, today),
  );
}

/** Returns the day, or the end of the stay that is nearer to it. */
function clamp(day: Day, { arrival, departure }: Stay): Day {
  if (day < arrival) return arrival;
  return day > departure ? departure : day;
}
