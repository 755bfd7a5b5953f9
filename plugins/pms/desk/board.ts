/**
 * Reads the desk's board: arrivals, departures, guests in house, overdue bookings, the arrivals and departures that
 * have happened, and dirty rooms. It runs two statements.
 */
import { type Day, prepare, type Trx } from "../../../core/mod.ts";
import { allowedTransitions, type Transition } from "../bookings/rules/booking_state.ts";
import type { Booking } from "../models/booking.ts";
import type { Room } from "../models/room.ts";

/** The most stays of a guest that the board counts, so that a guest with thousands of bookings costs little. */
export const mostStays = 100;

const columns = [
  "booking_id",
  "guest_id",
  "guest_name",
  "room_id",
  "room_locked",
  "status",
  "arrival",
  "departure",
  "check_in_at",
  "adults",
  "children",
  "version",
] as const satisfies readonly (keyof Booking)[];

type BoardBooking = Pick<Booking, (typeof columns)[number]>;

interface Row extends BoardBooking {
  readonly room_number: string;
  readonly room_type_id: string;
  readonly room_status: Room["status"];
  readonly housekeeping: Room["housekeeping"];
  readonly status_on: Day;
  readonly checked_in_on: Day | null;
  readonly has_notes: boolean;
  readonly stays: number;
}

export interface BoardEntry extends Omit<Row, "status_on" | "checked_in_on"> {
  /** The other booking whose guest is in the room. */
  readonly room_occupied_by: Pick<Booking, "booking_id" | "guest_name"> | null;
  readonly allowed_transitions: readonly Transition[];
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
  readonly arrived: BoardEntry[];
  readonly left: BoardEntry[];
  readonly dirty_rooms: DirtyRoom[];
}

const columnList = [...columns, "status_on", "checked_in_on"].join(", ");
const bookingsSql = `SELECT ${columnList}, notes IS NOT NULL AS has_notes FROM pms.bookings WHERE hotel_id = $1`;

/**
 * OFFSET 0 makes PostgreSQL find the bookings first, and then their rooms. Without it, PostgreSQL assumes that state
 * and arrival are independent. It expects every tenth booking to be confirmed and due, and reads all bookings of each
 * room.
 */
const entriesStatement = prepare<Row>(
  "pms_board",
  `SELECT b.*, r.room_number, r.room_type_id, r.status AS room_status, r.housekeeping,
     (SELECT count(*)::int FROM (SELECT FROM pms.bookings s WHERE s.hotel_id = $1 AND s.guest_id = b.guest_id
       AND s.status IN ('in_house', 'checked_out') LIMIT ${mostStays}) AS known) AS stays
   FROM (
     ${bookingsSql} AND status = 'in_house'
     UNION ALL
     ${bookingsSql} AND status = 'confirmed' AND arrival <= $2::date
     UNION ALL
     ${bookingsSql} AND status = 'checked_out' AND status_on = $2::date
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
  const [rows, dirty] = await Promise.all([
    entriesStatement.run(trx, [hotelId, today]),
    dirtyStatement.run(trx, [hotelId, today]),
  ]);
  const occupants = new Map(rows.filter(({ status }) => status === "in_house").map((row) => [row.room_id, row]));
  const entriesOf = (isListed: (row: Row) => boolean): BoardEntry[] =>
    rows.filter(isListed).map((row) => entryOf(row, occupants.get(row.room_id), today));
  const isExpected = ({ status }: Row): boolean => status === "confirmed";
  const isHere = ({ status }: Row): boolean => status === "in_house";
  return {
    arrivals: entriesOf((row) => isExpected(row) && row.arrival === today),
    departures: entriesOf((row) => isHere(row) && row.departure === today),
    in_house: entriesOf(isHere),
    overdue: [
      ...entriesOf((row) => isHere(row) && row.departure < today),
      ...entriesOf((row) => isExpected(row) && row.arrival < today),
    ],
    // A guest who came today and left today is in both lists.
    arrived: entriesOf((row) => row.checked_in_on === today),
    left: entriesOf(({ status }) => status === "checked_out"),
    dirty_rooms: dirty,
  };
}

function entryOf(row: Row, occupant: Row | undefined, today: Day): BoardEntry {
  const { status_on: _since, checked_in_on: _checkedIn, ...entry } = row;
  const isOccupied = occupant !== undefined && occupant.booking_id !== row.booking_id;
  return {
    ...entry,
    room_occupied_by: isOccupied ? { booking_id: occupant.booking_id, guest_name: occupant.guest_name } : null,
    allowed_transitions: allowedTransitions(row, today),
  };
}
