/** Moves bookings to other rooms: the nights ahead change the room and keep their agreed prices. */
import type { Day, Trx } from "../../../core/mod.ts";
import type { HotelSettings } from "../../identity/port.ts";
import { freeNights, LockedRooms, lockRooms, segmentsOf, takeNights } from "../allocation/allocations.ts";
import { type ChangeContext, lockBookings, updateBooking } from "../booking_record/change.ts";
import type { Reasons } from "../booking_record/history.ts";
import { fieldFault } from "../errors.ts";
import type { Booking } from "../models/booking.ts";
import { readRates } from "../rates/prices.ts";
import type { Override } from "../rates/restrictions.ts";
import { markRoomDirty } from "./housekeeping.ts";
import { roomRequestOf } from "./nights/allocate_nights.ts";
import { type Night, readNights, roomIdsOf, writeNights } from "./nights/nights.ts";
import { housekeepingOf, restoreHousekeeping, type RoomStates } from "./undo/restore_housekeeping.ts";
import { requireArrivalUnlessAccepted } from "./rules/accepted_stays.ts";
import { illegalTransition } from "./rules/booking_state.ts";
import { requireClean } from "./rules/clean_room.ts";
import { requireFit, requireOpen, requireReady, requireUnlocked } from "../allocation/room_rules.ts";
import { firstNightToMove, nothingToMove } from "./rules/stay_progress.ts";

/** A booking and the room to which it moves. */
interface RoomMove {
  readonly booking: Booking;
  readonly nights: readonly Night[];
  readonly to: string;
  /** The first night that changes its room. */
  readonly first: Day;
}

/** The request for one move of several. */
interface MoveRequest {
  readonly bookingId: string;
  readonly roomId: string;
}

/** Rules that a move can break, if the request says so. */
interface Exceptions {
  /** Whether the desk accepts a dirty room. The policy `warn` asks for this. */
  readonly accepted?: boolean | undefined;
  /** Overrides the restrictions of another room type. */
  readonly override?: Override | undefined;
  /** The housekeeping that rooms get after the move. */
  readonly states?: RoomStates | undefined;
}

/** The facts that the way back of a move needs. */
interface MoveFacts {
  /** The room of the booking before. */
  readonly roomId: string;
  /** The housekeeping before, of the rooms that guests in house left or got. */
  readonly states: RoomStates;
}

/**
 * Moves a booking from tonight on, or from its arrival if the stay has not begun. A night that the guest has slept
 * keeps its room, even if its day is not closed. Restrictions of another room type apply to a stay that has not begun.
 */
export async function move(
  trx: Trx,
  change: ChangeContext,
  bookingId: string,
  roomId: string,
  { accepted = false, override, states }: Exceptions = {},
): Promise<MoveFacts> {
  const result = await moveBookings(trx, change, [{ bookingId, roomId }], "move", override);
  await requireCleanRooms(trx, result, accepted);
  await restoreHousekeeping(trx, change.actor.tenantId, states);
  return moveFacts(result);
}

function moveFacts({ moves, rooms }: MoveResult): MoveFacts {
  const [first] = moves;
  if (first === undefined) throw new Error("A move must have a booking.");
  const inHouse = moves.filter(({ booking, to }) => booking.status === "in_house" && booking.room_id !== to);
  const touched = inHouse.flatMap(({ booking, to }) => [rooms.get(booking.room_id), rooms.get(to)]);
  return { roomId: first.booking.room_id, states: housekeepingOf(...touched) };
}

/** Exchanges the rooms of two bookings, for the nights that each of them has ahead. */
export async function swap(
  trx: Trx,
  change: ChangeContext,
  bookingId: string,
  otherId: string,
  { accepted = false, override, states }: Exceptions = {},
): Promise<MoveFacts> {
  if (bookingId === otherId) throw fieldFault("body", "/other_booking_id", "is the booking itself");
  const { bookings, hotel } = await lockBookings(trx, change, [bookingId, otherId]);
  const rooms = bookings.map(({ room_id }) => room_id).reverse();
  const moves = await readRoomMoves(trx, change, hotel, bookings, rooms);
  const before = await applyRoomMoves(trx, change, { moves, today: hotel.business_date }, "swap", override);
  await requireCleanRooms(trx, { moves, rooms: before }, accepted);
  await restoreHousekeeping(trx, change.actor.tenantId, states);
  return moveFacts({ moves, rooms: before });
}

/**
 * Applies the policy on dirty rooms to each guest in house who has changed rooms.
 * @throws Problem ROOM_NOT_CLEAN
 */
async function requireCleanRooms(trx: Trx, { moves, rooms }: MoveResult, accepted: boolean): Promise<void> {
  for (const { booking, to, first } of moves) {
    if (booking.status !== "in_house" || booking.room_id === to) continue;
    await requireClean(trx, booking, rooms.get(to), { firstNight: first, accepted });
  }
}

interface MoveResult {
  readonly moves: readonly RoomMove[];
  /** The rooms as they were before the moves. */
  readonly rooms: LockedRooms;
}

