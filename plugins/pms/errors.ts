import { type Day, defineProblems, problems } from "../../core/mod.ts";

export const pmsProblems = defineProblems({
  ROOM_TAKEN: { status: 409, title: "The room is not free on every night of the stay" },
  NO_ROOM_FREE: { status: 409, title: "No room of this type is free on every night of the stay" },
  ROOM_OUT_OF_ORDER: { status: 409, title: "The room is out of order" },
  ROOM_RETIRED: { status: 409, title: "The room is retired before the end of the stay" },
  ROOM_NOT_READY: { status: 409, title: "The room can't be given to a guest now" },
  ROOM_NOT_CLEAN: { status: 409, title: "The room has not been cleaned" },
  ROOM_HAS_BOOKINGS: { status: 409, title: "The room has bookings" },
  ROOM_LOCKED: { status: 409, title: "The booking is locked to its room" },
  TOO_MANY_GUESTS: { status: 409, title: "The room is too small for the guests" },
  CLOSED_TO_ARRIVAL: { status: 409, title: "The day is closed to arrival" },
  MINIMUM_STAY: { status: 409, title: "The stay is shorter than the minimum stay" },
  PRICE_NOT_ALLOWED: { status: 403, title: "Only a manager can agree this price" },
  NO_CHARGE: { status: 409, title: "There is no charge to waive" },
  NOT_WAIVED: { status: 409, title: "The charge is not waived" },
  ILLEGAL_TRANSITION: { status: 409, title: "The booking's state does not allow this operation" },
  WRONG_DAY: { status: 409, title: "The business date does not allow this operation" },
  DAY_NOT_OVER: { status: 409, title: "The business date is not over at the hotel" },
  REPACK_CHANGED: { status: 409, title: "The rooms have changed since the preview" },
  GUEST_EXPECTED: { status: 409, title: "The guest is expected or in the house" },
  GUEST_ANONYMOUS: { status: 409, title: "The guest was anonymized" },
  HOTEL_HAS_BOOKINGS: { status: 409, title: "The hotel has bookings in its current currency" },
  GUEST_MERGED: { status: 409, title: "The guest is merged into another one" },
  TOO_MANY_BOOKINGS: { status: 409, title: "The guest has too many bookings for this operation" },
  GUEST_NOT_MERGED: { status: 409, title: "The guest is not merged into another one" },
  NAME_TAKEN: { status: 409, title: "The name or number is taken" },
});

export const noSuchRoom = () => problems.NOT_FOUND("This hotel has no such room.");
/** Names the rooms, so that a screen can leave them out. */
export const noSuchRooms = (ids: readonly string[]) =>
  problems.NOT_FOUND("This hotel has no such room, or the room is retired.", { members: { room_ids: ids } });
export const notClosed = (detail: string) => problems.NOT_FOUND(detail);
export const noSuchRoomType = () => problems.NOT_FOUND("This hotel has no such room type.");
export const noSuchBooking = () => problems.NOT_FOUND("This hotel has no such booking.");
export const noSuchGuest = () => problems.NOT_FOUND("This hotel has no such guest.");

/** Makes the refusal of an operation that the business date does not allow. */
export function wrongDay(detail: string, today: Day) {
  return pmsProblems.WRONG_DAY(detail, { members: { business_date: today } });
}

/** Makes the refusal of one field that a schema alone can't check. */
export function fieldFault(where: "body" | "query", pointer: string, detail: string) {
  return problems.VALIDATION_FAILED(`${pointer} ${detail}`, { errors: [{ in: where, pointer, detail }] });
}
