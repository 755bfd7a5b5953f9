/**
 * Declares the steps of a history, and turns a step into a request.
 *
 * A step is data without ids: it names "the third booking". `random_steps.ts` generates steps, and fast-check shortens
 * a failed history of them. `callOf` chooses the ids from the present state of the hotel.
 */
import type { Call } from "./direct_desk.ts";
import { dayText } from "./model/data.ts";

/** The state of a hotel from which a step chooses. The model has the exact state, and `StaleView` an older one. */
export interface DeskView {
  readonly today: number;
  readonly rooms: readonly { readonly id: string }[];
  readonly types: readonly { readonly id: string }[];
  readonly bookings: readonly BookingInView[];
  readonly guests: readonly { readonly id: string; readonly mergedInto: object | null }[];
  readonly closures: readonly { readonly room: { readonly id: string }; readonly from: number }[];
  /** The booking of the step before. */
  readonly latestBookingId: string | undefined;
  /** Writes an amount in the hotel's currency. */
  text(minor: number): string;
}

/** A booking as a view has it. */
export interface BookingInView {
  readonly id: string;
  readonly status: string;
  readonly arrival: number;
  readonly departure: number;
}

/** Names a booking by its place in the view. */
export interface BookingChoice {
  /** Whether to take the booking of the step before, if it is among the candidates. */
  readonly isLatest: boolean;
  /** Whether the candidates are only the bookings whose state allows the step. */
  readonly isSuitable: boolean;
  /** The place among the candidates. It wraps around at the end. */
  readonly nth: number;
}

export type Step =
  | {
      readonly kind: "book";
      readonly by: "room" | "type";
      readonly nth: number;
      readonly stay: Stay;
      readonly party: Party;
      readonly guest: number;
      readonly roomLocked: boolean;
      readonly price?: Price | undefined;
      readonly override?: boolean | undefined;
      readonly receptionist?: boolean | undefined;
    }
  | {
      readonly kind: "amend";
      readonly booking: BookingChoice;
      readonly change: Change;
      readonly override?: boolean | undefined;
      readonly receptionist?: boolean | undefined;
    }
  | { readonly kind: Transition; readonly booking: BookingChoice }
  | { readonly kind: "reinstate"; readonly booking: BookingChoice; readonly room?: number | undefined }
  /** The departure was `daysAgo` days before the business date. A negative number names a day in the future. */
  | { readonly kind: "check out on day"; readonly booking: BookingChoice; readonly daysAgo: number }
  | { readonly kind: "move"; readonly booking: BookingChoice; readonly room: number }
  | { readonly kind: "swap"; readonly booking: BookingChoice; readonly other: BookingChoice }
  | { readonly kind: "close room" | "reopen room"; readonly room: number; readonly stay: Stay }
  | {
      readonly kind: "set rates";
      readonly type: number;
      readonly stay: Stay;
      readonly rate?: number | null | undefined;
      readonly minimum?: number | null | undefined;
      readonly closed?: boolean | undefined;
    }
  | {
      readonly kind: "change room";
      readonly room: number;
      readonly status?: string | undefined;
      readonly force?: boolean | undefined;
      /** Days from the business date. Null undoes the retirement. */
      readonly retired?: number | null | undefined;
      readonly rate?: number | null | undefined;
    }
  | { readonly kind: "set housekeeping"; readonly room: number; readonly state: string }
  | {
      readonly kind: "find free rooms";
      readonly stay: Stay;
      readonly type?: number | undefined;
      readonly guests: number;
      readonly restricted?: boolean | undefined;
    }
  | {
      readonly kind: "repack";
      readonly type: number;
      readonly stay: Stay;
      readonly apply: "no" | "shown plan" | "any plan" | "other plan";
    }
  | {
      readonly kind: "close day";
      readonly day: number;
      readonly early?: boolean | undefined;
      readonly receptionist?: boolean | undefined;
    }
  | {
      readonly kind: "change policies";
      readonly charge?: string | undefined;
      readonly overstays?: string | undefined;
      readonly percent?: number | undefined;
      /** An hour, or null for any hour. */
      readonly closesFrom?: number | null | undefined;
      readonly receptionistsClose?: boolean | undefined;
    }
  | { readonly kind: "change guest" | "anonymize" | "merge" | "unmerge"; readonly nth: number; readonly guest: number }
  | { readonly kind: "set subscription"; readonly isLapsed: boolean }
  /** Sets the clock at the hotel: the days that its calendar is ahead of the business date, and the hour. */
  | { readonly kind: "set clock"; readonly ahead: number; readonly hour: number };

