/** Makes two hotels with rows of every kind, so that one can attack the other. Add rows of a new kind here. */
import type { Attacker, Things } from "./attack.ts";
import { readTenantRows } from "./tenant_rows.ts";
import { type FurnishedHotel, furnishHotel } from "../../plugins/pms/testing/hotel.ts";
import { buildBookingsReport } from "../../plugins/reporting/testing/bookings.ts";
import { logIn, type TestPlatform } from "../platform.ts";

export interface ArrangedHotel extends FurnishedHotel {
  readonly things: Things;
}

/** Returns a word of a hotel's data that the other hotel must never see. */
const wordOf = (name: string): string => `Canary-of-${name}`;

/** Sets the business date back by two days, and closes both. */
async function closeTwoDays({ client, owner }: TestPlatform, hotel: FurnishedHotel): Promise<void> {
  await owner("identity.hotels")
    .where({ hotel_id: hotel.hotelId })
    .update({ business_date: hotel.day(-2) });
  await owner("pms.policies").insert({ hotel_id: hotel.hotelId, day_closes_at: null });
  for (const business_date of [hotel.day(-2), hotel.day(-1)]) {
    const closed = await client.post("/operations/close-day", { business_date }, { token: hotel.managerToken });
    if (closed.status !== 200) throw new Error(`The close of the day answered ${closed.status}: ${closed.text}`);
  }
}

async function arrangeHotel(platform: TestPlatform, name: string): Promise<ArrangedHotel> {
  const { client } = platform;
  const hotel = await furnishHotel(client, {
    rooms: 5,
    settings: { name: wordOf(name), terms_and_conditions: wordOf(name) },
  });
  const token = hotel.managerToken;
  await closeTwoDays(platform, hotel);
  const guests: string[] = [];
  const make = async (path: string, body: unknown, id: string): Promise<string> => {
    const { status, body: made, text } = await client.post(path, body, { token });
    if (status !== 201) throw new Error(`${path} answered ${status}: ${text}`);
    if (typeof made.guest_id === "string") guests.push(made.guest_id);
    return made[id] as string;
  };
  const spareType = await make("/room-types/", { name: wordOf(name), capacity: 2, rate: "80.00" }, "room_type_id");
  const book = (room: number): Promise<string> =>
    make(
      "/bookings/",
      {
        room_id: hotel.roomIds[room],
        guest: { name: wordOf(name), email: `${wordOf(name)}.${room}@example.com` },
        notes: wordOf(name),
        check_in_at: hotel.day(0),
        expected_check_out_at: hotel.day(2),
      },
      "booking_id",
    );
  const [confirmed, inHouse, checkedOut, canceled] = [await book(0), await book(1), await book(2), await book(3)];
  const operate = async (operation: string, booking: string): Promise<void> => {
    const { status, text } = await client.patch(`/operations/${operation}/${booking}`, {}, { token });
    if (status !== 200) throw new Error(`${operation} answered ${status}: ${text}`);
  };
  await operate("check-in", inHouse);
  await operate("check-in", checkedOut);
  await operate("check-out", checkedOut);
  await operate("cancel", canceled);
  await make(
    `/rooms/${hotel.roomIds[4]}/closures`,
    { from: hotel.day(5), to: hotel.day(9), reason: wordOf(name) },
    "closure_id",
  );
  const report = await buildBookingsReport(platform, hotel);
  const another = await buildBookingsReport(platform, hotel, { status: ["confirmed"] });
  const schedules = [
    await make("/reports/schedules", { kind: "bookings", every: "night" }, "schedule_id"),
    await make("/reports/schedules", { kind: "revenue", every: "month" }, "schedule_id"),
  ];
  const me = await client.get("/auth/me", { token: hotel.receptionistToken });
  // Two sessions, so that the list has a second page.
  await logIn(client, hotel.username, "correct-horse-battery");
  const sessions = await client.get("/auth/sessions", { token });
  const colleague = { username: `${wordOf(name)}.${process.pid}`, password: "correct-horse-battery" };
  const added = await make("/users/", { ...colleague, role: "manager" }, "user_id");
  return {
    ...hotel,
    things: new Map([
      ["user_id", [me.body.user_id as string, added]],
      ["session_id", (sessions.body.items as { session_id: string }[]).map(({ session_id: id }) => id)],
      ["actor_id", [me.body.user_id as string]],
      ["room_type_id", [hotel.roomTypeId, spareType]],
      ["room_id", hotel.roomIds],
      ["guest_id", guests],
      ["duplicate_id", guests.slice(-1)],
      ["booking_id", [confirmed, inHouse, checkedOut, canceled]],
      ["other_booking_id", [inHouse]],
      ["schedule_id", schedules],
      ["report_id", [report.report_id as string, another.report_id as string]],
    ]),
  };
}

export interface TwoHotels {
  readonly victim: ArrangedHotel;
  readonly attacker: ArrangedHotel;
  readonly attack: Attacker;
}

/** Makes both hotels, and the attack of the second on the first. The platform needs its worker to build reports. */
export async function arrangeTwoHotels(platform: TestPlatform): Promise<TwoHotels> {
  const victim = await arrangeHotel(platform, "A");
  const attacker = await arrangeHotel(platform, "B");
  const rows = await readTenantRows(platform.owner);
  return {
    victim,
    attacker,
    attack: {
      client: platform.client,
      token: attacker.managerToken,
      own: attacker.things,
      foreign: victim.things,
      harmless: { client_id: "an OAuth client's own name, which nothing is looked up by" },
      secrets: [wordOf("A"), ...rows.idsOf(victim.hotelId)],
    },
  };
}
