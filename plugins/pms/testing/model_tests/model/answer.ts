/** Predicts the answer of the desk to a request, which it finds by the id of the route. */
import type { Call } from "../direct_desk.ts";
import type { Role } from "./agreed_price.ts";
import * as bookings from "./bookings.ts";
import { move } from "./move.ts";
import { reinstate } from "./reinstate.ts";
import * as desk from "./desk.ts";
import * as guests from "./guests.ts";
import {
  dayNumber,
  type ModelBooking,
  type ModelFigures,
  type ModelRoom,
  Refusal,
  type RoomTakenDetails,
} from "./data.ts";
import type { ModelHotel } from "./hotel.ts";

/** The parts of an answer that the model predicts. */
export interface Prediction {
  /** The code of a problem, or `OK`. */
  readonly code: string;
  readonly roomTaken?: RoomTakenDetails | undefined;
  readonly booking?: ModelBooking | undefined;
  readonly figures?: ModelFigures | undefined;
  readonly rooms?: readonly ModelRoom[] | undefined;
}

type Effect = Omit<Prediction, "code" | "taken">;

/** The operations of one booking, by route id. */
const bookingOperations = new Map<
  string,
  (hotel: ModelHotel, booking: ModelBooking, body: NonNullable<Call["body"]>) => void
>([
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

/**
 * Runs a request on the model, and returns the expected answer. The model can't predict a plan of repacking, so the
 * runner checks the plan that the desk returns.
 */
export function predict(hotel: ModelHotel, call: Call): Prediction {
  try {
    const effect = applyCall(hotel, call);
    for (const { status, stays, room, arrival, departure } of hotel.bookings) {
      if (status === "confirmed") stays.push({ type: room.type, arrival, departure });
    }
    return { code: "OK", ...effect };
  } catch (error) {
    if (error instanceof Refusal) return { code: error.code, roomTaken: error.roomTaken };
    throw error;
  }
}

function applyCall(hotel: ModelHotel, { id, params = {}, query = {}, body = {}, role = "manager" }: Call): Effect {
  if (params["booking_id"] !== undefined) {
    const booking = hotel.bookingOf(params["booking_id"]);
    applyToBooking(hotel, booking, id, body, role);
    return { booking };
  }
  if (params["room_id"] !== undefined) {
    applyToRoom(hotel, hotel.roomOf(params["room_id"]), id, id === "reopenRoom" ? query : body);
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
      throw new Error(`The model has no operation ${id}.`);
  }
}

function applyToBooking(
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
  const operation = bookingOperations.get(id);
  if (operation === undefined) throw new Error(`The model has no operation ${id}.`);
  return operation(hotel, booking, body);
}

function applyToRoom(hotel: ModelHotel, room: ModelRoom, id: string, input: NonNullable<Call["body"]>): void {
  if (id === "changeRoom") return desk.changeRoom(hotel, room, input);
  if (id === "setHousekeeping") {
    room.isDirty = input["housekeeping"] === "dirty";
    return;
  }
  const [from, to] = [dayNumber(input["from"] as string), dayNumber(input["to"] as string)];
  return id === "closeRoom" ? desk.closeRoom(hotel, room, from, to) : desk.reopenRoom(hotel, room, from, to);
}