export interface Stay {
  /** The days from the business date to the arrival. */
  readonly startsIn: number;
  readonly nights: number;
}

interface Party {
  readonly adults: number;
  readonly children: number;
}

/** An agreed price in minor units, or the end of one. */
export type Price = { readonly per_night: number } | { readonly total: number } | { readonly withdrawn: true };

/** The changes of an amendment. Days are relative to the booking's own, and numbers are places in lists. */
export interface Change {
  readonly price?: Price | undefined;
  readonly arrival?: number | undefined;
  readonly departure?: number | undefined;
  readonly type?: number | undefined;
  readonly room?: number | undefined;
  readonly adults?: number | undefined;
  readonly roomLocked?: boolean | undefined;
  readonly notes?: string | undefined;
  readonly guest?: number | undefined;
}

/** The routes of the transitions, and the states in which they can succeed. */
const transitions = {
  "check in": { route: "checkIn", from: ["confirmed"] },
  "check out": { route: "checkOut", from: ["in_house"] },
  cancel: { route: "cancelBooking", from: ["confirmed"] },
  "no-show": { route: "markNoShow", from: ["confirmed"] },
  "undo check-in": { route: "undoCheckIn", from: ["in_house"] },
  "undo check-out": { route: "undoCheckOut", from: ["checked_out"] },
  waive: { route: "waiveCharge", from: ["canceled", "no_show"] },
  "undo waiver": { route: "undoWaiver", from: ["canceled", "no_show"] },
} as const;
export type Transition = keyof typeof transitions;

const activeStates = ["confirmed", "in_house"];

/**
 * Turns a step into a request.
 * @returns undefined if the view has no booking or guest for the step, or if the step sends no request
 */
