/**
 * Allocates rooms to nights. Each path that takes or frees a night calls these functions.
 *
 * They work in one order:
 * 1. Lock the booking's row.
 * 2. Lock the rows of the rooms, all at once, ordered by id.
 * 3. Read which nights are free.
 * 4. Write.
 *
 * The locks make writers of one room wait for each other, so what a writer read is still true when it writes. Without
 * them, concurrent writers meet in the exclusion constraint, and PostgreSQL can only end some of them as deadlocked.
 * The constraint remains as the check that no code can skip.
 *
 * The allocations of a confirmed or in-house booking are exactly the runs of its nights that are not released.
 */
import { addDays, type Day, eachDay, newId, prepare, type Trx, query } from "../../../core/mod.ts";
import { noSuchRoom, pmsProblems } from "../errors.ts";
import type { HousekeepingState } from "../models/room.ts";
import { freeRooms } from "./free_rooms.ts";

export interface LockedRoom {
  readonly hotel_id: string;
  readonly room_id: string;
  readonly room_number: string;
  readonly room_type_id: string;
  readonly capacity: number;
  /** The price of a night without a day rate, as PostgreSQL writes a `numeric`. */
  readonly rate: string;
  readonly status: string;
  readonly housekeeping: HousekeepingState;
  /** The first night for which the room is no longer part of the hotel. */
  readonly retired_from: Day | null;
}

/** Says whether a new stay can have a room. Does not look for other stays. @param today the business date */
export function isSellable(
  room: LockedRoom,
  { arrival, departure }: { readonly arrival: Day; readonly departure: Day },
  today: Day,
): boolean {
  return room.status !== "out_of_order" && !isRetired(room, departure) && isOpenOn(room, arrival, today);
}

/**
 * Says whether a stay can begin in a room on a day. A room out of service is sold for later days. Today no guest can
 * use it, so a stay that begins on the business date or earlier does not get it.
 */
export function isOpenOn({ status }: Pick<LockedRoom, "status">, arrival: Day, today: Day): boolean {
  return status !== "out_of_service" || arrival > today;
}

/** Says whether a room is retired on one of the nights before a departure. */
export function isRetired({ retired_from: day }: Pick<LockedRoom, "retired_from">, departure: Day): boolean {
  return day !== null && departure > day;
}

export const lockedRoomColumns =
  "r.hotel_id, r.room_id, r.room_number, r.room_type_id, t.capacity, coalesce(r.rate, t.rate) AS rate, " +
  "r.status, r.housekeeping, r.retired_from";

const lockRoomsStatement = prepare<LockedRoom>(
  "pms_lock_rooms",
  `SELECT ${lockedRoomColumns}
   FROM pms.rooms r JOIN pms.room_types t ON t.hotel_id = r.hotel_id AND t.room_type_id = r.room_type_id
   WHERE r.hotel_id = $1 AND r.room_id = ANY($2::uuid[]) ORDER BY r.room_id FOR NO KEY UPDATE OF r`,
);

/** The rooms that one call locked. */
export class LockedRooms {
  readonly #byId: ReadonlyMap<string, LockedRoom>;

  constructor(rooms: readonly LockedRoom[]) {
    this.#byId = new Map(rooms.map((room) => [room.room_id, room]));
  }

  has(roomId: string): boolean {
    return this.#byId.has(roomId);
  }

  /** @throws Error for a room that the call did not lock, which is a fault of the caller */
  get(roomId: string): LockedRoom {
    const room = this.#byId.get(roomId);
    if (room === undefined) throw new Error(`The room ${roomId} is not locked.`);
    return room;
  }
}

/**
 * Locks the rows of rooms until the end of the transaction, ordered by id so that transactions do not deadlock.
 * @throws Problem NOT_FOUND if the hotel does not have one of the rooms
 */
export async function lockRooms(trx: Trx, hotelId: string, roomIds: readonly string[]): Promise<LockedRooms> {
  const rooms = new LockedRooms(await lockRoomsStatement.run(trx, [hotelId, roomIds]));
  if (!roomIds.every((id) => rooms.has(id))) throw noSuchRoom();
  return rooms;
}

