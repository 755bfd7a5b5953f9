/** The model as something that can be called: by the ids of the plugin's routes, with what they are called with. */
import type { Call } from "../direct_desk.ts";
import type { Role } from "./agreed_price.ts";
import * as bookings from "./bookings.ts";
import { move } from "./transitions.ts";
import { reinstate } from "./reinstate.ts";
import * as desk from "./desk.ts";
import * as guests from "./guests.ts";
import {
  dayNumber,
  type ModelBooking,
  type ModelFigures,
  type ModelHotel,
  type ModelRoom,
  Refusal,
  type Taken,
} from "./hotel.ts";

/** What the model says that a call is answered with. */
export interface Prediction {
  /** A problem's code, or OK. */
  readonly code: string;
  readonly taken?: Taken | undefined;
  readonly booking?: ModelBooking | undefined;
  readonly figures?: ModelFigures | undefined;
  readonly rooms?: readonly ModelRoom[] | undefined;
}

type Effect = Omit<Prediction, "code" | "taken">;

const onBooking = new Map<string, (hotel: ModelHotel, booking: ModelBooking, body: NonNullable<Call["body"]>) => void>([
  ["checkIn", bookings.checkIn],
  ["checkOut", bookings.checkOut],
  ["cancelBooking", bookings.cancel],
  ["markNoShow", bookings.noShow],
  ["undoCheckIn", bookings.undoCheckIn],
  ["undoCheckOut", bookings.undoCheckOut],
  ["reinstateBooking", reinstate],
  ["waiveCharge", bookings.waiveCharge],
  ["undoWaiver", bookings.undoWaiver],
]);

/** Plays a call on the model. Repacking is the one that it does not foresee: there it judges what it is shown. */
export function predict(hotel: ModelHotel, call: Call): Prediction {
  try {
    const effect = play(hotel, call);
    for (const { status, stays, room, arrival, departure } of hotel.bookings) {
      if (status === "confirmed") stays.push({ type: room.type, arrival, departure });
    }
    return { code: "OK", ...effect };
  } catch (error) {
    if (error instanceof Refusal) return { code: error.code, taken: error.taken };
    throw error;
  }
}

function play(hotel: ModelHotel, { id, params = {}, query = {}, body = {}, role = "manager" }: Call): Effect {
  if (params["booking_id"] !== undefined) {
    const booking = hotel.bookingOf(params["booking_id"]);
    playOnBooking(hotel, booking, id, body, role);
    return { booking };
  }
  if (params["room_id"] !== undefined) {
    playOnRoom(hotel, hotel.roomOf(params["room_id"]), id, id === "reopenRoom" ? query : body);
    return {};
  }
  switch (id) {
    case "createBooking":
      return { booking: bookings.book(hotel, body, role) };
    case "findFreeRooms": {
      const [from, to] = [dayNumber(query["check_in"] as string), dayNumber(query["check_out"] as string)];
      if (to <= from || to - from > 366 || from < hotel.today) throw new Refusal("VALIDATION_FAILED");
      const type = query["room_type_id"];
      const restricted = query["include_restricted"] === "true";
      const rooms = hotel.freeRooms(from, to, Number(query["guests"]), [], restricted);
      return { rooms: rooms.filter((room) => type === undefined || room.type.id === type) };
    }
    case "setRates":
      desk.setRates(hotel, body);
      return {};
    case "closeDay":
      return {
        figures: desk.closeDay(hotel, dayNumber(body["business_date"] as string), body["early"] === true, role),
      };
    case "changePolicies":
      if (typeof body["day_closes_from"] === "string") hotel.closesFrom = Number(body["day_closes_from"].slice(0, 2));
      if (body["day_closes_from"] === null) hotel.closesFrom = null;
      hotel.receptionistsClose = (body["receptionists_close_day"] as boolean | undefined) ?? hotel.receptionistsClose;
      hotel.noShowCharge = (body["no_show_charge"] as string | undefined) ?? hotel.noShowCharge;
      hotel.overstays = (body["overstays"] as string | undefined) ?? hotel.overstays;
      hotel.discountPercent = (body["receptionist_discount_percent"] as number | undefined) ?? hotel.discountPercent;
      return {};
    case "changeGuest":
      guests.changeGuest(hotel, params["guest_id"], body);
      return {};
    case "anonymizeGuest":
      guests.anonymize(hotel, params["guest_id"]);
      return {};
    case "mergeGuest":
      guests.merge(hotel, params["guest_id"], body["duplicate_id"]);
      return {};
    case "unmergeGuest":
      guests.unmerge(hotel, params["guest_id"]);
      return {};
    default:
      throw new Error(`The model does not know ${id}.`);
  }
}

function playOnBooking(
  hotel: ModelHotel,
  booking: ModelBooking,
  id: string,
  body: NonNullable<Call["body"]>,
  role: Role,
): void {
  if (id === "amendBooking") return bookings.amend(hotel, booking, body, role);
  if (id === "moveBooking") return move(hotel, [{ booking, to: body["room_id"] }]);
  if (id === "swapBookings") {
    const other = hotel.bookingOf(body["other_booking_id"]);
    if (other === booking) throw new Refusal("VALIDATION_FAILED");
    return move(hotel, [
      { booking, to: other.room.id },
      { booking: other, to: booking.room.id },
    ]);
  }
  const change = onBooking.get(id);
  if (change === undefined) throw new Error(`The model does not know ${id}.`);
  return change(hotel, booking, body);
}

function playOnRoom(hotel: ModelHotel, room: ModelRoom, id: string, given: NonNullable<Call["body"]>): void {
  if (id === "changeRoom") return desk.changeRoom(hotel, room, given);
  if (id === "setHousekeeping") {
    room.dirty = given["housekeeping"] === "dirty";
    return;
  }
  const [from, to] = [dayNumber(given["from"] as string), dayNumber(given["to"] as string)];
  return id === "closeRoom" ? desk.closeRoom(hotel, room, from, to) : desk.reopenRoom(hotel, room, from, to);
}
