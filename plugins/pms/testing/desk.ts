/** A desk of a furnished hotel, with the calls that the tests make again and again. */
import { addDays } from "../../../core/mod.ts";
import type { TestAnswer } from "../../../testing/client.ts";
import type { TestPlatform } from "../../../testing/platform.ts";
import { furnishHotel, type FurnishedHotel, type Furniture } from "./hotel.ts";

export interface Desk extends FurnishedHotel {
  /** Books the first room (or what `more` says) from day to day, counted from the business date at the beginning. */
  book(from: number, to: number, more?: Readonly<Record<string, unknown>>): Promise<TestAnswer>;
  /** The same, which must succeed. @returns the booking */
  booked(from: number, to: number, more?: Readonly<Record<string, unknown>>): Promise<TestAnswer["body"]>;
  /** `PATCH /operations/{word}/{booking_id}` as the receptionist. */
  operate(word: string, bookingId: string, body?: unknown): Promise<TestAnswer>;
  amend(bookingId: string, body: unknown): Promise<TestAnswer>;
  get(path: string): Promise<TestAnswer>;
  /** As the manager. */
  manage(method: string, path: string, body?: unknown): Promise<TestAnswer>;
  closeDay(): Promise<TestAnswer>;
}

/** A day can't be closed before it has begun: the desk is behind the calendar by this, and may close as many. */
const daysBehind = 9;

export async function openDesk(platform: TestPlatform, furniture: Furniture = {}): Promise<Desk> {
  const { client, owner } = platform;
  const hotel = await furnishHotel(client, furniture);
  const first = hotel.day(-daysBehind);
  await owner("identity.hotels").where({ hotel_id: hotel.hotelId }).update({ business_date: first });
  // It is days behind: a worker's clock would close those days.
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
    operate: (word, bookingId, body = {}) => client.patch(`/operations/${word}/${bookingId}`, body, { token }),
    amend: (bookingId, body) => client.patch(`/bookings/${bookingId}`, body, { token }),
    get: (path) => client.get(path, { token }),
    manage,
    closeDay: async () => {
      const { business_date } = (await client.get("/hotels/me", { token })).body as { business_date: string };
      return manage("POST", "/operations/close-day", { business_date });
    },
  };
}