/** Locks one room. @throws Problem NOT_FOUND */
export async function lockRoom(trx: Trx, hotelId: string, roomId: string): Promise<LockedRoom> {
  return (await lockRooms(trx, hotelId, [roomId])).get(roomId);
}

/** One room for the nights `[arrival, departure)`. */
export interface Segment {
  readonly room_id: string;
  readonly arrival: Day;
  readonly departure: Day;
}

/** Joins consecutive nights in one room. @param nights ordered by date */
export function segmentsOf(nights: readonly { readonly date: Day; readonly room_id: string }[]): Segment[] {
  const segments: Segment[] = [];
  for (const { date, room_id } of nights) {
    const last = segments.at(-1);
    const departure = addDays(date, 1);
    if (last?.room_id === room_id && last.departure === date) segments[segments.length - 1] = { ...last, departure };
    else segments.push({ room_id, arrival: date, departure });
  }
  return segments;
}

const takeStatement = prepare<{ occupancy_id: string }>(
  "pms_take_nights",
  `INSERT INTO pms.occupancies (hotel_id, occupancy_id, room_id, arrival, departure, booking_id, reason)
   SELECT $1, s.occupancy_id, s.room_id, s.arrival, s.departure, $6::uuid, $7
   FROM unnest($2::uuid[], $3::uuid[], $4::date[], $5::date[]) AS s (occupancy_id, room_id, arrival, departure)
   WHERE NOT EXISTS (SELECT FROM pms.occupancies o WHERE o.hotel_id = $1 AND o.room_id = s.room_id
     AND o.arrival < s.departure AND o.departure > s.arrival AND o.arrival > s.arrival - 1000)
   RETURNING occupancy_id`,
);

/** The needs of a stay for which ROOM_TAKEN offers other rooms. */
export interface RoomRequest {
  /** The least capacity of an offered room. */
  readonly guests: number;
  /** The first night for which other rooms are offered. In most cases the business date. */
  readonly today: Day;
  /** How the desk can take one of the offered rooms. */
  readonly advice?: string | undefined;
}

/** The booking that gets the nights, or the reason of the closure that does. */
export type AllocationOwner = { readonly bookingId: string } | { readonly reason: string };

/**
 * Allocates nights of locked rooms.
 * @returns the ids of the allocations, in the order of the segments
 * @throws Problem ROOM_TAKEN with the nights in conflict and other rooms that are free
 */
export async function takeNights(
  trx: Trx,
  hotelId: string,
  owner: AllocationOwner,
  request: RoomRequest,
  segments: readonly Segment[],
): Promise<string[]> {
  const ids = segments.map(() => newId());
  const taken = await takeStatement.run(trx, [
    hotelId,
    ids,
    segments.map((segment) => segment.room_id),
    segments.map((segment) => segment.arrival),
    segments.map((segment) => segment.departure),
    "bookingId" in owner ? owner.bookingId : null,
    "reason" in owner ? owner.reason : null,
  ]);
  // Reports only the refused segments: the other ones belong to this owner now, and would look like conflicts.
  const refused = segments.filter((_, index) => !taken.some(({ occupancy_id }) => occupancy_id === ids[index]));
  if (refused.length > 0) throw await roomTaken(trx, hotelId, request, refused);
  return ids;
}

/**
 * Reads and writes for all stays in one statement. Where the nights follow a stay's last allocation in the same room,
 * that allocation becomes longer. OFFSET 0 makes PostgreSQL look at each room by index instead of reading the hotel.
 */
const extendStatement = prepare<{ booking_id: string }>(
  "pms_extend_stays",
  `WITH free AS MATERIALIZED (
     SELECT s.* FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::date[], $6::date[])
       AS s (occupancy_id, booking_id, room_id, arrival, departure)
     WHERE NOT EXISTS (SELECT FROM pms.occupancies o WHERE o.hotel_id = $1 AND o.room_id = s.room_id
       AND o.arrival < s.departure AND o.departure > s.arrival AND o.arrival > s.arrival - 1000 OFFSET 0)
   ), longer AS (
     UPDATE pms.occupancies o SET departure = f.departure FROM free f
     WHERE o.hotel_id = $1 AND o.booking_id = f.booking_id AND o.room_id = f.room_id AND o.departure = f.arrival
     RETURNING o.booking_id
   ), added AS (
     INSERT INTO pms.occupancies (hotel_id, occupancy_id, room_id, arrival, departure, booking_id)
     SELECT $1, f.occupancy_id, f.room_id, f.arrival, f.departure, f.booking_id FROM free f
     WHERE NOT EXISTS (SELECT FROM longer WHERE longer.booking_id = f.booking_id)
   )
   SELECT booking_id FROM free`,
);

