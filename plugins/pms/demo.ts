/**
 * The demo hotel: 24 rooms on three floors, a week of history, guests in house, and four weeks of bookings ahead. It is
 * made by the calls of a desk, day by day. The same numbers come each time, and only the dates move.
 */
import * as z from "zod";

import { addDays, type Day, dayAt, daysBetween, type DemoPart, type DemoSession, eachDay } from "../../core/mod.ts";
import { demoGuests } from "./demo_data/guests.ts";
import { planDemo, type PlannedStay } from "./demo_data/plan.ts";

const types = [
  { name: "Single", capacity: 1, rate: "79.00", numbers: ["101", "102", "103", "104"] },
  { name: "Double", capacity: 2, rate: "120.00", numbers: ["105", "106", "107", "108"] },
  { name: "Double", capacity: 2, rate: "120.00", numbers: ["201", "202", "203", "204", "205", "206"] },
  { name: "Double", capacity: 2, rate: "120.00", numbers: ["301", "302", "303", "304"] },
  { name: "Suite", capacity: 4, rate: "260.00", numbers: ["207", "208", "305", "306", "307", "308"] },
];

const hotelSchema = z.object({ business_date: z.string(), time_zone: z.string() });

/** Calls that are under way at once. More do not make one process answer faster. */
const atOnce = 16;

export const demo: DemoPart = {
  order: 2,
  tryPaths: ["/rooms/", "/operations/today"],
  play: async (session) => {
    const hotel = hotelSchema.parse(await session.call("GET", "/hotels/me"));
    const first = hotel.business_date;
    const today = daysBetween(first, dayAt(new Date(), hotel.time_zone));
    const policies = await session.call("GET", "/policies");
    // The schedule must not close the days of the past before they have happened.
    await session.call("PATCH", "/policies", { day_closes_at: null });
    await playDays(session, first, today, await makeRooms(session));
    await session.call("PATCH", "/policies", { day_closes_at: policies["day_closes_at"] });
  },
};

interface DemoRoom {
  readonly id: string;
  readonly number: string;
  readonly capacity: number;
}

async function makeRooms(session: DemoSession): Promise<DemoRoom[]> {
  const typeIds = new Map<string, string>();
  const rooms: DemoRoom[] = [];
  for (const { numbers, ...type } of types) {
    const known = typeIds.get(type.name);
    const typeId = known ?? idOf(await session.call("POST", "/room-types/", type), "room_type_id");
    typeIds.set(type.name, typeId);
    const made = await inParallel(numbers, async (number) => {
      const room = await session.call("POST", "/rooms/", { room_number: number, room_type_id: typeId });
      return { id: idOf(room, "room_id"), number, capacity: type.capacity };
    });
    rooms.push(...made);
  }
  return rooms;
}

/** Books all stays on the first day, then lives each day until today. */
async function playDays(session: DemoSession, first: Day, today: number, rooms: readonly DemoRoom[]): Promise<void> {
  const stays = planDemo(rooms, today);
  const closed = rooms.find(({ number }) => number === "204");
  const booked = await inParallel(stays, async (stay) => {
    const booking = await session.call("POST", "/bookings/", {
      room_id: rooms[stay.room]?.id,
      guest: demoGuests[stay.guest % demoGuests.length],
      adults: stay.adults,
      children: stay.children,
      check_in_at: addDays(first, stay.arrival),
      expected_check_out_at: addDays(first, stay.departure),
      ...(stay.notes === undefined ? {} : { notes: stay.notes }),
    });
    return { ...stay, id: idOf(booking, "booking_id") };
  });
  const act = (word: string, of: readonly (PlannedStay & { readonly id: string })[], body: object) =>
    inParallel(of, ({ id }) => session.call("PATCH", `/operations/${word}/${id}`, body));
  await act(
    "cancel",
    booked.filter(({ fate }) => fate === "canceled"),
    {},
  );
  for (const [at, day] of eachDay(first, addDays(first, today + 1)).entries()) {
    const guests = booked.filter(({ fate }) => fate === "comes" || fate === "late");
    const leaving = guests.filter(({ departure, fate, hasLeft }) => departure === at && fate === "comes" && hasLeft);
    await act("check-out", leaving, { left_on: day });
    const arriving = guests.filter(({ arrival, hasArrived }) => arrival === at && hasArrived);
    await act("check-in", arriving, { accept_dirty_room: true });
    if (at < today) await session.call("POST", "/operations/close-day", { business_date: day });
    // The day before today is closed with a guest who is due out, and who stays in the house as late.
    if (at === today - 2) await session.call("PATCH", "/policies", { overstays: "leave" });
  }
  await session.call("PATCH", "/policies", { overstays: "extend" });
  if (closed !== undefined) {
    const range = { from: addDays(first, today), to: addDays(first, today + 3), reason: "New carpet" };
    await session.call("POST", `/rooms/${closed.id}/closures`, range);
  }
  const dirty = new Set(
    booked.filter(({ departure, hasLeft }) => departure === today && hasLeft).map(({ room }) => room),
  );
  await inParallel([...rooms.entries()], async ([at, { id }]) => {
    const housekeeping = dirty.has(at) ? "dirty" : at % 7 === 3 ? "inspected" : "clean";
    await session.call("PATCH", `/rooms/${id}/housekeeping`, { housekeeping });
  });
}

const idOf = (answer: Record<string, unknown>, name: string): string => z.string().parse(answer[name]);

/** Runs the work for each item, some at once. Keeps the order of the results. */
async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) {
      const item = items[at];
      if (item !== undefined) results[at] = await work(item);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return results;
}
