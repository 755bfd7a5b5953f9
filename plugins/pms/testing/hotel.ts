/** Signs up a hotel with rooms, for tests that need bookings. Tests of other plugins use it too. */
import { addDays, dayAt } from "../../../core/mod.ts";
import { signUpHotel, type TestClient, type TestHotel } from "#testing/mod.ts";

export interface FurnishedHotel extends TestHotel {
  readonly roomTypeId: string;
  readonly roomIds: readonly string[];
  /** Returns the date that is `days` days after today, on the hotel's calendar. */
  day(days: number): string;
}

/** The rooms and settings of a furnished hotel. All members have defaults. */
export interface Furniture {
  /** The number of rooms. */
  readonly rooms?: number;
  readonly capacity?: number;
  readonly rate?: string;
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** Signs up a hotel, and creates one room type with the rooms 101, 102 and so on. */
export async function furnishHotel(
  client: TestClient,
  { rooms = 1, capacity = 2, rate = "100.00", settings = {} }: Furniture = {},
): Promise<FurnishedHotel> {
  const hotel = await signUpHotel(client, settings);
  const token = hotel.managerToken;
  const type = await client.post("/room-types/", { name: "Double", capacity, rate }, { token });
  if (type.status !== 201) throw new Error(`The room type answered ${type.status}: ${type.text}`);
  const roomTypeId = type.body.room_type_id as string;
  const roomIds: string[] = [];
  for (let number = 101; number < 101 + rooms; number += 1) {
    const room = await client.post("/rooms/", { room_number: String(number), room_type_id: roomTypeId }, { token });
    roomIds.push(room.body.room_id as string);
  }
  const today = dayAt(new Date(), (settings["time_zone"] as string | undefined) ?? "Europe/Berlin");
  return { ...hotel, roomTypeId, roomIds, day: (days) => addDays(today, days) };
}
