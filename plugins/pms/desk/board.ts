/**
 * Reads the desk's board: arrivals, departures, guests in house, overdue bookings and dirty rooms. It runs two
 * statements.
 */
import { type Day, prepare, type Trx } from "../../../core/mod.ts";
import type { Room } from "../models/room.ts";
import type { BookingStatus } from "../port.ts";

export interface BoardEntry {
  readonly booking_id: string;
  readonly guest_name: string;
  readonly room_id: string;
  readonly room_number: string;
  readonly room_status: Room["status"];
  readonly housekeeping: Room["housekeeping"];
  readonly status: BookingStatus;
  readonly arrival: Day;
  readonly departure: Day;
  readonly adults: number;
  readonly children: number;
}

export interface DirtyRoom {
  readonly room_id: string;
  readonly room_number: string;
}

export interface Board {
  readonly arrivals: BoardEntry[];
  readonly departures: BoardEntry[];
  readonly in_house: BoardEntry[];
  /** Bookings with an arrival or departure on an earlier day that has not happened. */
  readonly overdue: BoardEntry[];
  readonly dirty_rooms: DirtyRoom[];
}

const columns = "booking_id, guest_name, room_id, status, arrival, departure, adults, children";

/**
 * OFFSET 0 makes PostgreSQL find the bookings first, and then their rooms. Without it, PostgreSQL assumes that state
 * and arrival are independent. It expects every tenth booking to be confirmed and due, and reads all bookings of each
 * room.
 */
const entriesStatement = prepare<BoardEntry>(
  "pms_board",
  `SELECT b.*, r.room_number, r.status AS room_status, r.housekeeping FROM (
     SELECT ${columns} FROM pms.bookings WHERE hotel_id = $1 AND status = 'in_house'
     UNION ALL
     SELECT ${columns} FROM pms.bookings WHERE hotel_id = $1 AND status = 'confirmed' AND arrival <= $2::date
     OFFSET 0
   ) AS b JOIN pms.rooms r ON r.hotel_id = $1 AND r.room_id = b.room_id
   ORDER BY r.sort_key, r.room_id, b.booking_id`,
);

const dirtyStatement = prepare<DirtyRoom>(
  "pms_dirty_rooms",
  `SELECT room_id, room_number FROM pms.rooms WHERE hotel_id = $1 AND housekeeping = 'dirty'
     AND coalesce(retired_from > $2::date, true) ORDER BY sort_key, room_id`,
);

export async function readBoard(trx: Trx, hotelId: string, today: Day): Promise<Board> {
  const [entries, dirty] = await Promise.all([
    entriesStatement.run(trx, [hotelId, today]),
    dirtyStatement.run(trx, [hotelId, today]),
  ]);
  const here = entries.filter(({ status }) => status === "in_house");
  const expected = entries.filter(({ status }) => status === "confirmed");
  return {
    arrivals: expected.filter(({ arrival }) => arrival === today),
    departures: here.filter(({ departure }) => departure === today),
    in_house: here,
    overdue: [
      ...here.filter(({ departure }) => departure < today),
      ...expected.filter(({ arrival }) => arrival < today),
    ],
    dirty_rooms: dirty,
  };
}