/** Moves several bookings at once, so that they can exchange rooms. @param action the name in the history */
export async function moveBookings(
  trx: Trx,
  change: ChangeContext,
  requests: readonly MoveRequest[],
  action: string,
  override?: Override,
): Promise<MoveResult> {
  const ids = requests.map(({ bookingId }) => bookingId);
  const { bookings, hotel } = await lockBookings(trx, change, ids);
  const to = requests.map(({ roomId }) => roomId);
  const moves = await readRoomMoves(trx, change, hotel, bookings, to);
  const rooms = await applyRoomMoves(trx, change, { moves, today: hotel.business_date }, action, override);
  return { moves, rooms };
}

/** Reads the nights of each booking and checks that it can move. @param roomIds the room of each booking, in order */
async function readRoomMoves(
  trx: Trx,
  { now }: ChangeContext,
  hotel: HotelSettings,
  bookings: readonly Booking[],
  roomIds: readonly string[],
): Promise<RoomMove[]> {
  const moves: RoomMove[] = [];
  for (const [index, booking] of bookings.entries()) {
    const to = roomIds[index];
    if (to === undefined) throw new Error("Each booking must have a room to move to.");
    const first = firstNightToMove(booking, hotel, now);
    requireMovable(booking, first, hotel.business_date);
    moves.push({ booking, nights: await readNights(trx, booking), to, first });
  }
  return moves;
}

function requireMovable(booking: Booking, first: Day, today: Day): void {
  if (booking.status !== "confirmed" && booking.status !== "in_house") throw illegalTransition(booking, today);
  requireUnlocked(booking);
  if (first >= booking.departure) throw nothingToMove(booking.departure, today);
}

/**
 * Moves bookings together. It frees all nights before it takes any, so that bookings can exchange rooms. A booking
 * that is already in its room is left out, and gets no history entry.
 * @param requested the moves, with their bookings locked
 * @returns the rooms as they were before the moves
 */
async function applyRoomMoves(
  trx: Trx,
  change: ChangeContext,
  { moves: requested, today }: { readonly moves: readonly RoomMove[]; readonly today: Day },
  action: string,
  override: Override | undefined,
): Promise<LockedRooms> {
  const [first] = requested;
  if (first === undefined) return new LockedRooms([]);
  const { hotel_id: hotelId } = first.booking;
  const from = requested.flatMap(({ booking, nights }) => [booking.room_id, ...roomIdsOf(nights)]);
  const rooms = await lockRooms(trx, hotelId, [...new Set([...from, ...requested.map(({ to }) => to)])]);
  for (const { booking, to } of requested) requireFit(rooms.get(to), booking);
  const moves = requested.filter(({ booking, to }) => to !== booking.room_id);
  const reasons = await checkNewStays(trx, { moves, rooms, today, override });
  await reallocateNights(trx, hotelId, moves);
  // During a swap both rooms are briefly double-occupied, so PostgreSQL checks the constraint at the end.
  await trx.raw("SET CONSTRAINTS pms.one_party_in_house DEFERRED");
  const inHouse = moves.filter(({ booking }) => booking.status === "in_house");
  const leaving = new Set(inHouse.map(({ booking }) => booking.booking_id));
  for (const { to } of inHouse) await requireReady(trx, rooms.get(to), leaving);
  for (const { booking, to } of moves) {
    await updateBooking(trx, change, action, booking, { room_id: to }, reasons.get(booking.booking_id));
    if (booking.status === "in_house") await markRoomDirty(trx, booking);
  }
  return rooms;
}

interface CheckedMoves {
  readonly moves: readonly RoomMove[];
  readonly rooms: LockedRooms;
  readonly today: Day;
  readonly override: Override | undefined;
}

/**
 * Checks that each stay that has not begun can begin in its other room.
 * @returns the reasons for the history, by booking
 * @throws Problem ROOM_NOT_READY, CLOSED_TO_ARRIVAL, MINIMUM_STAY
 */
async function checkNewStays(
  trx: Trx,
  { moves, rooms, today, override }: CheckedMoves,
): Promise<ReadonlyMap<string, Reasons | undefined>> {
  const reasons = new Map<string, Reasons | undefined>();
  for (const { booking, to } of moves) {
    if (booking.status !== "confirmed") continue;
    const { hotel_id: hotelId, arrival, departure } = booking;
    const room = rooms.get(to);
    requireOpen(room, arrival, today);
    const { room_type_id: roomTypeId } = room;
    if (roomTypeId === rooms.get(booking.room_id).room_type_id) continue;
    const rates = await readRates(trx, hotelId, { from: arrival, to: departure, roomTypeId });
    override?.begin();
    await requireArrivalUnlessAccepted(trx, booking, rates, { roomTypeId, arrival, departure }, override);
    reasons.set(booking.booking_id, override?.reasons);
  }
  return reasons;
}

/** Frees the nights of all bookings, then takes them again, from the first moved night on in the other room. */
async function reallocateNights(trx: Trx, hotelId: string, moves: readonly RoomMove[]): Promise<void> {
  const ids = moves.map(({ booking }) => booking.booking_id);
  await freeNights(trx, hotelId, ids);
  for (const { booking, nights, to, first } of moves) {
    // Nights that are over keep their room, slept or not: another party can have had the other room then.
    const moved = nights.map((night) => (night.date < first ? night : { ...night, room_id: to }));
    const owner = { bookingId: booking.booking_id };
    await takeNights(trx, hotelId, owner, roomRequestOf(booking, first), segmentsOf(moved));
    await writeNights(trx, booking, moved, "amend");
  }
}
