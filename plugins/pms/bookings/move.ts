/** To another room: the nights that are still to be slept change it, at the prices that were agreed. */
import type { Day, Trx } from "../../../core/mod.ts";
import type { HotelSettings } from "../../identity/port.ts";
import type { Booking } from "../models/booking.ts";
import { fieldFault, pmsProblems } from "../errors.ts";
import {
  freeNights,
  type LockedRoom,
  LockedRooms,
  lockRooms,
  segmentsOf,
  takeNights,
} from "../allocation/allocations.ts";
import { readRates } from "../rates/prices.ts";
import type { Override } from "../rates/restrictions.ts";
import { requireArrivalUnlessAccepted } from "./rules/accepted_stays.ts";
import { illegalTransition } from "./rules/booking_state.ts";
import { requireClean } from "./rules/clean_room.ts";
import { type ChangeContext, lockBookings, updateBooking } from "../booking_record/change.ts";
import type { Reasons } from "../booking_record/history.ts";
import { type Night, readNights, writeNights } from "./nights/nights.ts";
import { roomRequestOf, requireOpen, requireReady, requireInService, roomsOf, markRoomDirty } from "./check_in_out.ts";
import { firstNightToMove, nothingToMove } from "./rules/stay_progress.ts";

/** A booking on its way to another room. */
interface RoomMove {
  readonly booking: Booking;
  readonly nights: readonly Night[];
  readonly to: string;
  /** The first night that changes its room. */
  readonly first: Day;
}

/** Rules that a move may pass. */
interface Exceptions {
  /** Whether the desk accepts a dirty room, where the hotel's policy leaves that to the desk. */
  readonly accepted?: boolean | undefined;
  /** For the restrictions of another room type. */
  readonly override?: Override | undefined;
}

/**
 * Moves a booking: its nights from tonight on, which are all of a stay that has not begun. A night that the guest has slept
 * keeps its room, also where its day is not closed yet. A stay that has not begun must be one that may begin in the other
 * room's type, as by an amendment.
 */
export async function move(
  trx: Trx,
  change: ChangeContext,
  bookingId: string,
  roomId: string,
  { accepted = false, override }: Exceptions = {},
): Promise<void> {
  const moved = await moveBookings(trx, change, [{ bookingId, roomId }], "move", override);
  await requireCleanRooms(trx, moved, accepted);
}

/** Lets two bookings change rooms, each for the nights that it has left. */
export async function swap(
  trx: Trx,
  change: ChangeContext,
  bookingId: string,
  otherId: string,
  { accepted = false, override }: Exceptions = {},
): Promise<void> {
  if (bookingId === otherId) throw fieldFault("body", "/other_booking_id", "is the booking itself");
  const { bookings, hotel } = await lockBookings(trx, change, [bookingId, otherId]);
  const rooms = bookings.map(({ room_id }) => room_id).reverse();
  const movers = await readRoomMoves(trx, change, hotel, bookings, rooms);
  const before = await applyRoomMoves(trx, change, { movers, today: hotel.business_date }, "swap", override);
  await requireCleanRooms(trx, { movers, rooms: before }, accepted);
}

/** The hotel's policy on dirty rooms, for each guest in the house who has changed rooms. @throws Problem ROOM_NOT_CLEAN */
async function requireCleanRooms(trx: Trx, { movers, rooms }: Moved, accepted: boolean): Promise<void> {
  for (const { booking, to, first } of movers) {
    if (booking.status !== "in_house" || booking.room_id === to) continue;
    await requireClean(trx, booking, rooms.get(to), { today: first, accepted });
  }
}

interface Moved {
  readonly movers: readonly RoomMove[];
  /** The rooms as they were before, by id. */
  readonly rooms: LockedRooms;
}

/** Moves several bookings in one go. */
export async function moveBookings(
  trx: Trx,
  change: ChangeContext,
  moves: readonly { readonly bookingId: string; readonly roomId: string }[],
  action: string,
  override?: Override,
): Promise<Moved> {
  const { bookings, hotel } = await lockBookings(
    trx,
    change,
    moves.map(({ bookingId }) => bookingId),
  );
  const to = moves.map(({ roomId }) => roomId);
  const movers = await readRoomMoves(trx, change, hotel, bookings, to);
  const rooms = await applyRoomMoves(trx, change, { movers, today: hotel.business_date }, action, override);
  return { movers, rooms };
}

