/**
 * Inserts a hotel into the database, and makes the model of it. A sign-up would hash a password, which is too slow for
 * thousands of histories.
 */
import type { Knex } from "knex";

import { newId } from "../../../core/mod.ts";
import { dayText } from "./model_tests/model/data.ts";
import { ModelHotel } from "./model_tests/model/hotel.ts";

/** The currency and the time zone of an inserted hotel. All have five rooms in two types, with several prices. */
export interface HotelKind {
  readonly currency: string;
  /** The decimals of the currency. */
  readonly decimals: number;
  readonly timeZone: string;
}

export const hotelKinds: readonly HotelKind[] = [
  { currency: "EUR", decimals: 2, timeZone: "Europe/Berlin" },
  { currency: "JPY", decimals: 0, timeZone: "Pacific/Auckland" },
  { currency: "KWD", decimals: 3, timeZone: "Pacific/Honolulu" },
];

/**
 * Inserts a hotel on the first business date of the model.
 * @param existingId a hotel without rooms, which gets the rooms and the business date instead of a new one
 */
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
    isDirty: false,
    retiredFrom: null,
  }));
  const model = new ModelHotel(kind.decimals, types, rooms);
  const text = (minor: number | null): string | null => (minor === null ? null : model.text(minor));
  await owner.transaction(async (trx) => {
    await trx.raw(
      `INSERT INTO identity.hotels (hotel_id, name, time_zone, currency, trial_ends_at, valid_to, business_date)
       VALUES (?, 'Model hotel', ?, ?, now() + interval '9 days', now() + interval '9 days', ?)
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

/** Ends a hotel's subscription, or restores it. */
export async function setSubscription(owner: Knex, hotelId: string, isLapsed: boolean): Promise<void> {
  await owner.raw("UPDATE identity.hotels SET valid_to = now() + ?::interval WHERE hotel_id = ?", [
    isLapsed ? "-1 day" : "9 days",
    hotelId,
  ]);
}
