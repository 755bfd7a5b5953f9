/** The desk's operations on a booking. Each locks the booking's row first, then its room. */
import { type Actor, addDays, requireMatch, type RequestFacts, type Trx } from "../../core/mod.ts";
import { businessDate, readHotel, requireSubscription } from "../identity/port.ts";
import { moveBooking } from "./booking_state.ts";
import { noSuchBooking, pmsProblems } from "./errors.ts";
import { recordChange } from "./history.ts";
import { Booking } from "./models/booking.ts";
import { Room } from "./models/room.ts";
import { freeNightsFrom, lockRoom } from "./occupancy.ts";
import { dropNightsFrom } from "./reserve.ts";

/** confirmed -> in_house, on one of the stay's days, into a room that is vacant and in service. */
export async function checkIn(trx: Trx, actor: Actor, bookingId: string, request: RequestFacts): Promise<void> {
  const booking = await lockBooking(trx, actor, bookingId, request);
  const hotel = await readHotel(trx, actor.tenantId);
  requireSubscription(hotel);
  const status = moveBooking(booking, "check_in");
  const today = businessDate(hotel);
  if (today < booking.arrival || today >= booking.departure) {
    throw pmsProblems.WRONG_DAY(
      `The stay is from ${booking.arrival} to ${booking.departure}, and the business date is ${today}.`,
      {
        members: { business_date: today },
      },
    );
  }
  const room = await lockRoom(trx, actor.tenantId, booking.room_id);
  if (room.status !== "available")
    throw pmsProblems.ROOM_NOT_READY(`Room ${room.room_number} is ${room.status.replaceAll("_", " ")}.`);
  const inside = await Booking.query(trx).findOne({
    hotel_id: actor.tenantId,
    room_id: booking.room_id,
    status: "in_house",
  });
  if (inside !== undefined) {
    throw pmsProblems.ROOM_NOT_READY(`Room ${room.room_number} is still occupied by ${inside.guest_name}.`, {
      members: { occupied_by: inside.booking_id },
    });
  }
  await change(trx, actor, "check_in", booking, { status, checked_in_at: new Date() });
}

/** in_house -> checked_out; an early one frees the nights from today on; the room becomes dirty. */
export async function checkOut(trx: Trx, actor: Actor, bookingId: string, request: RequestFacts): Promise<void> {
  const booking = await lockBooking(trx, actor, bookingId, request);
  const status = moveBooking(booking, "check_out");
  const today = businessDate(await readHotel(trx, actor.tenantId));
  await lockRoom(trx, actor.tenantId, booking.room_id);
  const left = { status, checked_out_at: new Date() };
  if (today < booking.departure) {
    await freeNightsFrom(trx, actor.tenantId, bookingId, today);
    // Who leaves on the day of arrival has used the room: the first night stays on the bill.
    const departure = today > booking.arrival ? today : addDays(booking.arrival, 1);
    const total = await dropNightsFrom(trx, booking, departure);
    await change(trx, actor, "check_out", booking, { ...left, departure, total_amount: total });
  } else {
    await change(trx, actor, "check_out", booking, left);
  }
  await Room.query(trx)
    .findById([actor.tenantId, booking.room_id])
    .patch({ housekeeping: "dirty", version: Room.raw("version + 1") });
}

/** confirmed -> canceled; the nights are free at once, and the booking keeps what they would have cost. */
export async function cancel(trx: Trx, actor: Actor, bookingId: string, request: RequestFacts): Promise<void> {
  const booking = await lockBooking(trx, actor, bookingId, request);
  const status = moveBooking(booking, "cancel");
  await lockRoom(trx, actor.tenantId, booking.room_id);
  await freeNightsFrom(trx, actor.tenantId, bookingId, booking.arrival);
  await change(trx, actor, "cancel", booking, { status });
}

async function lockBooking(trx: Trx, actor: Actor, bookingId: string, { ifMatch }: RequestFacts): Promise<Booking> {
  const booking = await Booking.query(trx).findById([actor.tenantId, bookingId]).forUpdate();
  if (booking === undefined) throw noSuchBooking();
  requireMatch(ifMatch, booking.version);
  return booking;
}

async function change(
  trx: Trx,
  actor: Actor,
  action: string,
  before: Booking,
  fields: Partial<Booking>,
): Promise<void> {
  // A copy: Objection writes what was fetched into the instance that it was asked on.
  const after = await before
    .$clone()
    .$query(trx)
    .patchAndFetch({ ...fields, version: before.version + 1 });
  await recordChange(trx, actor.name, action, before, after);
}