async function readRoomMoves(
  trx: Trx,
  { now }: ChangeContext,
  hotel: HotelSettings,
  bookings: readonly Booking[],
  rooms: readonly string[],
): Promise<RoomMove[]> {
  const movers: RoomMove[] = [];
  for (const [index, booking] of bookings.entries()) {
    const first = firstNightToMove(booking, hotel, now);
    requireMovable(booking, first, hotel.business_date);
    movers.push({ booking, nights: await readNights(trx, booking), to: rooms[index] as string, first });
  }
  return movers;
}

function requireMovable(booking: Booking, first: Day, today: Day): void {
  if (booking.status !== "confirmed" && booking.status !== "in_house") throw illegalTransition(booking, today);
  requireUnlocked(booking);
  if (first >= booking.departure) throw nothingToMove(booking.departure, today);
}

/** @throws Problem ROOM_LOCKED */
export function requireUnlocked({ booking_id, guest_name: name, room_locked: isLocked }: Booking): void {
  if (!isLocked) return;
  throw pmsProblems.ROOM_LOCKED(`The booking of ${name} is locked to its room. Unlock it first.`, {
    members: { booking_id },
  });
}

/**
 * Moves bookings together: all nights are given back before any is taken, so that they may exchange rooms. One that is to
 * move where it is stays as it is, and its history says nothing.
 * @param movers with their bookings locked
 * @returns the rooms as they were before, by id
 */
async function applyRoomMoves(
  trx: Trx,
  change: ChangeContext,
  { movers: asked, today }: { readonly movers: readonly RoomMove[]; readonly today: Day },
  action: string,
  override: Override | undefined,
): Promise<LockedRooms> {
  const [one] = asked;
  if (one === undefined) return new LockedRooms([]);
  const { hotel_id: hotelId } = one.booking;
  const from = asked.flatMap(({ booking, nights }) => [booking.room_id, ...roomsOf(nights)]);
  const rooms = await lockRooms(trx, hotelId, [...new Set([...from, ...asked.map(({ to }) => to)])]);
  for (const { booking, to } of asked) requireFit(rooms.get(to), booking);
  const movers = asked.filter(({ booking, to }) => to !== booking.room_id);
  const reasons = new Map<string, Reasons | undefined>();
  for (const { booking, to } of movers) {
    if (booking.status !== "confirmed") continue;
    const { arrival, departure } = booking;
    const room = rooms.get(to);
    requireOpen(room, arrival, today);
    const { room_type_id: roomTypeId } = room;
    if (roomTypeId === rooms.get(booking.room_id).room_type_id) continue;
    const rates = await readRates(trx, hotelId, { from: arrival, to: departure, roomTypeId });
    override?.begin();
    await requireArrivalUnlessAccepted(trx, booking, rates, { roomTypeId, arrival, departure }, override);
    reasons.set(booking.booking_id, override?.reasons);
  }
  await freeNights(
    trx,
    hotelId,
    movers.map(({ booking }) => booking.booking_id),
  );
  for (const { booking, nights, to, first } of movers) {
    // Nights that are over stay where they were, be they slept or not: others may have had the room then.
    const moved = nights.map((night) => (night.date < first ? night : { ...night, room_id: to }));
    const owner = { bookingId: booking.booking_id };
    await takeNights(trx, hotelId, owner, roomRequestOf(booking, first), segmentsOf(moved));
    await writeNights(trx, booking, moved, "amend");
  }
  // Of guests who change places, each leaves before the other comes: who is where is asked when all have moved.
  await trx.raw("SET CONSTRAINTS pms.one_party_in_house DEFERRED");
  const leaving = new Set(
    movers.filter(({ booking }) => booking.status === "in_house").map(({ booking }) => booking.booking_id),
  );
  for (const { booking, to } of movers) {
    if (booking.status === "in_house") await requireReady(trx, rooms.get(to), leaving);
  }
  for (const { booking, to } of movers) {
    await updateBooking(trx, change, action, booking, { room_id: to }, reasons.get(booking.booking_id));
    if (booking.status === "in_house") await markRoomDirty(trx, booking);
  }
  return rooms;
}

/** @throws Problem ROOM_OUT_OF_ORDER, ROOM_RETIRED, TOO_MANY_GUESTS */
export function requireFit(
  room: LockedRoom,
  { adults, children, departure }: Pick<Booking, "adults" | "children" | "departure">,
): void {
  requireInService(room, departure);
  if (adults + children > room.capacity) {
    throw pmsProblems.TOO_MANY_GUESTS(
      `Room ${room.room_number} sleeps ${room.capacity}, and you have ${adults + children} guests.`,
    );
  }
}