/**
 * Adds nights to the ends of several stays. Each stay is in one room, the rooms are locked, and no two stays share one.
 * A stay whose added nights are not free stays as it is.
 * @param nights the added nights of each stay
 * @returns the ids of the bookings that were extended
 */
export async function extendStays(
  trx: Trx,
  hotelId: string,
  nights: readonly (Segment & { readonly booking_id: string })[],
): Promise<ReadonlySet<string>> {
  const longer = await extendStatement.run(trx, [
    hotelId,
    nights.map(() => newId()),
    nights.map(({ booking_id }) => booking_id),
    nights.map(({ room_id }) => room_id),
    nights.map(({ arrival }) => arrival),
    nights.map(({ departure }) => departure),
  ]);
  return new Set(longer.map(({ booking_id }) => booking_id));
}

/** Frees all nights of bookings. */
export async function freeNights(trx: Trx, hotelId: string, bookingIds: readonly string[]): Promise<void> {
  await trx("pms.occupancies").where({ hotel_id: hotelId }).whereIn("booking_id", bookingIds).delete();
}

interface Conflict {
  readonly room_number: string;
  readonly room_type_id: string;
  readonly date: Day;
}

/** Makes the problem for rooms that are not free: the nights in conflict, and up to five rooms that are free. */
export async function roomTaken(trx: Trx, hotelId: string, request: RoomRequest, segments: readonly Segment[]) {
  const rows = await query<Conflict>(
    trx,
    `SELECT r.room_number, r.room_type_id, night::date AS date
     FROM unnest(?::uuid[], ?::date[], ?::date[]) AS s (room_id, arrival, departure)
     JOIN pms.occupancies o ON o.hotel_id = ? AND o.room_id = s.room_id
       AND o.arrival < s.departure AND o.departure > s.arrival AND o.arrival > s.arrival - 1000
     JOIN pms.rooms r ON r.hotel_id = o.hotel_id AND r.room_id = o.room_id,
     LATERAL generate_series(
       greatest(o.arrival, s.arrival), least(o.departure, s.departure) - 1, interval '1 day'
     ) AS night
     ORDER BY date`,
    [
      segments.map((segment) => segment.room_id),
      segments.map((segment) => segment.arrival),
      segments.map((segment) => segment.departure),
      hotelId,
    ],
  );
  const nights = [...new Set(rows.map(({ date }) => date))];
  const number = rows[0]?.room_number ?? "";
  const offered = await roomsInstead(trx, hotelId, request, segments, rows[0]?.room_type_id);
  const advice = request.advice === undefined || offered.length === 0 ? "" : ` ${request.advice}`;
  return pmsProblems.ROOM_TAKEN(`Room ${number} is taken on ${nights.join(", ")}.${advice}`, {
    members: { nights, free_rooms: offered },
  });
}

/** Finds rooms that are free on all remaining nights of the segments. Rooms of the preferred type come first. */
async function roomsInstead(
  trx: Trx,
  hotelId: string,
  { guests, today }: RoomRequest,
  segments: readonly Segment[],
  preferredTypeId: string | undefined,
) {
  const days = segments.flatMap((segment) => eachDay(segment.arrival, segment.departure)).sort();
  const [arrival, last] = [days.find((day) => day >= today), days.at(-1)];
  if (arrival === undefined || last === undefined) return [];
  const departure = addDays(last, 1);
  const free = await freeRooms(trx, { hotelId, arrival, departure, guests, preferredTypeId, limit: 5 });
  return free.map(({ room_id, room_number, room_type_id }) => ({ room_id, room_number, room_type_id }));
}
