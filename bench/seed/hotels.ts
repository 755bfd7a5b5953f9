/** The hotels of the seed: 200 of 100 rooms with 10,000 bookings each, and one of 2,000 rooms with 1,000,000. */
import { idOf, scramble } from "./random.ts";
import { type DayNumber, weekday } from "./days.ts";

export interface SeedType {
  readonly id: string;
  readonly name: string;
  readonly capacity: number;
  /** The rate of a night on a usual day, in the currency's smallest unit. */
  readonly price: number;
}

export interface SeedRoom {
  readonly id: string;
  readonly number: string;
  readonly type: SeedType;
  readonly sold: boolean;
}

export interface SeedHotel {
  readonly index: number;
  readonly id: string;
  readonly managerId: string;
  readonly manager: string;
  readonly name: string;
  readonly zone: string;
  readonly currency: string;
  readonly decimals: number;
  readonly types: readonly SeedType[];
  readonly rooms: readonly SeedRoom[];
  readonly bookings: number;
}

/** 2024-01-01, for the ids of rows without a time of their own. */
const beginning = Date.UTC(2024, 0, 1);

/** A benchmark works in the first one, in Berlin. The others are spread. */
const places = [
  { zone: "Europe/Berlin", currency: "EUR", decimals: 2 },
  { zone: "Europe/Lisbon", currency: "EUR", decimals: 2 },
  { zone: "Europe/London", currency: "GBP", decimals: 2 },
  { zone: "America/New_York", currency: "USD", decimals: 2 },
  { zone: "Asia/Tokyo", currency: "JPY", decimals: 0 },
  { zone: "Asia/Kuwait", currency: "KWD", decimals: 3 },
] as const;

/** The room type by the room's number: a fifth singles, a tenth suites. */
const plan = [
  { name: "Single", capacity: 1, price: 79 },
  { name: "Double", capacity: 2, price: 120 },
  { name: "Twin", capacity: 2, price: 110 },
  { name: "Suite", capacity: 4, price: 260 },
] as const;
const typeOfRoom = [0, 0, 1, 1, 1, 1, 1, 2, 2, 3];

/**
 * The hotels at a scale, where 1 is the full size. The last one is the big one, and there is at least one small
 * one.
 */
export function seedHotels(scale: number): SeedHotel[] {
  const small = Math.max(1, Math.round(200 * scale));
  const grandRooms = Math.max(10, Math.round(2000 * scale));
  return [
    ...Array.from({ length: small }, (_, index) => hotelOf(index, 100, 10_000)),
    { ...hotelOf(small, grandRooms, grandRooms * 500, 0), name: "Seed grand hotel", manager: grandManager },
  ];
}

/** Usernames of the first hotel of 100 rooms and of the big one. The password of all is `seedPassword`. */
export const firstManager = "seed-manager-1";
export const grandManager = "seed-manager-grand";
export const seedPassword = "correct-horse-battery";

function hotelOf(index: number, rooms: number, bookings: number, at = index): SeedHotel {
  const place = places[at % places.length] ?? places[0];
  const unit = 10 ** place.decimals * (place.currency === "JPY" ? 100 : 1);
  const types = plan.map((type, number) => ({
    id: idOf("roomType", beginning, index, number),
    name: type.name,
    capacity: type.capacity,
    price: (type.price + 10 * (index % 7)) * unit,
  }));
  return {
    index,
    id: idOf("hotel", beginning, index, 0),
    managerId: idOf("user", beginning, index, 0),
    manager: `seed-manager-${index + 1}`,
    name: `Seed hotel ${index + 1}`,
    ...place,
    types,
    rooms: Array.from({ length: rooms }, (_, number) => ({
      id: idOf("room", beginning, index, number),
      number: String(1001 + number),
      type: types[typeOfRoom[number % 10] ?? 1] as SeedType,
      sold: number % 100 !== 99,
    })),
    bookings,
  };
}

/** The rate of a room type on a day, higher at the weekend and in summer. In the currency's smallest unit. */
export function priceOn(hotel: SeedHotel, type: SeedType, day: DayNumber): number {
  const dayOfYear = (day - 19_723) % 365;
  const summer = dayOfYear > 150 && dayOfYear < 245 ? 115 : 100;
  const weekend = weekday(day) === 4 || weekday(day) === 5 ? 120 : 100;
  const whole = hotel.currency === "JPY" ? 100 : 10 ** hotel.decimals;
  return Math.round((type.price * summer * weekend) / 10_000 / whole) * whole;
}

/** An amount as PostgreSQL writes it. */
export function amountText({ decimals }: SeedHotel, units: number): string {
  if (decimals === 0) return String(units);
  const digits = String(units).padStart(decimals + 1, "0");
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

/** A number below 1,000 computed from a hotel and a number. It decides which rows have a property. */
export const perMille = (hotel: SeedHotel, number: number): number => scramble(hotel.index + 977, number) % 1000;