export function callOf(step: Step, view: DeskView): Call | undefined {
  const { rooms, types, today } = view;
  // The lists of rooms and types are never empty.
  const pick = <T>(items: readonly T[], index: number): T => items[index % items.length] as T;
  const days = ({ startsIn, nights }: Stay) => [dayText(today + startsIn), dayText(today + startsIn + nights)] as const;
  switch (step.kind) {
    case "book": {
      const [check_in_at, expected_check_out_at] = days(step.stay);
      const roomOrType =
        step.by === "room" ? { room_id: pick(rooms, step.nth).id } : { room_type_id: pick(types, step.nth).id };
      const body = { ...roomOrType, ...step.party, check_in_at, expected_check_out_at, room_locked: step.roomLocked };
      const agreed_price = priceOf(step.price, view);
      const more = { guest: contactOf(step.guest), agreed_price, override_restrictions: overrideOf(step) };
      return { id: "createBooking", body: { ...body, ...more }, role: roleOf(step) };
    }
    case "amend": {
      const booking = chooseBooking(view, step.booking, activeStates);
      return (
        booking && {
          id: "amendBooking",
          params: { booking_id: booking.id },
          body: { ...amendmentBody(step.change, booking, view), override_restrictions: overrideOf(step) },
          role: roleOf(step),
        }
      );
    }
    case "move": {
      const booking = chooseBooking(view, step.booking, activeStates);
      const body = { room_id: pick(rooms, step.room).id };
      return booking && { id: "moveBooking", params: { booking_id: booking.id }, body };
    }
    case "reinstate": {
      const booking = chooseBooking(view, step.booking, ["canceled", "no_show"]);
      const body = step.room === undefined ? {} : { room_id: pick(rooms, step.room).id };
      return booking && { id: "reinstateBooking", params: { booking_id: booking.id }, body };
    }
    case "swap": {
      const one = chooseBooking(view, step.booking, activeStates);
      // A swap of a booking with itself is rare.
      const others = step.other.isSuitable ? view.bookings.filter((booking) => booking !== one) : view.bookings;
      const other = chooseBooking({ bookings: others, latestBookingId: undefined }, step.other, activeStates);
      return (
        one && other && { id: "swapBookings", params: { booking_id: one.id }, body: { other_booking_id: other.id } }
      );
    }
    case "close room": {
      const [from, to] = days(step.stay);
      const params = { room_id: pick(rooms, step.room).id };
      return { id: "closeRoom", params, body: { from, to, reason: "new carpet" } };
    }
    case "reopen room": {
      // The range mostly is a part of a closure, or ends one day after it.
      const closure = view.closures[step.room % (view.closures.length + 1)];
      const { startsIn, nights } = step.stay;
      // Nights that are over are rare.
      const from =
        closure === undefined
          ? today + startsIn
          : Math.max(closure.from + (startsIn % 3) - 1, today + Math.min(startsIn, 0));
      const params = { room_id: (closure?.room ?? pick(rooms, step.room)).id };
      return { id: "reopenRoom", params, query: { from: dayText(from), to: dayText(from + nights) } };
    }
    case "set rates": {
      const [from, to] = days(step.stay);
      const { rate, minimum, closed } = step;
      const body = { room_type_id: pick(types, step.type).id, from, to };
      const set = { rate: amount(view, rate), minimum_stay: minimum, closed_to_arrival: closed };
      return { id: "setRates", body: { ...body, ...set } };
    }
    case "change room": {
      const retirement = typeof step.retired === "number" ? dayText(today + step.retired) : step.retired;
      const body = { status: step.status, force: step.force, retired_from: retirement, rate: amount(view, step.rate) };
      return { id: "changeRoom", params: { room_id: pick(rooms, step.room).id }, body };
    }
    case "set housekeeping": {
      const body = { housekeeping: step.state };
      return { id: "setHousekeeping", params: { room_id: pick(rooms, step.room).id }, body };
    }
    case "find free rooms": {
      const [check_in, check_out] = days(step.stay);
      const type = step.type === undefined ? {} : { room_type_id: pick(types, step.type).id };
      const restricted = step.restricted === true ? { include_restricted: "true" } : {};
      return { id: "findFreeRooms", query: { check_in, check_out, guests: step.guests, ...restricted, ...type } };
    }
    case "repack": {
      const [check_in, check_out] = days(step.stay);
      const body = { room_type_id: pick(types, step.type).id, check_in, check_out, apply: step.apply !== "no" };
      return { id: "repackRooms", body: step.apply === "other plan" ? { ...body, plan: "of another day" } : body };
    }
    case "close day":
      return {
        id: "closeDay",
        body: { business_date: dayText(today + step.day), early: step.early },
        role: roleOf(step),
      };
    case "change policies":
      return {
        id: "changePolicies",
        body: {
          no_show_charge: step.charge,
          overstays: step.overstays,
          receptionist_discount_percent: step.percent,
          day_closes_from: typeof step.closesFrom === "number" ? hourText(step.closesFrom) : step.closesFrom,
          receptionists_close_day: step.receptionistsClose,
        },
      };
    case "check out on day": {
      const booking = chooseBooking(view, step.booking, ["in_house"]);
      const body = { left_on: dayText(today - step.daysAgo) };
      return booking && { id: "checkOut", params: { booking_id: booking.id }, body };
    }
    case "change guest":
    case "anonymize": {
      const guest = view.guests[step.nth % Math.max(1, view.guests.length)];
      const [id, body] = step.kind === "anonymize" ? ["anonymizeGuest", {}] : ["changeGuest", contactOf(step.guest)];
      return guest && { id, params: { guest_id: guest.id }, body };
    }
    case "merge": {
      // A merge of a guest with itself is rare.
      const others = view.guests.filter((_, index) => step.nth % 7 === 0 || index !== step.nth % view.guests.length);
      const [guest, duplicate] = [
        view.guests[step.nth % Math.max(1, view.guests.length)],
        others[step.guest % Math.max(1, others.length)],
      ];
      return (
        guest && duplicate && { id: "mergeGuest", params: { guest_id: guest.id }, body: { duplicate_id: duplicate.id } }
      );
    }
    case "unmerge": {
      const merged = view.guests.filter(({ mergedInto }) => mergedInto !== null || step.guest % 5 === 0);
      const guest = merged[step.nth % Math.max(1, merged.length)];
      return guest && { id: "unmergeGuest", params: { guest_id: guest.id }, body: {} };
    }
    case "set subscription":
    case "set clock":
      return undefined;
    case "check in":
    case "check out":
    case "cancel":
    case "no-show":
    case "undo check-in":
    case "undo check-out":
    case "waive":
    case "undo waiver": {
      const { route, from } = transitions[step.kind];
      const isOnArrival = step.kind === "check in" || step.kind === "no-show";
      const booking = chooseBooking(view, step.booking, from, isOnArrival ? today : undefined);
      const body = step.kind === "waive" || step.kind === "undo waiver" ? { reason: "in hospital" } : {};
      return booking && { id: route, params: { booking_id: booking.id }, body };
    }
  }
}

