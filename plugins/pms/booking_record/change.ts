/** What every change of a booking has in common: it is locked first, and its history is written with it. */
import { type Actor, requireMatch, type RequestFacts, type Trx } from "../../../core/mod.ts";
import type { HotelSettings } from "../../identity/port.ts";
import { lockBusinessDate } from "../business_date/lock_business_date.ts";
import { noSuchBooking } from "../errors.ts";
import { inBatches, type Reasons, recordHistory } from "./history.ts";
import { Booking } from "../models/booking.ts";

/** Who changes something, and from what they had read. */
export interface ChangeContext {
  readonly actor: Pick<Actor, "tenantId" | "name"> & Partial<Pick<Actor, "role">>;
  /** The `If-Match` header, where there is one. */
  readonly ifMatch?: string | undefined;
  /** When the change was asked for. */
  readonly now: Date;
}

export function changeContextOf(actor: Actor, { ifMatch, receivedAt }: RequestFacts): ChangeContext {
  return { actor, ifMatch, now: receivedAt };
}

/**
 * Holds the business day, then locks bookings, in one order for everybody.
 * @throws Problem NOT_FOUND, PRECONDITION_FAILED
 */
export async function lockBookings(
  trx: Trx,
  { actor, ifMatch }: ChangeContext,
  ids: readonly string[],
): Promise<{ bookings: Booking[]; hotel: HotelSettings }> {
  const [hotel, rows] = await Promise.all([
    lockBusinessDate(trx, actor.tenantId, "shared"),
    Booking.query(trx).where({ hotel_id: actor.tenantId }).whereIn("booking_id", ids).orderBy("booking_id").forUpdate(),
  ]);
  const bookings = ids.map((id) => {
    const booking = rows.find((row) => row.booking_id === id);
    if (booking === undefined) throw noSuchBooking();
    return booking;
  });
  // The tag is that of the booking in the path, which comes first.
  if (bookings[0] !== undefined) requireMatch(ifMatch, bookings[0].version);
  return { bookings, hotel };
}

export async function lockBooking(
  trx: Trx,
  change: ChangeContext,
  id: string,
): Promise<{ booking: Booking; hotel: HotelSettings }> {
  const { bookings, hotel } = await lockBookings(trx, change, [id]);
  return { booking: bookings[0] as Booking, hotel };
}

/** Writes the lines of history of bookings that a statement for all of them has changed. @param before as they were */
export async function recordUpdatedBookings(
  trx: Trx,
  { actor }: ChangeContext,
  action: string,
  before: readonly Booking[],
): Promise<void> {
  for (const batch of inBatches(before)) {
    const ids = batch.map(({ booking_id }) => booking_id);
    const after = new Map(
      (await readBookings(trx, actor.tenantId, ids)).map((booking) => [booking.booking_id, booking]),
    );
    const changes = batch.map((booking) => ({ before: booking, after: after.get(booking.booking_id) as Booking }));
    await recordHistory(trx, actor.name, action, changes);
  }
}

/**
 * Gives bookings the same new values, batch by batch, with a line in the history of each.
 * @param ids of bookings that the caller has locked
 */
export async function updateBookings(
  trx: Trx,
  change: ChangeContext,
  action: string,
  ids: readonly string[],
  fields: Partial<Booking>,
): Promise<void> {
  const hotelId = change.actor.tenantId;
  for (const batch of inBatches(ids)) {
    const before = await readBookings(trx, hotelId, batch);
    await Booking.query(trx)
      .where({ hotel_id: hotelId })
      .whereIn("booking_id", batch)
      .patch({ ...fields, version: Booking.raw("version + 1") });
    await recordUpdatedBookings(trx, change, action, before);
  }
}

/** Reads a batch of bookings, in the order of their ids. */
export function readBookings(trx: Trx, hotelId: string, ids: readonly string[]) {
  return Booking.query(trx).where({ hotel_id: hotelId }).whereIn("booking_id", ids).orderBy("booking_id");
}

/** Writes a change of a booking and the line of its history. */
export async function updateBooking(
  trx: Trx,
  { actor }: ChangeContext,
  action: string,
  before: Booking,
  fields: Partial<Booking>,
  reasons?: Reasons,
): Promise<Booking> {
  // A copy: Objection writes what was fetched into the instance that it was asked on.
  const after = await before
    .$clone()
    .$query(trx)
    .patchAndFetch({ ...fields, version: before.version + 1 });
  await recordHistory(trx, actor.name, action, [{ before, after }], reasons);
  return after;
}
