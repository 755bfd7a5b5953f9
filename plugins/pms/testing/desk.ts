/** Opens the desk of a hotel over HTTP, with short functions for the requests that tests often send. */
import { addDays } from "../../../core/mod.ts";
import { type TestAnswer, type TestPlatform } from "#testing/mod.ts";
import { furnishHotel, type FurnishedHotel, type Furniture } from "./hotel.ts";

export interface Desk extends FurnishedHotel {
  /**
   * Books the first room. Days count from the first business date of the desk.
   * @param more members of the body that replace the default ones
   */
  book(from: number, to: number, more?: Readonly<Record<string, unknown>>): Promise<TestAnswer>;
  /** Does the same and returns the booking. @throws Error if the booking is refused */
  booked(from: number, to: number, more?: Readonly<Record<string, unknown>>): Promise<TestAnswer["body"]>;
  /** Sends `PATCH /operations/{operation}/{booking_id}` as the receptionist. */
  operate(operation: string, bookingId: string, body?: unknown): Promise<TestAnswer>;
  amend(bookingId: string, body: unknown): Promise<TestAnswer>;
  get(path: string): Promise<TestAnswer>;
  /** Sends a request as the manager. The functions above send theirs as the receptionist. */
  manage(method: string, path: string, body?: unknown): Promise<TestAnswer>;
  /** Closes the business date as the manager. */
  closeDay(): Promise<TestAnswer>;
}

/** The days by which the business date is behind the calendar, so that a test can close this many days. */
const daysBehind = 9;

/** Signs up a hotel with rooms, and sets its business date back by `daysBehind`. */
export async function openDesk(platform: TestPlatform, furniture: Furniture = {}): Promise<Desk> {
  const { client, owner } = platform;
  const hotel = await furnishHotel(client, furniture);
  const first = hotel.day(-daysBehind);
  await owner("identity.hotels").where({ hotel_id: hotel.hotelId }).update({ business_date: first });
  // Without this policy, the schedule of a worker would close the overdue days.
  await owner("pms.policies").insert({ hotel_id: hotel.hotelId, day_closes_at: null });
  const token = hotel.receptionistToken;
  const day: Desk["day"] = (days) => addDays(first, days);
  const book: Desk["book"] = (from, to, more = {}) =>
    client.post(
      "/bookings/",
      {
        ...("room_type_id" in more ? {} : { room_id: hotel.roomIds[0] }),
        guest: { name: "Ada Lovelace" },
        check_in_at: day(from),
        expected_check_out_at: day(to),
        ...more,
      },
      { token },
    );
  const manage: Desk["manage"] = (method, path, body) => client.call(method, path, body, { token: hotel.managerToken });
  return {
    ...hotel,
    day,
    book,
    booked: async (from, to, more) => {
      const answer = await book(from, to, more);
      if (answer.status !== 201) throw new Error(`The booking answered ${answer.status}: ${answer.text}`);
      return answer.body;
    },
    operate: (operation, bookingId, body = {}) =>
      client.patch(`/operations/${operation}/${bookingId}`, body, { token }),
    amend: (bookingId, body) => client.patch(`/bookings/${bookingId}`, body, { token }),
    get: (path) => client.get(path, { token }),
    manage,
    closeDay: async () => {
      const { business_date } = (await client.get("/hotels/me", { token })).body as { business_date: string };
      return manage("POST", "/operations/close-day", { business_date });
    },
  };
}
