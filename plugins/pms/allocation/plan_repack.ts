/**
 * Repacking: where no single room of a type is free for a whole stay, moving stays that have not begun may make one free.
 *
 * The search asks for the fewest moves: none is tried before one, one before two, and so on (iterative deepening). To
 * place a stay, it takes a room in which nothing that can't move is in the way, puts the stay there, and places what was
 * in the way elsewhere, in the same manner. A stay that was placed is not moved again, so it ends.
 *
 * The search in general is as hard as coloring a graph, and the search runs on the event loop, for a desk that was
 * refused. So its work is bounded, not its result: it reads so many allocations at most (`allocations.ts`), and looks at so many
 * of them at most, all depths together. Not to find a way does not prove that there is none, and the answer does not say
 * so.
 *
 * What may move: bookings that are confirmed, begin on the business date or later, are not locked to their room, and lie
 * in one room of the type. They keep their prices.
 */
import { createHash } from "node:crypto";

import { type Day, type ProblemDetails, type Trx } from "../../../core/mod.ts";
import type { RoomSearch } from "./choose_room.ts";
import { readAllocations, type RoomAllocation } from "./room_allocations.ts";

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
/** Looks at a allocation or a room, of one whole search: 2 to 18 ms, measured on a shared core with 3,000 allocations. */
export const mostLooks = 100_000;

/** Finds the fewest moves after which a room is free for the stay; undefined where none were found. */
export function planRepack(
  rooms: readonly string[],
  allocations: readonly RoomAllocation[],
  stay: { readonly arrival: Day; readonly departure: Day },
): RepackPlan | undefined {
  const search = new Search(rooms, allocations);
  const newcomer: Stay = { ...stay, booking_id: null, from: null };
  for (let moves = 0; moves <= mostMoves && !search.exhausted; moves += 1) {
    if (search.place(newcomer, moves)) return search.plan(newcomer);
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

/** A room that a stay could have once these allocations are out of it. They follow one another from `index` on. */
interface Way {
  readonly room: string;
  readonly index: number;
  readonly obstacles: readonly RoomAllocation[];
}

class Search {
  /** The allocations of each room, in the order of their arrivals, which is that of their departures too. */
  readonly #inRoom = new Map<string, readonly RoomAllocation[]>();
  readonly #placed = new Map<Stay, string>();
  /** How to take back what was tried, the latest last. */
  readonly #undo: (() => void)[] = [];
  #looks = 0;

  constructor(rooms: readonly string[], allocations: readonly RoomAllocation[]) {
    const inRoom = new Map<string, RoomAllocation[]>(rooms.map((room) => [room, []]));
    for (const allocation of allocations) inRoom.get(allocation.room_id)?.push(allocation);
    for (const [room, own] of inRoom) {
      this.#inRoom.set(
        room,
        own.sort((a, b) => (a.arrival < b.arrival ? -1 : 1)),
      );
    }
  }

  get exhausted(): boolean {
    return this.#looks > mostLooks;
  }

  /** Puts a stay into a room, by so many moves of others at most. Leaves everything as it was where it can't. */
  place(stay: Stay, moves: number): boolean {
    for (const way of this.#waysFor(stay, moves)) {
      if (this.exhausted) return false;
      const mark = this.#undo.length;
      if (this.#take(stay, way, moves)) return true;
      while (this.#undo.length > mark) this.#undo.pop()?.();
    }
    return false;
  }

  /** The rooms that a stay could have, those first where it disturbs the fewest; a free room is enough. */
  #waysFor(stay: Stay, moves: number): Way[] {
    const ways: Way[] = [];
    for (const [room, allocations] of this.#inRoom) {
      if (this.exhausted) return [];
      if (room === stay.from) continue;
      const way = this.#wayInto(room, allocations, stay, moves);
      if (way?.obstacles.length === 0) return [way];
      if (way !== undefined) ways.push(way);
    }
    return ways.sort((a, b) => a.obstacles.length - b.obstacles.length);
  }

  /** What would have to leave a room; undefined where that is more than may move. */
  #wayInto(room: string, allocations: readonly RoomAllocation[], stay: Stay, moves: number): Way | undefined {
    const index = this.#firstAfter(allocations, stay.arrival);
    const obstacles: RoomAllocation[] = [];
    for (let at = index; at < allocations.length; at += 1) {
      this.#looks += 1;
      const allocation = allocations[at] as RoomAllocation;
      if (allocation.arrival >= stay.departure) break;
      if (!allocation.movable || obstacles.length === moves) return undefined;
      obstacles.push(allocation);
    }
    return { room, index, obstacles };
  }

  /** Where the first allocation is that departs after a day (binary search). */
  #firstAfter(allocations: readonly RoomAllocation[], day: Day): number {
    let [low, high] = [0, allocations.length];
    this.#looks += 1;
    while (low < high) {
      this.#looks += 1;
      const middle = (low + high) >> 1;
      if ((allocations[middle] as RoomAllocation).departure > day) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #take(stay: Stay, { room, index, obstacles }: Way, moves: number): boolean {
    const allocations = this.#inRoom.get(room) ?? [];
    this.#looks += allocations.length;
    // Placed for good: nothing moves it again.
    const own: RoomAllocation = { ...stay, room_id: room, movable: false };
    this.#inRoom.set(room, allocations.toSpliced(index, obstacles.length, own));
    this.#placed.set(stay, room);
    this.#undo.push(() => {
      this.#inRoom.set(room, allocations);
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

/** Reads what there is to search, and searches it; undefined where nothing was found. */
export async function findRepack(trx: Trx, search: RoomSearch, today: Day): Promise<RepackPlan | undefined> {
  const read = await readAllocations(trx, search, today);
  return read === undefined ? undefined : planRepack(read.rooms, read.allocations, search);
}

/** What a refused booking is told: that moves would make room, where they would. */
export async function offerRepacking(trx: Trx, search: RoomSearch, today: Day): Promise<ProblemDetails> {
  const plan = await findRepack(trx, search, today);
  return plan === undefined ? {} : { members: { repack: plan } };
}
