/**
 * Repacking: where no single room of a type is free for a whole stay, moving stays that have not begun may make one free.
 *
 * The search asks for the fewest moves: none is tried before one, one before two, and so on (iterative deepening). To
 * place a stay, it takes a room in which nothing that can't move is in the way, puts the stay there, and places what was
 * in the way elsewhere, in the same manner. A stay that was placed is not moved again, so it ends; and it is bounded in
 * moves and in steps, for the question in general is as hard as colouring a graph. Not to find a way does not prove that
 * there is none, and the answer does not say so.
 *
 * What may move: bookings that are confirmed, begin on the business date or later, are not locked to their room, and lie
 * in one room of the type. They keep their prices.
 */
import { createHash } from "node:crypto";

import { type Day, type ProblemDetails, type Trx } from "../../../core/mod.ts";
import type { RoomQuestion } from "./room_choice.ts";

/** Who has a room of the type on which nights. */
export interface Tenure {
  /** Null for a closure. */
  readonly booking_id: string | null;
  readonly room_id: string;
  readonly arrival: Day;
  readonly departure: Day;
  readonly movable: boolean;
}

export interface RepackMove {
  readonly booking_id: string;
  readonly from_room_id: string;
  readonly to_room_id: string;
}

/** Which room becomes free for the stay, by which moves. */
export interface RepackPlan {
  /** Tells this plan from any other. */
  readonly plan: string;
  readonly room_id: string;
  readonly moves: readonly RepackMove[];
}

const mostMoves = 6;
/** Of one search: some milliseconds for a hundred rooms, a tenth of a second for two thousand. */
const mostSteps = 500;

/** Finds the fewest moves after which a room is free for the stay; undefined where none were found. */
export function planRepack(
  rooms: readonly string[],
  tenures: readonly Tenure[],
  stay: { readonly arrival: Day; readonly departure: Day },
): RepackPlan | undefined {
  for (let moves = 0; moves <= mostMoves; moves += 1) {
    const search = new Search(rooms, tenures);
    const newcomer: Stay = { ...stay, booking_id: null, from: null };
    if (search.place(newcomer, moves)) return search.plan(newcomer);
    if (search.exhausted) return undefined;
  }
  return undefined;
}

interface Stay {
  readonly booking_id: string | null;
  /** Where it was; null for the newcomer. */
  readonly from: string | null;
  readonly arrival: Day;
  readonly departure: Day;
}

class Search {
  readonly #inRoom = new Map<string, readonly Tenure[]>();
  readonly #placed = new Map<Stay, string>();
  /** How to take back what was tried, the latest last. */
  readonly #undo: (() => void)[] = [];
  #steps = 0;
  exhausted = false;

  constructor(rooms: readonly string[], tenures: readonly Tenure[]) {
    for (const room of rooms) this.#inRoom.set(room, []);
    for (const tenure of tenures) {
      const others = this.#inRoom.get(tenure.room_id);
      if (others !== undefined) this.#inRoom.set(tenure.room_id, [...others, tenure]);
    }
  }

