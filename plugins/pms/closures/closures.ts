/** Closes rooms for nights, and reopens them. Closures share the table `pms.occupancies` with the stays. */
import type { Day, Trx } from "../../../core/mod.ts";
import type { HotelSettings } from "../../identity/port.ts";
import { requireNotRetired } from "../allocation/room_rules.ts";
import { checkNights } from "../allocation/stay_dates.ts";
import { fieldFault, notClosed } from "../errors.ts";
import { lockRoom, takeNights } from "../allocation/allocations.ts";

export interface Closure {
  readonly closure_id: string;
  readonly room_id: string;
  readonly from: Day;
  /** The first day on which a stay can begin again. */
  readonly to: Day;
  readonly reason: string;
}

const columns = { closure_id: "occupancy_id", room_id: "room_id", from: "arrival", to: "departure", reason: "reason" };

/** Reads the closures of a room that end after a day. */
export async function readClosures(trx: Trx, hotelId: string, roomId: string, from: Day): Promise<Closure[]> {
  return trx("pms.occupancies")
    .where({ hotel_id: hotelId, room_id: roomId })
    .whereNull("booking_id")
    .where("departure", ">", from)
    .orderBy("arrival")
    .select<Closure[]>(columns);
}

/** Closes a room for the nights `[from, to)`. @throws Problem ROOM_TAKEN, ROOM_RETIRED, NOT_FOUND, VALIDATION_FAILED */
export async function closeRoom(
  trx: Trx,
  hotel: HotelSettings,
  roomId: string,
  { from, to, reason }: { readonly from: Day; readonly to: Day; readonly reason: string },
): Promise<Closure> {
  checkNights(from, to, "/to", "body");
  if (from < hotel.business_date) {
    throw fieldFault("body", "/from", `is before the business date ${hotel.business_date}`);
  }
  requireNotRetired(await lockRoom(trx, hotel.hotel_id, roomId), to);
  const segment = { room_id: roomId, arrival: from, departure: to };
  const [closureId] = await takeNights(trx, hotel.hotel_id, { reason }, { guests: 1, today: hotel.business_date }, [
    segment,
  ]);
  if (closureId === undefined) throw new Error("takeNights must return one id for each segment.");
  return { closure_id: closureId, room_id: roomId, from, to, reason };
}

/**
 * Reopens a room for the nights `[from, to)`. Other nights of its closures stay closed.
 * @returns the parts of closures that ended, and the remaining closures
 * @throws Problem NOT_FOUND for an unknown room, and for a room that is not closed on one of the nights
 * @throws Problem VALIDATION_FAILED for nights before the business date
 */
export async function reopenRoom(
  trx: Trx,
  { hotel_id: hotelId, business_date: today }: HotelSettings,
  roomId: string,
  from: Day,
  to: Day,
): Promise<{ readonly ended: readonly Closure[]; readonly remaining: Closure[] }> {
  checkNights(from, to, "/to", "query");
  if (from < today) throw fieldFault("query", "/from", `is before the business date ${today}: those nights are over`);
  const { room_number: number } = await lockRoom(trx, hotelId, roomId);
  const closures = (await readClosures(trx, hotelId, roomId, from)).filter((closure) => closure.from < to);
  if (closures.length === 0) throw notClosed(`Room ${number} is not closed on any night from ${from} to ${to}.`);
  await trx("pms.occupancies")
    .where({ hotel_id: hotelId })
    .whereIn(
      "occupancy_id",
      closures.map(({ closure_id }) => closure_id),
    )
    .delete();
  for (const { reason, ...closure } of closures) {
    const remaining = [
      { room_id: roomId, arrival: closure.from, departure: from },
      { room_id: roomId, arrival: to, departure: closure.to },
    ].filter(({ arrival, departure }) => arrival < departure);
    await takeNights(trx, hotelId, { reason }, { guests: 1, today }, remaining);
  }
  const ended = closures.map((closure) => ({
    ...closure,
    from: closure.from > from ? closure.from : from,
    to: closure.to < to ? closure.to : to,
  }));
  return { ended, remaining: await readClosures(trx, hotelId, roomId, from) };
}
