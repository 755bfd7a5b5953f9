/**
 * Computes the rows of each kind of report from the model of a hotel's desk, night by night and in whole minor units.
 * It follows the specification, has no SQL, and shares no code with the reports.
 */
import { dayNumber, dayText, type ModelBooking, range } from "../../pms/testing/model_tests/model/data.ts";
import { agreedDeparture, type ModelHotel } from "../../pms/testing/model_tests/model/hotel.ts";

/** A hotel's model, and the values in a report that the model does not have. */
export interface ReportedHotel {
  readonly model: ModelHotel;
  readonly currency: string;
  readonly timeZone: string;
  /** The time of creation and the notes, by booking. */
  readonly madeAt: ReadonlyMap<string, Date>;
  readonly notes: ReadonlyMap<string, string>;
  /** The names by room type. */
  readonly typeNames: ReadonlyMap<string, string>;
}

export type Row = Readonly<Record<string, string>>;

/** A range of days with both ends included. Null means no limit. */
export interface Days<End = number> {
  readonly from: End;
  readonly to: End;
}

const sleptStatuses = ["in_house", "checked_out"];
const arrivingStatuses = ["confirmed", ...sleptStatuses];

/** Divides whole numbers that are not negative, and rounds half up. */
const share = (part: number, by: number): number => Math.floor((2 * part + by) / (2 * by));

/** Writes hundredths as a decimal number. */
const hundredths = (value: number): string => `${Math.floor(value / 100)}.${String(value % 100).padStart(2, "0")}`;

/** Returns the day on the hotel's calendar. */
function localDay(instant: Date, timeZone: string): string {
  return new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short" }).format(instant);
}

/** Finds the instant at which the hotel's clock shows a full hour of a day. Tries all offsets. */
function wallClock(day: string, hour: number, timeZone: string): string {
  const shows = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "short" });
  const wanted = `${day} ${String(hour).padStart(2, "0")}:00`;
  for (let quarters = -56; quarters <= 56; quarters += 1) {
    const instant = new Date(Date.parse(`${day}T00:00:00Z`) + hour * 3_600_000 + quarters * 900_000);
    if (shows.format(instant) === wanted) return instant.toISOString();
  }
  throw new Error(`${timeZone} has no time ${wanted}.`);
}

const arrivalAt = ({ arrival }: ModelBooking, { timeZone }: ReportedHotel): string =>
  wallClock(dayText(arrival), 14, timeZone);

/** Returns the agreed departure, which an early departure changes. */
function departureAt(booking: ModelBooking, { timeZone }: ReportedHotel): string {
  return wallClock(dayText(agreedDeparture(booking)), 11, timeZone);
}

export interface BookingsRange extends Days<string | null> {
  readonly by: "arrival" | "departure" | "created";
  readonly status: readonly string[];
  readonly columns: readonly string[];
}

/** Cells by the columns in the file's order. Two columns are missing: the times of check-in and check-out. */
const bookingCells: Readonly<Record<string, (booking: ModelBooking, known: ReportedHotel) => string>> = {
  booking_id: ({ id }) => id,
  room_id: ({ room }) => room.id,
  room_number: ({ room }) => room.number,
  guest_name: ({ name }) => name,
  guest_email: ({ email }) => email ?? "",
  guest_phone: () => "",
  adults: ({ adults }) => String(adults),
  children: ({ children }) => String(children),
  arrival: ({ arrival }) => dayText(arrival),
  departure: ({ departure }) => dayText(departure),
  check_in_at: arrivalAt,
  expected_check_out_at: departureAt,
  status: ({ status }) => status,
  total_amount: (booking, { model }) => model.text(model.total(booking)),
  currency: (_, { currency }) => currency,
  terms_accepted_at: () => "",
  notes: ({ id }, { notes }) => notes.get(id) ?? "",
  created_by: () => "the desk",
  created_at: ({ id }, { madeAt }) => (madeAt.get(id) as Date).toISOString(),
  rack_amount: (booking, { model }) => model.text(model.rackTotal(booking) ?? model.total(booking)),
  waived_amount: ({ waivedNights }, { model }) =>
    waivedNights === undefined ? "" : model.text([...waivedNights.values()].reduce((sum, { rate }) => sum + rate, 0)),
};
export const bookingColumns = Object.keys(bookingCells);

export function bookingRows(known: ReportedHotel, { from, to, by, status, columns }: BookingsRange): Row[] {
  const dayOf = (booking: ModelBooking): string =>
    by === "created" ? localDay(known.madeAt.get(booking.id) as Date, known.timeZone) : dayText(booking[by]);
  return known.model.bookings
    .filter((booking) => status.includes(booking.status))
    .filter((booking) => (from === null || from <= dayOf(booking)) && (to === null || dayOf(booking) <= to))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map((booking) => {
      const wanted = Object.entries(bookingCells).filter(([name]) => columns.includes(name));
      return Object.fromEntries(wanted.map(([name, cell]) => [name, cell(booking, known)]));
    });
}