  /** Puts a stay into a room, by so many moves of others at most. Leaves everything as it was where it can't. */
  place(stay: Stay, moves: number): boolean {
    const ways = [...this.#inRoom.keys()]
      .filter((room) => room !== stay.from)
      .map((room) => ({ room, obstacles: this.#obstacles(room, stay) }))
      .filter(({ obstacles }) => obstacles.length <= moves && obstacles.every(({ movable }) => movable))
      // What disturbs the fewest first.
      .sort((a, b) => a.obstacles.length - b.obstacles.length);
    for (const { room, obstacles } of ways) {
      this.#steps += 1;
      if (this.#steps > mostSteps) {
        this.exhausted = true;
        return false;
      }
      const mark = this.#undo.length;
      if (this.#tryRoom(stay, room, obstacles, moves)) return true;
      while (this.#undo.length > mark) this.#undo.pop()?.();
    }
    return false;
  }

  #tryRoom(stay: Stay, room: string, obstacles: readonly Tenure[], moves: number): boolean {
    const tenures = this.#inRoom.get(room) ?? [];
    // Placed for good: nothing moves it again.
    const own: Tenure = { ...stay, room_id: room, movable: false };
    this.#inRoom.set(room, [...tenures.filter((tenure) => !obstacles.includes(tenure)), own]);
    this.#placed.set(stay, room);
    this.#undo.push(() => {
      this.#inRoom.set(room, tenures);
      this.#placed.delete(stay);
    });
    let left = moves - obstacles.length;
    return obstacles.every(({ booking_id, arrival, departure }) => {
      const used = this.#placed.size;
      if (!this.place({ booking_id, from: room, arrival, departure }, left)) return false;
      // Every stay that was placed beside this one has cost a move.
      left -= this.#placed.size - used - 1;
      return true;
    });
  }

  #obstacles(room: string, { arrival, departure }: Stay): Tenure[] {
    return (this.#inRoom.get(room) ?? []).filter((one) => one.arrival < departure && one.departure > arrival);
  }

  plan(newcomer: Stay): RepackPlan {
    const room = this.#placed.get(newcomer) as string;
    const moves = [...this.#placed]
      .filter(([{ booking_id }]) => booking_id !== null)
      .map(([{ booking_id, from }, to]) => ({
        booking_id: booking_id as string,
        from_room_id: from as string,
        to_room_id: to,
      }))
      .sort((a, b) => (a.booking_id < b.booking_id ? -1 : 1));
    const plan = createHash("sha256")
      .update(JSON.stringify([room, moves]))
      .digest("base64url")
      .slice(0, 22);
    return { plan, room_id: room, moves };
  }
}

/** The rooms of a type that are sold, and who has them around a stay. */
export async function readTenures(
  trx: Trx,
  { hotelId, roomTypeId, arrival, departure }: RoomQuestion,
  today: Day,
): Promise<{ rooms: string[]; tenures: Tenure[] }> {
  const rooms = (await trx("pms.rooms")
    .where({ hotel_id: hotelId, room_type_id: roomTypeId })
    .whereNot({ status: "out_of_order" })
    .orderBy(["sort_key", "room_id"])
    .select("room_id")) as { room_id: string }[];
  // Whoever overlaps the stay may be moved, and then meets others: so all who overlap the widest of those. What reaches
  // beyond stays where it is, for there it might meet somebody who was not read.
  const { rows } = (await trx.raw(
    `WITH of_hotel AS MATERIALIZED (
       SELECT booking_id, room_id, arrival, departure FROM pms.occupancies
       WHERE hotel_id = ? AND departure - arrival <= 31 AND arrival > ?::date - 31 AND departure > ?::date
       UNION ALL
       SELECT booking_id, room_id, arrival, departure FROM pms.occupancies
       WHERE hotel_id = ? AND departure - arrival > 31 AND departure > ?::date
     ), of_type AS (
       SELECT o.* FROM of_hotel o JOIN pms.rooms r ON r.hotel_id = ? AND r.room_id = o.room_id
       WHERE r.room_type_id = ?
     ), near AS (
       SELECT least(min(arrival), ?::date) AS arrival, greatest(max(departure), ?::date) AS departure FROM of_type
       WHERE arrival < ?::date AND departure > ?::date
     )
     SELECT o.booking_id, o.room_id, o.arrival, o.departure,
       coalesce(b.status = 'confirmed' AND NOT b.room_locked AND b.arrival >= ?::date
         AND b.arrival = o.arrival AND b.departure = o.departure
         AND o.arrival >= near.arrival AND o.departure <= near.departure, false) AS movable
     FROM of_type o JOIN near ON o.arrival < near.departure AND o.departure > near.arrival
     LEFT JOIN pms.bookings b ON b.hotel_id = ? AND b.booking_id = o.booking_id
     ORDER BY o.arrival, o.room_id`,
    [
      hotelId,
      today,
      today,
      hotelId,
      today,
      hotelId,
      roomTypeId,
      arrival,
      departure,
      departure,
      arrival,
      today,
      hotelId,
    ],
  )) as { rows: Tenure[] };
  return { rooms: rooms.map(({ room_id }) => room_id), tenures: rows };
}

/** What a refused booking is told: that moves would make room, where they would. */
export async function offerRepacking(trx: Trx, question: RoomQuestion, today: Day): Promise<ProblemDetails> {
  const { rooms, tenures } = await readTenures(trx, question, today);
  const plan = planRepack(rooms, tenures, question);
  return plan === undefined ? {} : { members: { repack: plan } };
}
