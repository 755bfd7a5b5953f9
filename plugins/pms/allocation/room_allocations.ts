/** Reads the input of a repacking: the rooms of a type, and their allocations around a stay. */
import { addDays, type Day, latestDay, prepare, type Trx } from "../../../core/mod.ts";
import { isOpenOn } from "./allocations.ts";
import type { RoomSearch } from "./choose_room.ts";

/** Consecutive nights of one booking or closure in one room. */
export interface RoomAllocation {
  /** Null for a closure. */
  readonly booking_id: string | null;
  readonly room_id: string;
  readonly arrival: Day;
  readonly departure: Day;
  readonly movable: boolean;
}

/** The most rooms that one search reads, ordered by number. A plan that needs only these is valid. */
const maxRooms = 500;
/** The most rows that one search reads. A full type of 300 rooms has about as many in a month. */
export const maxAllocations = 3000;
/**
 * In nights. If there are more rows, stays longer than this are not moved, so the rows around them are not read.
 */
const shortStay = 7;

const roomsSql = `SELECT room_id, sort_key, status, retired_from FROM pms.rooms
   WHERE hotel_id = $1 AND room_type_id = $2 AND status <> 'out_of_order'
   ORDER BY sort_key, room_id LIMIT ${maxRooms}`;

interface SearchedRoom {
  readonly room_id: string;
  readonly status: string;
  readonly retired_from: Day | null;
}

const roomsStatement = prepare<SearchedRoom>("pms_repack_rooms", roomsSql);

/**
 * Makes SQL that reads the allocations of a room that overlap `[from, to)`. Allocations of one room never overlap.
 * So only the last one that began before the range can reach into it, and the index is read no further back.
 */
const overlapping = (from: string, to: string): string => `LATERAL (
     SELECT * FROM (
       SELECT booking_id, arrival, departure FROM pms.occupancies
       WHERE hotel_id = $1 AND room_id = r.room_id AND arrival < ${from} ORDER BY arrival DESC LIMIT 1
     ) AS before WHERE departure > ${from}
     UNION ALL
     SELECT booking_id, arrival, departure FROM pms.occupancies
     WHERE hotel_id = $1 AND room_id = r.room_id AND arrival >= ${from} AND arrival < ${to}
   ) AS o`;

/**
 * Bookings that overlap the stay can move, and then they can meet other allocations. So this reads all allocations that
 * overlap the widest range of those bookings. A booking that reaches beyond that range is not movable, because it could
 * meet an allocation that was not read.
 */
const allocationsStatement = prepare<RoomAllocation>(
  "pms_repack_allocations",
  `WITH rooms AS MATERIALIZED (${roomsSql}
   ), touching AS MATERIALIZED (
     SELECT o.arrival, o.departure FROM rooms r, ${overlapping("$3::date", "$4::date")} LIMIT ${maxAllocations + 1}
   ), near AS MATERIALIZED (
     SELECT greatest(least(min(arrival), $3::date), $5::date) AS arrival,
       greatest(max(departure), $4::date) AS departure
     FROM touching WHERE departure - arrival <= $6::int
   ), around AS MATERIALIZED (
     SELECT r.sort_key, r.room_id, o.*, near.arrival AS earliest, near.departure AS latest
     FROM near, rooms r, ${overlapping("near.arrival", "near.departure")} LIMIT ${maxAllocations + 1}
   )
   SELECT a.booking_id, a.room_id, a.arrival, a.departure, coalesce(b.can_move AND b.arrival = a.arrival
     AND b.departure = a.departure AND a.arrival >= a.earliest AND a.departure <= a.latest, false) AS movable
   FROM around a
   LEFT JOIN LATERAL (
     SELECT arrival, departure, status = 'confirmed' AND NOT room_locked AND arrival >= $5::date AS can_move
     FROM pms.bookings WHERE hotel_id = $1 AND booking_id = a.booking_id OFFSET 0
   ) AS b ON true
   ORDER BY a.sort_key, a.room_id, a.arrival`,
);

/**
 * Reads the rooms of a type that are not out of order, and their allocations around a stay.
 * @param today the business date. Stays that began before it are not movable
 * @returns undefined if even the nights next to the stay have more than `maxAllocations` allocations
 */
export async function readAllocations(
  trx: Trx,
  { hotelId, roomTypeId, arrival, departure }: RoomSearch,
  today: Day,
): Promise<{ rooms: string[]; allocations: RoomAllocation[] } | undefined> {
  const rooms = await roomsStatement.run(trx, [hotelId, roomTypeId]);
  // A CHECK limits allocations to 1,000 nights.
  for (const longest of [1000, shortStay]) {
    const values = [hotelId, roomTypeId, arrival, departure, today, longest];
    const allocations = await allocationsStatement.run(trx, values);
    if (allocations.length > maxAllocations) continue;
    return {
      rooms: rooms.map(({ room_id }) => room_id),
      allocations: closeTonight(rooms, withRetirements(rooms, allocations), today),
    };
  }
  return undefined;
}

/**
 * Closes rooms out of service for the night of the business date, so that the search puts no stay into them.
 * A booking that has such a room that night is not movable, because the search could give the freed night away.
 */
function closeTonight(
  rooms: readonly SearchedRoom[],
  allocations: readonly RoomAllocation[],
  today: Day,
): RoomAllocation[] {
  const closed = new Set(rooms.filter((room) => !isOpenOn(room, today, today)).map(({ room_id }) => room_id));
  const isTonight = ({ room_id, arrival, departure }: RoomAllocation): boolean =>
    closed.has(room_id) && arrival <= today && today < departure;
  const allocated = new Set(allocations.filter(isTonight).map(({ room_id }) => room_id));
  const closures = [...closed]
    .filter((room) => !allocated.has(room))
    .map((room) => ({ booking_id: null, room_id: room, arrival: today, departure: addDays(today, 1), movable: false }));
  return [
    ...allocations.map((allocation) => (isTonight(allocation) ? { ...allocation, movable: false } : allocation)),
    ...closures,
  ];
}

/** Adds an endless closure to each retired room, and cuts off closures after the retirement: they must not overlap. */
function withRetirements(rooms: readonly SearchedRoom[], allocations: RoomAllocation[]): RoomAllocation[] {
  const retired = new Map(rooms.map(({ room_id, retired_from }) => [room_id, retired_from]));
  const beforeRetirement = allocations.flatMap((allocation): RoomAllocation[] => {
    const day = retired.get(allocation.room_id) ?? null;
    if (day === null || allocation.departure <= day) return [allocation];
    return allocation.arrival < day ? [{ ...allocation, departure: day }] : [];
  });
  const ends = rooms.flatMap(({ room_id, retired_from }): RoomAllocation[] =>
    retired_from === null
      ? []
      : [{ booking_id: null, room_id, arrival: retired_from, departure: latestDay, movable: false }],
  );
  return [...beforeRetirement, ...ends];
}
