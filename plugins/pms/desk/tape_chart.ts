/**
 * Reads the tape chart: each room with its stays and closures in a range of days. A page takes two statements, and
 * JavaScript joins them. PostgreSQL's plan for a join of both compares each room with each allocation.
 */
import { type Day, prepare, type Trx } from "../../../core/mod.ts";
import type { Room } from "../models/room.ts";
import type { BookingStatus } from "../port.ts";

interface RoomFacts {
  readonly room_id: string;
  readonly room_number: string;
  readonly room_type_id: string;
  readonly status: Room["status"];
  readonly housekeeping: Room["housekeeping"];
  readonly retired_from: Day | null;
}

export interface ChartRoom extends RoomFacts {
  readonly stays: {
    readonly booking_id: string;
    readonly guest_id: string;
    readonly guest_name: string;
    readonly adults: number;
    readonly children: number;
    readonly status: BookingStatus;
    readonly room_locked: boolean;
    readonly from: Day;
    readonly to: Day;
  }[];
  readonly closures: {
    readonly closure_id: string;
    readonly reason: string;
    readonly from: Day;
    readonly to: Day;
  }[];
}

interface AllocationRow {
  readonly room_id: string;
  readonly occupancy_id: string;
  readonly from: Day;
  readonly to: Day;
  /** Null for a stay. */
  readonly reason: string | null;
  /** Null for a closure, like the columns below. */
  readonly booking_id: string | null;
  readonly guest_id: string;
  readonly guest_name: string;
  readonly adults: number;
  readonly children: number;
  readonly status: BookingStatus;
  readonly room_locked: boolean;
}

const roomsStatement = prepare<RoomFacts & { readonly sort_key: string }>(
  "pms_chart_rooms",
  `SELECT room_id, room_number, sort_key, room_type_id, status, housekeeping, retired_from FROM pms.rooms
   WHERE hotel_id = $1 AND ($2::uuid IS NULL OR room_type_id = $2)
     AND ($3::uuid IS NULL OR (sort_key, room_id) > ($4, $3))
     AND coalesce(retired_from > $6::date, true)
   ORDER BY sort_key, room_id LIMIT $5`,
);

/**
 * Reads the allocations that overlap `[$2, $3)`: short ones that began in the month before, and the few long ones.
 * OFFSET 0 makes PostgreSQL find each booking by its key. A join can read all bookings of the hotel.
 */
const allocationsStatement = prepare<AllocationRow>(
  "pms_chart_allocations",
  `SELECT o.room_id, o.occupancy_id, o.arrival AS from, o.departure AS to, o.reason, o.booking_id,
     b.guest_id, b.guest_name, b.adults, b.children, b.status, b.room_locked
   FROM (
     SELECT * FROM pms.occupancies
       WHERE hotel_id = $1 AND room_id = ANY($4) AND departure - arrival <= 31
         AND arrival > $2::date - 31 AND arrival < $3::date AND departure > $2::date
     UNION ALL
     SELECT * FROM pms.occupancies
       WHERE hotel_id = $1 AND room_id = ANY($4) AND departure - arrival > 31
         AND departure > $2::date AND arrival < $3::date
   ) AS o
   LEFT JOIN LATERAL (
     SELECT guest_id, guest_name, adults, children, status, room_locked FROM pms.bookings
     WHERE hotel_id = $1 AND booking_id = o.booking_id OFFSET 0
   ) AS b ON true
   ORDER BY o.arrival`,
);

export interface ChartQuery {
  readonly hotelId: string;
  readonly from: Day;
  /** Not included. */
  readonly to: Day;
  readonly roomTypeId?: string | undefined;
  /** The id and sort key of the last room of the page before. */
  readonly after?: readonly [roomId: string, sortKey: string] | undefined;
  /** The most rooms. */
  readonly limit: number;
}

/** Reads the rooms with their stays and closures between `from` and `to`, each with its sort key. */
export async function readChart(
  trx: Trx,
  { hotelId, from, to, roomTypeId, after, limit }: ChartQuery,
): Promise<{ readonly room: ChartRoom; readonly sortKey: string }[]> {
  const [roomId = null, sortKey = null] = after ?? [];
  const rooms = await roomsStatement.run(trx, [hotelId, roomTypeId ?? null, roomId, sortKey, limit, from]);
  const allocations = await allocationsStatement.run(trx, [hotelId, from, to, rooms.map(({ room_id: id }) => id)]);
  const chart = new Map<string, { readonly room: ChartRoom; readonly sortKey: string }>(
    rooms.map(({ sort_key: key, ...room }) => [
      room.room_id,
      { sortKey: key, room: { ...room, stays: [], closures: [] } },
    ]),
  );
  for (const { room_id: id, occupancy_id, reason, booking_id, ...allocation } of allocations) {
    const room = chart.get(id)?.room;
    if (room === undefined) continue;
    const { from: begins, to: ends, ...stay } = allocation;
    if (booking_id === null) {
      room.closures.push({ closure_id: occupancy_id, reason: reason ?? "", from: begins, to: ends });
    } else room.stays.push({ booking_id, ...stay, from: begins, to: ends });
  }
  return [...chart.values()];
}
