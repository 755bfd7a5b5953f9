/** What is done next at a desk, as data that can be shrunk (random_steps.ts), and what call that is in the hotel as it stands. */
import type { Call } from "./direct_desk.ts";
import { dayText } from "./model/hotel.ts";

/** What a step needs to know of a hotel. The model knows it exactly; clients who race know what they have heard. */
export interface DeskView {
  readonly today: number;
  readonly rooms: readonly { readonly id: string }[];
  readonly types: readonly { readonly id: string }[];
  readonly bookings: readonly SeenBooking[];
  readonly guests: readonly { readonly id: string; readonly mergedInto: object | null }[];
  readonly closures: readonly { readonly room: { readonly id: string }; readonly from: number }[];
  /** The booking of the latest step. */
  readonly touched: string | undefined;
  /** An amount in the hotel's currency. */
  text(minor: number): string;
}

export interface SeenBooking {
  readonly id: string;
  readonly status: string;
  readonly arrival: number;
  readonly departure: number;
}

/** Which booking: the one of the step before, or any; mostly one in a state in which the step may succeed. */
export interface Who {
  readonly same: boolean;
  readonly fits: boolean;
  readonly nth: number;
}

export type Step =
  | {
      readonly kind: "book";
      readonly by: "room" | "type";
      readonly nth: number;
      readonly stay: Stay;
      readonly heads: Heads;
      readonly guest: number;
      readonly locked: boolean;
      readonly price?: Price | undefined;
      readonly override?: boolean | undefined;
      readonly receptionist?: boolean | undefined;
    }
  | {
      readonly kind: "amend";
      readonly who: Who;
      readonly change: Change;
      readonly override?: boolean | undefined;
      readonly receptionist?: boolean | undefined;
    }
  | { readonly kind: Move; readonly who: Who }
  | { readonly kind: "reinstate"; readonly who: Who; readonly room?: number | undefined }
  /** So many days ago; of a day that is still to come, where it is negative. */
  | { readonly kind: "has left"; readonly who: Who; readonly ago: number }
  | { readonly kind: "move"; readonly who: Who; readonly room: number }
  | { readonly kind: "swap"; readonly who: Who; readonly other: Who }
  | { readonly kind: "close" | "reopen"; readonly room: number; readonly stay: Stay }
  | {
      readonly kind: "rates";
      readonly type: number;
      readonly stay: Stay;
      readonly rate?: number | null | undefined;
      readonly minimum?: number | null | undefined;
      readonly closed?: boolean | undefined;
    }
  | {
      readonly kind: "room";
      readonly room: number;
      readonly status?: string | undefined;
      readonly force?: boolean | undefined;
      /** Days from the business date, or null for never. */
      readonly retired?: number | null | undefined;
      readonly rate?: number | null | undefined;
    }
  | { readonly kind: "housekeeping"; readonly room: number; readonly state: string }
  | {
      readonly kind: "quote";
      readonly stay: Stay;
      readonly type?: number | undefined;
      readonly guests: number;
      readonly restricted?: boolean | undefined;
    }
  | {
      readonly kind: "repack";
      readonly type: number;
      readonly stay: Stay;
      readonly apply: "no" | "shown" | "at once" | "another";
    }
  | {
      readonly kind: "close day";
      readonly day: number;
      readonly early?: boolean | undefined;
      readonly receptionist?: boolean | undefined;
    }
  | {
      readonly kind: "policy";
      readonly charge?: string | undefined;
      readonly overstays?: string | undefined;
      readonly percent?: number | undefined;
      /** An hour, or null for any. */
      readonly closesFrom?: number | null | undefined;
      readonly receptionistsClose?: boolean | undefined;
    }
  | { readonly kind: "change guest" | "anonymize" | "merge" | "unmerge"; readonly nth: number; readonly guest: number }
  | { readonly kind: "subscription"; readonly lapsed: boolean }
  /** What the clock at the hotel shows from now on: days ahead of the business date, and the hour. */
  | { readonly kind: "clock"; readonly ahead: number; readonly hour: number };

/** Days from the business date, and nights. */
export interface Stay {
  readonly in: number;
  readonly nights: number;
}

interface Heads {
  readonly adults: number;
  readonly children: number;
}

