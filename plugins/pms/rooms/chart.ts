/** The tape chart: each room with its stays and closures in a range of days. One statement, whatever the hotel's size. */
import { type Day, prepare, type Trx } from "../../../core/mod.ts";
import type { Room } from "../models/room.ts";
import type { BookingStatus } from "../port.ts";

export interface ChartRoom {
  readonly room_id: string;
  readonly room_number: string;
  readonly room_type_id: string;
  readonly status: Room["status"];
  readonly housekeeping: Room["housekeeping"];
  readonly stays: {
    readonly booking_id: string;
    readonly guest_name: string;
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

/** The occupancies of a hotel that touch `[$2, $3)`: those that began at most a month before, and the few long ones. */
export const occupanciesInRangeSql = `SELECT * FROM pms.occupancies
     WHERE hotel_id = $1 AND departure - arrival <= 31
       AND arrival > $2::date - 31 AND arrival < $3::date AND departure > $2::date
   UNION ALL
   SELECT * FROM pms.occupancies
     WHERE hotel_id = $1 AND departure - arrival > 31 AND departure > $2::date AND arrival < $3::date`;

const chartStatement = prepare<ChartRoom>(
  "pms_chart",
  `WITH entries AS (
     SELECT o.room_id,
       coalesce(json_agg(json_build_object('booking_id', o.booking_id, 'guest_name', b.guest_name, 'status', b.status,
         'room_locked', b.room_locked, 'from', o.arrival, 'to', o.departure) ORDER BY o.arrival)
         FILTER (WHERE o.booking_id IS NOT NULL), '[]') AS stays,
       coalesce(json_agg(json_build_object('closure_id', o.occupancy_id, 'reason', o.reason, 'from', o.arrival, 'to', o.departure)
         ORDER BY o.arrival) FILTER (WHERE o.booking_id IS NULL), '[]') AS closures
     FROM (${occupanciesInRangeSql}) AS o
     LEFT JOIN pms.bookings b ON b.hotel_id = $1 AND b.booking_id = o.booking_id
     GROUP BY o.room_id
   )
   SELECT r.room_id, r.room_number, r.room_type_id, r.status, r.housekeeping,
     coalesce(e.stays, '[]') AS stays, coalesce(e.closures, '[]') AS closures
   FROM pms.rooms r LEFT JOIN entries e ON e.room_id = r.room_id
   WHERE r.hotel_id = $1 AND ($4::uuid IS NULL OR r.room_type_id = $4)
   ORDER BY r.room_number, r.room_id`,
);

/** The rooms with what is in them between `from` and `to` (not included). */
export function readChart(trx: Trx, hotelId: string, from: Day, to: Day, roomTypeId?: string): Promise<ChartRoom[]> {
  return chartStatement.run(trx, [hotelId, from, to, roomTypeId ?? null]);
}