const overrideOf = ({ override = false }: { readonly override?: boolean | undefined }) =>
  override ? { reason: "a canceled flight" } : undefined;

const hourText = (hour: number): string => `${String(hour).padStart(2, "0")}:00`;

const roleOf = ({ receptionist = false }: { readonly receptionist?: boolean | undefined }) =>
  receptionist ? ("receptionist" as const) : ("manager" as const);

function priceOf(price: Price | undefined, view: DeskView): Record<string, unknown> | undefined {
  if (price === undefined) return undefined;
  const amounts = Object.entries(price).map(([name, value]) => [
    name,
    typeof value === "number" ? view.text(value) : value,
  ]);
  return { ...Object.fromEntries(amounts), reason: "a contract" };
}

/** Makes one of five contacts, so that guests return. */
function contactOf(guest: number): { name: string; email: string } {
  return { name: `Guest ${guest % 5}`, email: `guest.${guest % 5}@example.com` };
}

const amount = (view: DeskView, minor: number | null | undefined): string | null | undefined =>
  typeof minor === "number" ? view.text(minor) : minor;

/** @param arrivedBy only bookings that arrive by this day are suitable */
function chooseBooking(
  { bookings, latestBookingId }: Pick<DeskView, "bookings" | "latestBookingId">,
  { isLatest, isSuitable, nth }: BookingChoice,
  states: readonly string[],
  arrivedBy = Infinity,
): BookingInView | undefined {
  const candidates = isSuitable
    ? bookings.filter(({ status, arrival }) => states.includes(status) && arrival <= arrivedBy)
    : bookings;
  const latest = isLatest ? candidates.find(({ id }) => id === latestBookingId) : undefined;
  return latest ?? candidates[nth % Math.max(1, candidates.length)];
}

function amendmentBody(change: Change, booking: BookingInView, view: DeskView): Record<string, unknown> {
  const { arrival, departure, type, room, adults, roomLocked, notes, guest, price } = change;
  return {
    check_in_at: arrival === undefined ? undefined : dayText(booking.arrival + arrival),
    expected_check_out_at: departure === undefined ? undefined : dayText(booking.departure + departure),
    room_type_id: type === undefined ? undefined : view.types[type % view.types.length]?.id,
    room_id: room === undefined ? undefined : view.rooms[room % view.rooms.length]?.id,
    adults,
    room_locked: roomLocked,
    notes,
    guest: guest === undefined ? undefined : contactOf(guest),
    agreed_price: priceOf(price, view),
  };
}