/** A price that is agreed, in minor units; or no more. */
export type Price = { readonly per_night: number } | { readonly total: number } | { readonly withdrawn: true };

export interface Change {
  readonly price?: Price | undefined;
  readonly arrival?: number | undefined;
  readonly departure?: number | undefined;
  readonly type?: number | undefined;
  readonly room?: number | undefined;
  readonly adults?: number | undefined;
  readonly locked?: boolean | undefined;
  readonly notes?: string | undefined;
  readonly guest?: number | undefined;
}

const moves = {
  "check in": { route: "checkIn", from: ["confirmed"] },
  "check out": { route: "checkOut", from: ["in_house"] },
  cancel: { route: "cancelBooking", from: ["confirmed"] },
  "no-show": { route: "markNoShow", from: ["confirmed"] },
  "undo check-in": { route: "undoCheckIn", from: ["in_house"] },
  "undo check-out": { route: "undoCheckOut", from: ["checked_out"] },
  waive: { route: "waiveCharge", from: ["canceled", "no_show"] },
  "undo waiver": { route: "undoWaiver", from: ["canceled", "no_show"] },
} as const;
export type Move = keyof typeof moves;

const holding = ["confirmed", "in_house"];

/** The call that a step is; undefined where there is nobody to do it with, or where it is none. */
export function callOf(step: Step, view: DeskView): Call | undefined {
  const { rooms, types, today } = view;
  const pick = <T>(things: readonly T[], index: number): T => things[index % things.length] as T;
  const days = ({ in: ahead, nights }: Stay) => [dayText(today + ahead), dayText(today + ahead + nights)] as const;
  switch (step.kind) {
    case "book": {
      const [check_in_at, expected_check_out_at] = days(step.stay);
      const what =
        step.by === "room" ? { room_id: pick(rooms, step.nth).id } : { room_type_id: pick(types, step.nth).id };
      const body = { ...what, ...step.heads, check_in_at, expected_check_out_at, room_locked: step.locked };
      const agreed_price = priceOf(step.price, view);
      const more = { guest: contactOf(step.guest), agreed_price, override_restrictions: overrideOf(step) };
      return { id: "createBooking", body: { ...body, ...more }, role: roleOf(step) };
    }
    case "amend": {
      const booking = whom(view, step.who, holding);
      return (
        booking && {
          id: "amendBooking",
          params: { booking_id: booking.id },
          body: { ...amendment(step.change, booking, view), override_restrictions: overrideOf(step) },
          role: roleOf(step),
        }
      );
    }
    case "move": {
      const booking = whom(view, step.who, holding);
      const body = { room_id: pick(rooms, step.room).id };
      return booking && { id: "moveBooking", params: { booking_id: booking.id }, body };
    }
    case "reinstate": {
      const booking = whom(view, step.who, ["canceled", "no_show"]);
      const body = step.room === undefined ? {} : { room_id: pick(rooms, step.room).id };
      return booking && { id: "reinstateBooking", params: { booking_id: booking.id }, body };
    }
    case "swap": {
      const one = whom(view, step.who, holding);
      // With itself only now and then.
      const others = step.other.fits ? view.bookings.filter((booking) => booking !== one) : view.bookings;
      const other = whom({ bookings: others, touched: undefined }, step.other, holding);
      return (
        one && other && { id: "swapBookings", params: { booking_id: one.id }, body: { other_booking_id: other.id } }
      );
    }
    case "close": {
      const [from, to] = days(step.stay);
      const params = { room_id: pick(rooms, step.room).id };
      return { id: "closeRoom", params, body: { from, to, reason: "new carpet" } };
    }
    case "reopen": {
      // Mostly a part of what is closed, or a day more.
      const closure = view.closures[step.room % (view.closures.length + 1)];
      const { in: ahead, nights } = step.stay;
      // Of nights that are over only now and then.
      const from =
        closure === undefined ? today + ahead : Math.max(closure.from + (ahead % 3) - 1, today + Math.min(ahead, 0));
      const params = { room_id: (closure?.room ?? pick(rooms, step.room)).id };
      return { id: "reopenRoom", params, query: { from: dayText(from), to: dayText(from + nights) } };
    }
    case "rates": {
      const [from, to] = days(step.stay);
      const { rate, minimum, closed } = step;
      const body = { room_type_id: pick(types, step.type).id, from, to };
      const set = { rate: amount(view, rate), minimum_stay: minimum, closed_to_arrival: closed };
      return { id: "setRates", body: { ...body, ...set } };
    }
    case "room": {
      const retirement = typeof step.retired === "number" ? dayText(today + step.retired) : step.retired;
      const body = { status: step.status, force: step.force, retired_from: retirement, rate: amount(view, step.rate) };
      return { id: "changeRoom", params: { room_id: pick(rooms, step.room).id }, body };
    }
    case "housekeeping": {
      const body = { housekeeping: step.state };
      return { id: "setHousekeeping", params: { room_id: pick(rooms, step.room).id }, body };
    }
    case "quote": {
      const [check_in, check_out] = days(step.stay);
      const type = step.type === undefined ? {} : { room_type_id: pick(types, step.type).id };
      const restricted = step.restricted === true ? { include_restricted: "true" } : {};
      return { id: "findFreeRooms", query: { check_in, check_out, guests: step.guests, ...restricted, ...type } };
    }
    case "repack": {
      const [check_in, check_out] = days(step.stay);
      const body = { room_type_id: pick(types, step.type).id, check_in, check_out, apply: step.apply !== "no" };
      return { id: "repackRooms", body: step.apply === "another" ? { ...body, plan: "of another day" } : body };
    }
    case "close day":
      return {
        id: "closeDay",
        body: { business_date: dayText(today + step.day), early: step.early },
        role: roleOf(step),
      };
    case "policy":
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
    case "has left": {
      const booking = whom(view, step.who, ["in_house"]);
      const body = { left_on: dayText(today - step.ago) };
      return booking && { id: "checkOut", params: { booking_id: booking.id }, body };
    }
    case "change guest":
    case "anonymize": {
      const guest = view.guests[step.nth % Math.max(1, view.guests.length)];
      const [id, body] = step.kind === "anonymize" ? ["anonymizeGuest", {}] : ["changeGuest", contactOf(step.guest)];
      return guest && { id, params: { guest_id: guest.id }, body };
    }
    case "merge": {
      // Rarely with itself.
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
    case "subscription":
    case "clock":
      return undefined;
    case "check in":
    case "check out":
    case "cancel":
    case "no-show":
    case "undo check-in":
    case "undo check-out":
    case "waive":
    case "undo waiver": {
      const { route, from } = moves[step.kind];
      const isOfToday = step.kind === "check in" || step.kind === "no-show";
      const booking = whom(view, step.who, from, isOfToday ? today : undefined);
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

/** A few people, so that some come again. */
function contactOf(guest: number): { name: string; email: string } {
  return { name: `Guest ${guest % 5}`, email: `guest.${guest % 5}@example.com` };
}

const amount = (view: DeskView, minor: number | null | undefined): string | null | undefined =>
  typeof minor === "number" ? view.text(minor) : minor;

function whom(
  { bookings, touched }: Pick<DeskView, "bookings" | "touched">,
  { same, fits, nth }: Who,
  states: readonly string[],
  by = Infinity,
): SeenBooking | undefined {
  const fitting = fits ? bookings.filter(({ status, arrival }) => states.includes(status) && arrival <= by) : bookings;
  const last = same ? fitting.find(({ id }) => id === touched) : undefined;
  return last ?? fitting[nth % Math.max(1, fitting.length)];
}

function amendment(change: Change, booking: SeenBooking, view: DeskView): Record<string, unknown> {
  const { arrival, departure, type, room, adults, locked, notes, guest, price } = change;
  return {
    check_in_at: arrival === undefined ? undefined : dayText(booking.arrival + arrival),
    expected_check_out_at: departure === undefined ? undefined : dayText(booking.departure + departure),
    room_type_id: type === undefined ? undefined : view.types[type % view.types.length]?.id,
    room_id: room === undefined ? undefined : view.rooms[room % view.rooms.length]?.id,
    adults,
    room_locked: locked,
    notes,
    guest: guest === undefined ? undefined : contactOf(guest),
    agreed_price: priceOf(price, view),
  };
}
