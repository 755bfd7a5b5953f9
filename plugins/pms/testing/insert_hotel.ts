/** Hotels that are put into the database in one statement: signing up takes a password's hash, and histories are many. */
import type { Knex } from "knex";

import { newId } from "../../../core/mod.ts";
import { dayText, ModelHotel } from "./model_tests/model/hotel.ts";

/** What kind of hotel; all have five rooms in two types, at prices of their own. */
export interface HotelKind {
  readonly currency: string;
  readonly decimals: number;
  readonly timeZone: string;
}

export const hotelKinds: readonly HotelKind[] = [
  { currency: "EUR", decimals: 2, timeZone: "Europe/Berlin" },
  { currency: "JPY", decimals: 0, timeZone: "Pacific/Auckland" },
  { currency: "KWD", decimals: 3, timeZone: "Pacific/Honolulu" },
];

/** Plants a hotel, and gives the model of it. @param hotelId an existing hotel's, which is then existingId rooms and the model's day */
export async function insertHotel(
  owner: Knex,
  kind: HotelKind,
  existingId?: string,
): Promise<{ readonly hotelId: string; readonly model: ModelHotel }> {
  const hotelId = existingId ?? newId();
  const types = [
    { id: newId(), capacity: 2, rate: 10_050 },
    { id: newId(), capacity: 3, rate: 20_025 },
  ] as const;
  const rooms = ["101", "102", "103", "201", "202"].map((number, index) => ({
    id: newId(),
    number,
    type: types[index < 3 ? 0 : 1],
    rate: index === 2 ? 9_999 : null,
    status: "available",
    dirty: false,
    retiredFrom: null,
  }));
  const model = new ModelHotel(kind.decimals, types, rooms);
  const text = (minor: number | null): string | null => (minor === null ? null : model.text(minor));
  await owner.transaction(async (trx) => {
    await trx.raw(
      `INSERT INTO identity.hotels (hotel_id, name, time_zone, currency, trial_ends_at, valid_to, business_date)
       VALUES (?, 'Planted', ?, ?, now() + interval '9 days', now() + interval '9 days', ?)
       ON CONFLICT (hotel_id) DO UPDATE SET business_date = excluded.business_date`,
      [hotelId, kind.timeZone, kind.currency, dayText(0)],
    );
    await trx("pms.room_types").insert(
      types.map((type, index) => ({
        hotel_id: hotelId,
        room_type_id: type.id,
        name: `Type ${index}`,
        capacity: type.capacity,
        rate: text(type.rate),
      })),
    );
    await trx("pms.rooms").insert(
      rooms.map((room) => ({
        hotel_id: hotelId,
        room_id: room.id,
        room_number: room.number,
        room_type_id: room.type.id,
        rate: text(room.rate),
      })),
    );
  });
  return { hotelId, model };
}

/** Lets a hotel's subscription lapse, or come back. */
export async function setSubscription(owner: Knex, hotelId: string, lapsed: boolean): Promise<void> {
  await owner.raw("UPDATE identity.hotels SET valid_to = now() + ?::interval WHERE hotel_id = ?", [
    lapsed ? "-1 day" : "9 days",
    hotelId,
  ]);
}