export function occupancyRows({ model, currency }: ReportedHotel, { from, to }: Days): Row[] {
  return range(from, to + 1).map((day) => {
    const closed = model.closedDays.get(day);
    const {
      rooms = 0,
      out_of_order: out = 0,
      sold = 0,
      room_revenue: revenue = 0,
    } = closed ?? currentFigures(model, day);
    const perRoom = (count: number): string => (count > 0 ? model.text(share(revenue, count)) : "");
    const percent = (base: number): string => (base > 0 ? hundredths(share(10_000 * sold, base)) : "");
    return {
      date: dayText(day),
      closed: closed === undefined ? "false" : "true",
      rooms: String(rooms),
      out_of_order: String(out),
      sold: String(sold),
      occupancy: percent(rooms),
      occupancy_in_order: percent(rooms - out),
      room_revenue: model.text(revenue),
      adr: perRoom(sold),
      revpar: perRoom(rooms),
      revpar_in_order: perRoom(rooms - out),
      currency,
    };
  });
}

/** Returns whether a night of a booking was slept, or is reserved. */
const counts = ({ status }: ModelBooking, day: number, today: number): boolean =>
  sleptStatuses.includes(status) || (status === "confirmed" && day >= today);

function currentFigures(
  { rooms: all, closures, bookings, today }: ModelHotel,
  day: number,
): Readonly<Record<string, number>> {
  const rooms = all.filter(({ retiredFrom }) => retiredFrom === null || day < retiredFrom);
  const nights = bookings
    .filter((booking) => counts(booking, day, today))
    .flatMap((booking) => booking.nights.get(day) ?? []);
  const isOut = (room: ModelHotel["rooms"][number]): boolean =>
    room.status === "out_of_order" ||
    closures.some((closure) => closure.room === room && closure.from <= day && day < closure.to);
  return {
    rooms: rooms.length,
    out_of_order: rooms.filter(isOut).length,
    sold: new Set(nights.map(({ room }) => room)).size,
    room_revenue: nights.reduce((sum, { rate }) => sum + rate, 0),
  };
}

export function revenueRows({ model, currency, typeNames }: ReportedHotel, { from, to }: Days): Row[] {
  const groups = new Map<string, { nights: number; slept: number; rack: number; absent: number }>();
  for (const booking of model.bookings) {
    for (const [day, { type, rate, rackRate }] of booking.nights) {
      const absent = booking.status === "no_show";
      if (day < from || day > to || !(absent || counts(booking, day, model.today))) continue;
      const key = `${dayText(day).slice(0, 7)} ${typeNames.get(type.id)}`;
      const group = groups.get(key) ?? { nights: 0, slept: 0, rack: 0, absent: 0 };
      groups.set(key, group);
      if (absent) group.absent += rate;
      else Object.assign(group, { nights: group.nights + 1, slept: group.slept + rate, rack: group.rack + rackRate });
    }
  }
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, { nights, slept, rack, absent }]) => ({
      month: key.slice(0, 7),
      room_type: key.slice(8),
      nights: String(nights),
      room_revenue: model.text(slept),
      adr: nights === 0 ? "" : model.text(share(slept, nights)),
      no_show_revenue: model.text(absent),
      currency,
      rack_revenue: model.text(rack),
    }));
}

export function arrivalRows(known: ReportedHotel, { from, to }: Days): Row[] {
  const guests = known.model.bookings.filter(({ status }) => arrivingStatuses.includes(status));
  const lineOf = (movement: "arrival" | "departure", booking: ModelBooking): Row => ({
    movement,
    date: dayText(booking[movement]),
    at: movement === "arrival" ? arrivalAt(booking, known) : departureAt(booking, known),
    room_number: booking.room.number,
    guest_name: booking.name,
    guest_email: booking.email ?? "",
    guest_phone: "",
    adults: String(booking.adults),
    children: String(booking.children),
    status: booking.status,
    nights: String(booking.departure - booking.arrival),
    notes: known.notes.get(booking.id) ?? "",
    booking_id: booking.id,
  });
  const order = ({ date, movement, room_number: room, booking_id: id }: Row): string =>
    [date, movement, room, id].join(" ");
  return guests
    .flatMap((booking) => [lineOf("arrival", booking), lineOf("departure", booking)])
    .filter(({ date = "" }) => from <= dayNumber(date) && dayNumber(date) <= to)
    .sort((a, b) => (order(a) < order(b) ? -1 : 1));
}
