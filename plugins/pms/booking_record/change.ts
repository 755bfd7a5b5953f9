/** Changes bookings: locks them first, and writes their history in the same transaction. */
import { type Actor, requireMatch, type RequestFacts, type Trx } from "../../../core/mod.ts";
import type { HotelSettings } from "../../identity/port.ts";
import { shareBusinessDate } from "../business_date/lock_business_date.ts";
import { noSuchBooking } from "../errors.ts";
import { inBatches, type Reasons, recordHistory } from "./history.ts";
import { Booking } from "../models/booking.ts";

/** The actor of a change, the version that the actor has read, and the time of the request. */
export interface ChangeContext {
  readonly actor: Pick<Actor, "tenantId" | "name"> & Partial<Pick<Actor, "role">>;
  /** The `If-Match` header. Undefined if the request has none. */
  readonly ifMatch?: string | undefined;
  /** When the request arrived. */
  readonly now: Date;
}

export function changeContextOf(actor: Actor, { ifMatch, receivedAt }: RequestFacts): ChangeContext {
  return { actor, ifMatch, now: receivedAt };
}

/**
 * Takes the shared lock of the business date, then locks the rows of bookings, ordered by id.
 * @throws Problem NOT_FOUND, PRECONDITION_FAILED
 */
export async function lockBookings(
  trx: Trx,
  { actor, ifMatch }: ChangeContext,
  ids: readonly string[],
): Promise<{ bookings: Booking[]; hotel: HotelSettings }> {
  const [hotel, rows] = await Promise.all([
    shareBusinessDate(trx, actor.tenantId),
    Booking.query(trx).where({ hotel_id: actor.tenantId }).whereIn("booking_id", ids).orderBy("booking_id").forUpdate(),
  ]);
  const bookings = ids.map((id) => {
    const booking = rows.find((row) => row.booking_id === id);
    if (booking === undefined) throw noSuchBooking();
    return booking;
  });
  // The ETag is that of the booking in the path, which is the first id.
  if (bookings[0] !== undefined) requireMatch(ifMatch, bookings[0].version);
  return { bookings, hotel };
}

export async function lockBooking(
  trx: Trx,
  change: ChangeContext,
  id: string,
): Promise<{ booking: Booking; hotel: HotelSettings }> {
  const { bookings, hotel } = await lockBookings(trx, change, [id]);
  const [booking] = bookings;
  if (booking === undefined) throw noSuchBooking();
  return { booking, hotel };
}

/**
 * Reads bookings after an update and writes a history entry for each.
 * @param before the bookings as they were before the update
 */
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
    const changes = batch.map((booking) => {
      const changed = after.get(booking.booking_id);
      if (changed === undefined) throw new Error(`The booking ${booking.booking_id} is missing after its update.`);
      return { before: booking, after: changed };
    });
    await recordHistory(trx, actor.name, action, changes);
  }
}

/**
 * Sets the same fields of several bookings, in batches, and writes a history entry for each.
 * @param ids bookings that the caller has locked
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

/** Reads bookings, ordered by id. */
export function readBookings(trx: Trx, hotelId: string, ids: readonly string[]) {
  return Booking.query(trx).where({ hotel_id: hotelId }).whereIn("booking_id", ids).orderBy("booking_id");
}

/** Updates a booking and writes its history entry. @returns the booking after the update */
export async function updateBooking(
  trx: Trx,
  { actor }: ChangeContext,
  action: string,
  before: Booking,
  fields: Partial<Booking>,
  reasons?: Reasons,
): Promise<Booking> {
  // Objection writes the fetched values into the instance that runs the query, so a copy runs it.
  const after = await before
    .$clone()
    .$query(trx)
    .patchAndFetch({ ...fields, version: before.version + 1 });
  await recordHistory(trx, actor.name, action, [{ before, after }], reasons);
  return after;
}
