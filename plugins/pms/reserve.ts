/** Reserving: from a request to a booking that holds its room. */
import { type Day, formatAmount, newId, prepare, type Trx } from "../../core/mod.ts";
import type { HotelSettings } from "../identity/port.ts";
import { freeRooms, quoteStay } from "./availability.ts";
import { noSuchRoomType, pmsProblems } from "./errors.ts";
import { isFree, type LockedRoom, lockRoom, newOccupancyId, roomTaken } from "./occupancy.ts";
import type { Stay } from "./stay.ts";

export interface Reservation {
  readonly room_id?: string | undefined;
  readonly room_type_id?: string | undefined;
  readonly guest: {
    readonly name: string;
    readonly email?: string | null | undefined;
    readonly phone?: string | null | undefined;
  };
  readonly adults: number;
  readonly children: number;
  readonly notes?: string | null | undefined;
  readonly terms_accepted_at?: string | undefined;
}

/** How many rooms of a type are tried before the answer is that none is free: racers may take them one after the other. */
const mostCandidates = 50;

/**
 * Books a stay, in a room or in any room of a type.
 * @returns the new booking's id
 * @throws Problem ROOM_TAKEN, NO_ROOM_FREE, ROOM_NOT_SOLD, TOO_MANY_GUESTS, NOT_FOUND
 */
export async function reserve(
  trx: Trx,
  hotel: HotelSettings,
  stay: Stay,
  reservation: Reservation,
  by: string,
): Promise<string> {
  const room =
    reservation.room_id === undefined
      ? await pickRoom(trx, hotel, stay, reservation)
      : await takeRoom(trx, hotel, stay, reservation, reservation.room_id);
  return insertBooking(trx, hotel, stay, reservation, room, by);
}

async function takeRoom(
  trx: Trx,
  hotel: HotelSettings,
  stay: Stay,
  reservation: Reservation,
  roomId: string,
): Promise<LockedRoom> {
  const room = await lockRoom(trx, hotel.hotel_id, roomId);
  if (room.status === "out_of_order") throw pmsProblems.ROOM_NOT_SOLD(`Room ${room.room_number} is out of order.`);
  const guests = reservation.adults + reservation.children;
  if (guests > room.capacity) {
    throw pmsProblems.TOO_MANY_GUESTS(
      `Room ${room.room_number} sleeps ${room.capacity}, and you have ${guests} guests.`,
    );
  }
  if (!(await isFree(trx, hotel.hotel_id, room.room_id, stay.arrival, stay.departure))) {
    throw await roomTaken(trx, hotel.hotel_id, room, stay.arrival, stay.departure);
  }
  return room;
}

/** Tries the free rooms of a type in order; one that a racer takes while we wait for its lock is passed over. */
async function pickRoom(trx: Trx, hotel: HotelSettings, stay: Stay, reservation: Reservation): Promise<LockedRoom> {
  const { room_type_id: roomTypeId, adults, children } = reservation;
  const { arrival, departure } = stay;
  const type = await trx("pms.room_types")
    .where({ hotel_id: hotel.hotel_id, room_type_id: roomTypeId })
    .first<{ name: string; capacity: number } | undefined>("name", "capacity");
  if (type === undefined) throw noSuchRoomType();
  const guests = adults + children;
  if (guests > type.capacity)
    throw pmsProblems.TOO_MANY_GUESTS(`A ${type.name} sleeps ${type.capacity}, and you have ${guests} guests.`);
  const candidates = await freeRooms(trx, { hotelId: hotel.hotel_id, arrival, departure, roomTypeId, guests });
  for (const candidate of candidates.slice(0, mostCandidates)) {
    const room = await lockRoom(trx, hotel.hotel_id, candidate.room_id);
    if (room.status !== "out_of_order" && (await isFree(trx, hotel.hotel_id, room.room_id, arrival, departure)))
      return room;
  }
  throw pmsProblems.NO_ROOM_FREE(`No ${type.name} is free on every night from ${arrival} to ${departure}.`);
}

/** The booking, the room's nights, their prices and the first line of its history: one statement, one round trip. */
const insertStatement = prepare<{ booking_id: string }>(
  "pms_insert_booking",
  `WITH booking AS (
     INSERT INTO pms.bookings (hotel_id, booking_id, room_id, guest_name, guest_email, guest_phone, adults, children, arrival,
       departure, check_in_at, expected_check_out_at, status, total_amount, currency, terms_accepted_at, notes, created_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'confirmed', $13, $14, $15, $16, $17)
   ), occupancy AS (
     INSERT INTO pms.occupancies (hotel_id, occupancy_id, room_id, arrival, departure, booking_id)
     VALUES ($1, $18, $3, $9, $10, $2)
   ), nights AS (
     INSERT INTO pms.booking_nights (hotel_id, booking_id, date, room_id, rate)
     SELECT $1, $2, night.date, $3, night.rate FROM unnest($19::date[], $20::numeric[]) AS night (date, rate)
   )
   INSERT INTO pms.booking_history (hotel_id, entry_id, booking_id, by_user, action, after)
   VALUES ($1, $21, $2, $17, 'book', $22) RETURNING booking_id`,
);

async function insertBooking(
  trx: Trx,
  hotel: HotelSettings,
  stay: Stay,
  { guest, adults, children, notes, terms_accepted_at: termsAcceptedAt }: Reservation,
  room: LockedRoom,
  by: string,
): Promise<string> {
  const bookingId = newId();
  const { nights, total_amount: total } = quoteStay(room.rate, stay.arrival, stay.departure, hotel.currency);
  const after = {
    room_id: room.room_id,
    status: "confirmed",
    arrival: stay.arrival,
    departure: stay.departure,
    total_amount: total,
  };
  await insertStatement.run(trx, [
    hotel.hotel_id,
    bookingId,
    room.room_id,
    guest.name,
    guest.email ?? null,
    guest.phone ?? null,
    adults,
    children,
    stay.arrival,
    stay.departure,
    stay.checkInAt,
    stay.expectedCheckOutAt,
    total,
    hotel.currency,
    termsAcceptedAt === undefined ? null : new Date(termsAcceptedAt),
    notes ?? null,
    by,
    newOccupancyId(),
    nights.map((night) => night.date),
    nights.map((night) => night.rate),
    newId(),
    JSON.stringify({
      ...after,
      guest_name: guest.name,
      guest_email: guest.email ?? null,
      guest_phone: guest.phone ?? null,
      adults,
      children,
      notes: notes ?? null,
    }),
  ]);
  return bookingId;
}

/** Drops the nights of a booking from a day on and gives the new total. */
export async function dropNightsFrom(
  trx: Trx,
  booking: { hotel_id: string; booking_id: string; currency: string },
  day: Day,
): Promise<string> {
  const mine = { hotel_id: booking.hotel_id, booking_id: booking.booking_id };
  await trx("pms.booking_nights").where(mine).where("date", ">=", day).delete();
  const rows = (await trx("pms.booking_nights").where(mine).sum({ total: "rate" })) as { total: string | null }[];
  return formatAmount(rows[0]?.total ?? "0", booking.currency);
}
