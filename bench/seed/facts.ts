/** The values that several rows of one booking share. */
import { type DayNumber, msAt } from "./days.ts";
import { amountText, priceOn, type SeedHotel, type SeedRoom } from "./hotels.ts";
import { idOf } from "./random.ts";
import type { SeedStay } from "./stays.ts";

/** NULL in COPY's format. */
export const nothing = "\\N";

/** A booking's values besides its stay, shared by its rows. */
export interface BookingFacts {
  readonly id: string;
  readonly guestId: string;
  /** The first room and the last room of the stay. */
  readonly firstRoom: SeedRoom;
  readonly lastRoom: SeedRoom;
  readonly notes: string | null;
  readonly checkInAt: number;
  readonly checkOutAt: number;
  readonly checkedInAt: number | undefined;
  readonly checkedOutAt: number | undefined;
  /** The number of nights on the bill, from the arrival on. */
  readonly billed: number;
}

const wishes = [
  "Late arrival, after 22:00",
  "A quiet room, please",
  "Allergic to feathers",
  "Needs a cot",
  "Honeymoon",
  "Invoice to the company",
];

export function factsOf(stay: SeedStay): BookingFacts {
  const { hotel, status, arrival, booked, departure, luck } = stay;
  const minutes = (luck % 180) * 60_000;
  const isPast = status === "checked_out";
  const came = isPast || status === "in_house";
  return {
    id: idOf("booking", stay.createdAt, hotel.index, stay.number),
    guestId: guestIdOf(hotel, stay.guest),
    firstRoom: hotel.rooms[stay.room] as SeedRoom,
    lastRoom: hotel.rooms[stay.move?.room ?? stay.room] as SeedRoom,
    notes: luck % 12 === 0 ? (wishes[luck % wishes.length] ?? null) : null,
    checkInAt: msAt(arrival, "14:00", hotel.zone),
    checkOutAt: msAt(booked, "11:00", hotel.zone),
    checkedInAt: came ? msAt(arrival, "14:00", hotel.zone) + minutes : undefined,
    checkedOutAt: isPast ? msAt(departure, "08:00", hotel.zone) + minutes : undefined,
    billed: status === "no_show" ? 1 : departure - arrival,
  };
}

export const guestIdOf = (hotel: SeedHotel, guest: number): string =>
  idOf("guest", Date.UTC(2024, 0, 1) + guest * 1000, hotel.index, guest);

/** The room of a night. */
export const roomOf = (stay: SeedStay, day: DayNumber): SeedRoom =>
  stay.hotel.rooms[stay.move !== undefined && day >= stay.move.on ? stay.move.room : stay.room] as SeedRoom;

/** Every night keeps the price of the room that was booked. */
export const priceOfNight = (stay: SeedStay, facts: BookingFacts, day: DayNumber): number =>
  priceOn(stay.hotel, facts.firstRoom.type, day);

export function totalOf(stay: SeedStay, facts: BookingFacts, nights: number): string {
  let sum = 0;
  for (let day = stay.arrival; day < stay.arrival + nights; day += 1) sum += priceOfNight(stay, facts, day);
  return amountText(stay.hotel, sum);
}

export const ended = ({ status }: SeedStay): boolean => status !== "confirmed" && status !== "in_house";
