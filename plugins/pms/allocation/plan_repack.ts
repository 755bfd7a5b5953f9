/**
 * Plans a repacking: moves of stays that have not begun, so that one room of a type becomes free for a whole stay.
 *
 * The search tries 0 moves, then 1, then 2, and so on (iterative deepening), so it finds the fewest moves. To place a
 * stay, it takes a room in which each obstacle can move and puts the stay there. Then it places the obstacles in other
 * rooms in the same way. A placed stay is not moved again, so the search ends.
 *
 * The general problem is as hard as coloring a graph, and the search runs on the event loop. Two limits bound its work:
 * the allocations that it reads (`room_allocations.ts`) and the looks that it takes, over all depths together. So a
 * search that finds no plan does not prove that there is none, and the answer does not say so.
 *
 * The search moves only bookings that:
 * - are confirmed,
 * - begin on the business date or later,
 * - are not locked to their room,
 * - spend all nights in one room of the type.
 *
 * They keep their prices.
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

/** The room that becomes free for the stay, and the moves that free it. */
export interface RepackPlan {
  /** Identifies this plan: a hash of the room and the moves. */
  readonly plan: string;
  readonly room_id: string;
  readonly moves: readonly RepackMove[];
}

const maxMoves = 6;
/** The most looks at allocations and rooms in one search: 2 to 18 ms on a shared core with 3,000 allocations. */
export const maxLooks = 100_000;

/** Finds the fewest moves after which a room is free for the stay. @returns undefined if it finds no plan */
export function planRepack(
  rooms: readonly string[],
  allocations: readonly RoomAllocation[],
  stay: { readonly arrival: Day; readonly departure: Day },
): RepackPlan | undefined {
  const search = new Search(rooms, allocations);
  const newcomer: Stay = { ...stay, booking_id: null, from: null };
  for (let moves = 0; moves <= maxMoves && !search.exhausted; moves += 1) {
    if (search.place(newcomer, moves)) return search.plan(newcomer);
  }
  return undefined;
}

interface Stay {
  readonly booking_id: string | null;
  /** The room that the stay leaves. Null for the newcomer. */
  readonly from: string | null;
  readonly arrival: Day;
  readonly departure: Day;
}

/** A room that a stay can have after its obstacles have moved. */
interface Placement {
  readonly room: string;
  /** The position of the first obstacle among the room's allocations. The other ones follow it. */
  readonly index: number;
  readonly obstacles: readonly RoomAllocation[];
}

class Search {
  /** The allocations of each room, ordered by arrival. They do not overlap, so departures have the same order. */
  readonly #inRoom = new Map<string, readonly RoomAllocation[]>();
  readonly #placed = new Map<Stay, string>();
  /** The steps that undo the attempts so far, the latest last. */
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
    return this.#looks > maxLooks;
  }

  /** Puts a stay into a room. @param moves the most moves of other stays @returns false if it changed nothing */
  place(stay: Stay, moves: number): boolean {
    for (const placement of this.#placementsOf(stay, moves)) {
      if (this.exhausted) return false;
      const mark = this.#undo.length;
      if (this.#take(stay, placement, moves)) return true;
      while (this.#undo.length > mark) this.#undo.pop()?.();
    }
    return false;
  }

  /** Finds the rooms that a stay can have, ordered by their obstacles. Stops at the first free room. */
  #placementsOf(stay: Stay, moves: number): Placement[] {
    const placements: Placement[] = [];
    for (const [room, allocations] of this.#inRoom) {
      if (this.exhausted) return [];
      if (room === stay.from) continue;
      const placement = this.#placementIn(room, allocations, stay, moves);
      if (placement?.obstacles.length === 0) return [placement];
      if (placement !== undefined) placements.push(placement);
    }
    return placements.sort((a, b) => a.obstacles.length - b.obstacles.length);
  }

  /** Finds the obstacles of a stay in a room. @returns undefined if one can't move, or there are more than `moves` */
  #placementIn(room: string, allocations: readonly RoomAllocation[], stay: Stay, moves: number): Placement | undefined {
    const index = this.#firstAfter(allocations, stay.arrival);
    const obstacles: RoomAllocation[] = [];
    for (let at = index; ; at += 1) {
      const allocation = allocations[at];
      if (allocation === undefined) break;
      this.#looks += 1;
      if (allocation.arrival >= stay.departure) break;
      if (!allocation.movable || obstacles.length === moves) return undefined;
      obstacles.push(allocation);
    }
    return { room, index, obstacles };
  }

  /** Finds the position of the first allocation that departs after a day, by binary search. */
  #firstAfter(allocations: readonly RoomAllocation[], day: Day): number {
    let low = 0;
    let high = allocations.length;
    this.#looks += 1;
    while (low < high) {
      this.#looks += 1;
      const middle = (low + high) >> 1;
      const departure = allocations[middle]?.departure;
      if (departure === undefined || departure > day) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #take(stay: Stay, { room, index, obstacles }: Placement, moves: number): boolean {
    const allocations = this.#inRoom.get(room) ?? [];
    this.#looks += allocations.length;
    // Not movable: the search places each stay once.
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
      // Each stay that was placed in addition to this one has cost a move.
      left -= this.#placed.size - used - 1;
      return true;
    });
  }

  plan(newcomer: Stay): RepackPlan {
    const room = this.#placed.get(newcomer);
    if (room === undefined) throw new Error("The newcomer must be placed before the plan is read.");
    const moves = [...this.#placed]
      .flatMap(([{ booking_id, from }, to]) =>
        booking_id === null || from === null ? [] : [{ booking_id, from_room_id: from, to_room_id: to }],
      )
      .sort((a, b) => (a.booking_id < b.booking_id ? -1 : 1));
    const plan = createHash("sha256")
      .update(JSON.stringify([room, moves]))
      .digest("base64url")
      .slice(0, 22);
    return { plan, room_id: room, moves };
  }
}

/** Reads the rooms and allocations of a type and plans a repacking. @returns undefined if it finds no plan */
export async function findRepack(trx: Trx, search: RoomSearch, today: Day): Promise<RepackPlan | undefined> {
  const read = await readAllocations(trx, search, today);
  return read === undefined ? undefined : planRepack(read.rooms, read.allocations, search);
}

/** Makes the member `repack` of a refusal, if a repacking would free a room. */
export async function offerRepacking(trx: Trx, search: RoomSearch, today: Day): Promise<ProblemDetails> {
  const plan = await findRepack(trx, search, today);
  return plan === undefined ? {} : { members: { repack: plan } };
}
