/**
 * Who has which room on which nights. Every path that takes or frees a night goes through these few functions.
 *
 * The order is always the same: lock the room's row, then look, then write. The lock makes writers of one room queue up,
 * so the look is not stale; without it, racers meet in the exclusion constraint, which PostgreSQL can only resolve by
 * killing some of them as deadlocked. The constraint stays as the guard that no code can forget.
 */
import { addDays, type Day, prepare, type Trx } from "../../core/mod.ts";
import { freeRooms } from "./availability.ts";
import { noSuchRoom, pmsProblems } from "./errors.ts";

export interface LockedRoom {
  readonly room_id: string;
  readonly room_number: string;
  readonly room_type_id: string;
  readonly capacity: number;
  /** Of one night, as PostgreSQL's numeric text. */
  readonly rate: string;
  readonly status: string;
}

const lockRoomStatement = prepare<LockedRoom>(
  "pms_lock_room",
  `SELECT r.room_id, r.room_number, r.room_type_id, t.capacity, coalesce(r.rate, t.rate) AS rate, r.status
   FROM pms.rooms r JOIN pms.room_types t ON t.hotel_id = r.hotel_id AND t.room_type_id = r.room_type_id
   WHERE r.hotel_id = $1 AND r.room_id = $2 FOR NO KEY UPDATE OF r`,
);

/** Locks a room's nights until the end of the transaction. @throws Problem NOT_FOUND */
export async function lockRoom(trx: Trx, hotelId: string, roomId: string): Promise<LockedRoom> {
  const [room] = await lockRoomStatement.run(trx, [hotelId, roomId]);
  if (room === undefined) throw noSuchRoom();
  return room;
}

/** Each statement looks anew: in read committed, it sees what was committed before it began. */
const freeRoomOfTypeSql = `SELECT r.room_id, r.room_number, r.room_type_id, t.capacity, coalesce(r.rate, t.rate) AS rate, r.status
   FROM pms.rooms r JOIN pms.room_types t ON t.hotel_id = r.hotel_id AND t.room_type_id = r.room_type_id
   WHERE r.hotel_id = $1 AND r.room_type_id = $4 AND r.status <> 'out_of_order'
     AND NOT EXISTS (
       SELECT FROM pms.occupancies o
       WHERE o.hotel_id = $1 AND o.room_id = r.room_id AND o.arrival < $3::date AND o.departure > $2::date)`;

const lockFreeRoomStatement = prepare<LockedRoom>(
  "pms_lock_free_room",
  `${freeRoomOfTypeSql} ORDER BY r.room_number, r.room_id LIMIT 1 FOR NO KEY UPDATE OF r SKIP LOCKED`,
);
const findFreeRoomStatement = prepare<LockedRoom>(
  "pms_find_free_room",
  `${freeRoomOfTypeSql} ORDER BY r.room_number, r.room_id LIMIT 1`,
);

/**
 * Locks a room of a type that looks free. Racers pass by the rooms that others have locked; where every free one is locked,
 * the first of them is waited for, since its holder may yet give it up.
 * @returns undefined where none is free
 */
export async function lockFreeRoom(
  trx: Trx,
  question: { hotelId: string; roomTypeId: string; arrival: Day; departure: Day },
): Promise<LockedRoom | undefined> {
  const { hotelId, roomTypeId, arrival, departure } = question;
  const values = [hotelId, arrival, departure, roomTypeId];
  const [locked] = await lockFreeRoomStatement.run(trx, values);
  if (locked !== undefined) return locked;
  const [free] = await findFreeRoomStatement.run(trx, values);
  return free === undefined ? undefined : lockRoom(trx, hotelId, free.room_id);
}

/** The refusal of a room that is not free, with the nights in conflict and up to five free rooms instead. */
export async function roomTaken(trx: Trx, hotelId: string, room: LockedRoom, arrival: Day, departure: Day) {
  const conflicts = (await trx("pms.occupancies")
    .where({ hotel_id: hotelId, room_id: room.room_id })
    .where("arrival", "<", departure)
    .where("departure", ">", arrival)
    .orderBy("arrival")
    .select("arrival", "departure", "booking_id", "reason")) as {
    arrival: Day;
    departure: Day;
    booking_id: string | null;
    reason: string | null;
  }[];
  const nights = conflicts.flatMap((conflict) =>
    nightsOf(later(conflict.arrival, arrival), earlier(conflict.departure, departure)),
  );
  const instead = await freeRooms(trx, { hotelId, arrival, departure, guests: 1, limit: 200 });
  const sameTypeFirst = [...instead].sort(
    (a, b) => Number(b.room_type_id === room.room_type_id) - Number(a.room_type_id === room.room_type_id),
  );
  return pmsProblems.ROOM_TAKEN(`Room ${room.room_number} is taken on ${nights.join(", ")}.`, {
    members: {
      nights,
      free_rooms: sameTypeFirst
        .slice(0, 5)
        .map(({ room_id, room_number, room_type_id }) => ({ room_id, room_number, room_type_id })),
    },
  });
}

/** Shortens a booking's occupancy so that it ends on a day; nights from that day on are free at once. */
export async function freeNightsFrom(trx: Trx, hotelId: string, bookingId: string, day: Day): Promise<void> {
  const mine = { hotel_id: hotelId, booking_id: bookingId };
  await trx("pms.occupancies").where(mine).where("arrival", ">=", day).delete();
  await trx("pms.occupancies").where(mine).where("departure", ">", day).update({ departure: day });
}

function nightsOf(from: Day, to: Day): Day[] {
  const nights: Day[] = [];
  for (let night = from; night < to; night = addDays(night, 1)) nights.push(night);
  return nights;
}

const later = (a: Day, b: Day): Day => (a > b ? a : b);
const earlier = (a: Day, b: Day): Day => (a < b ? a : b);
