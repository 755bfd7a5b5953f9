/**
 * Makes the seed's rows in COPY's format, with tabs between columns and `\N` for NULL. No value contains a tab or a
 * backslash.
 */
import { foldUsername } from "../../plugins/identity/names/usernames.ts";
import { type DayNumber, dayText, instantText, msPerDay, weekday } from "./days.ts";
import { ended, factsOf, guestIdOf, nothing, priceOfNight, roomOf, totalOf } from "./facts.ts";
import { historyOf } from "./history.ts";
import { amountText, perMille, priceOn, type SeedHotel, type SeedRoom } from "./hotels.ts";
import { personOf } from "./people.ts";
import { idOf } from "./random.ts";
import type { DayEntries, SeedStay } from "./stays.ts";

const at = (ms: number | undefined): string => (ms === undefined ? nothing : instantText(ms));

/** A table whose rows come from the bookings and closures. Each returned line is one row. */
export interface EntryTable {
  readonly columns: string;
  readonly rows: (entries: DayEntries, today: DayNumber) => string[];
}

export const entryTables: Readonly<Record<string, EntryTable>> = {
  "pms.guests": {
    columns: "hotel_id, guest_id, name, email, phone, created_at",
    rows: ({ stays }) =>
      stays
        .filter((stay) => stay.isNewGuest)
        .map(({ hotel, guest, createdAt }) => {
          const { name, email, phone } = personOf(hotel.index, guest);
          const contact = `${name}\t${email ?? nothing}\t${phone ?? nothing}`;
          return `${hotel.id}\t${guestIdOf(hotel, guest)}\t${contact}\t${at(createdAt)}\n`;
        }),
  },
  "pms.bookings": {
    columns: [
      "hotel_id, booking_id, room_id, guest_name, guest_email, guest_phone, adults, children, arrival, departure",
      "check_in_at, expected_check_out_at, checked_in_at, checked_out_at, status, total_amount, currency",
      "terms_accepted_at, notes, created_by, created_at, version, guest_id, room_locked, status_on, checked_in_on",
    ].join(", "),
    rows: ({ stays }) => stays.map(bookingRow),
  },
  "pms.booking_nights": {
    columns: "hotel_id, booking_id, date, room_id, room_type_id, rate, released",
    rows: ({ stays }) => stays.flatMap(nightRows),
  },
  "pms.occupancies": {
    columns: "hotel_id, occupancy_id, room_id, arrival, departure, booking_id, reason",
    rows: ({ stays, closures }) => [
      ...stays.flatMap(occupancyRows),
      ...closures.map(({ hotel, number, room, from, to }) => {
        // The number is above all numbers of stays, so that the ids differ.
        const id = idOf("occupancy", from * msPerDay, hotel.index, 0x8000_0000 + number);
        const reason = number % 2 === 0 ? "Painting" : "The shower leaks";
        const days = `${dayText(from)}\t${dayText(to)}`;
        return `${hotel.id}\t${id}\t${hotel.rooms[room]?.id}\t${days}\t${nothing}\t${reason}\n`;
      }),
    ],
  },
  "pms.booking_history": {
    columns: "hotel_id, entry_id, booking_id, at, by_user, action, before, after",
    rows: ({ stays }, today) => stays.flatMap((stay) => historyOf(stay, today)),
  },
};

function bookingRow(stay: SeedStay): string {
  const { hotel } = stay;
  const facts = factsOf(stay);
  const { name, email, phone } = personOf(hotel.index, stay.guest);
  const changes = Number(facts.checkedInAt !== undefined) + Number(stay.move !== undefined) + Number(ended(stay));
  return `${[
    hotel.id,
    facts.id,
    facts.lastRoom.id,
    name,
    email ?? nothing,
    phone ?? nothing,
    stay.adults,
    stay.children,
    dayText(stay.arrival),
    dayText(stay.departure),
    at(facts.checkInAt),
    at(facts.checkOutAt),
    at(facts.checkedInAt),
    at(facts.checkedOutAt),
    stay.status,
    totalOf(stay, facts, facts.billed),
    hotel.currency,
    nothing,
    facts.notes ?? nothing,
    hotel.manager,
    at(stay.createdAt),
    1 + changes,
    facts.guestId,
    stay.locked,
    dayText(stay.statusOn),
    facts.checkedInAt === undefined ? nothing : dayText(stay.arrival),
  ].join("\t")}\n`;
}

function nightRows(stay: SeedStay): string[] {
  const { hotel, arrival, booked, status } = stay;
  const facts = factsOf(stay);
  const by = status === "no_show" ? "no_show" : "check_out";
  const rows: string[] = [];
  for (let day = arrival; day < booked; day += 1) {
    const rate = amountText(hotel, priceOfNight(stay, facts, day));
    const released = day < arrival + facts.billed ? nothing : by;
    // A move keeps the room type that was sold, as it keeps the price.
    const sold = facts.firstRoom.type.id;
    rows.push(`${hotel.id}\t${facts.id}\t${dayText(day)}\t${roomOf(stay, day).id}\t${sold}\t${rate}\t${released}\n`);
  }
  return rows;
}

function occupancyRows(stay: SeedStay): string[] {
  const { hotel, arrival, departure, move, status } = stay;
  if (status === "canceled" || status === "no_show") return [];
  const facts = factsOf(stay);
  const row = (room: SeedRoom, from: DayNumber, to: DayNumber, part: number): string => {
    const id = idOf("occupancy", stay.createdAt, hotel.index, 2 * stay.number + part);
    return `${hotel.id}\t${id}\t${room.id}\t${dayText(from)}\t${dayText(to)}\t${facts.id}\t${nothing}\n`;
  };
  if (move === undefined) return [row(facts.firstRoom, arrival, departure, 0)];
  return [row(facts.firstRoom, arrival, move.on, 0), row(facts.lastRoom, move.on, departure, 1)];
}

/** A table whose rows come from one hotel. */
export interface HotelTable {
  readonly columns: string;
  readonly rows: (hotel: SeedHotel, today: DayNumber, passwordHash: string, remark: string) => string[];
}

export const hotelTables: Readonly<Record<string, HotelTable>> = {
  "identity.hotels": {
    columns:
      "hotel_id, name, terms_and_conditions, time_zone, currency, trial_ends_at, valid_to, created_at, business_date",
    rows: (hotel, today, _hash, remark) => {
      const [until, since] = [at((today + 3650) * msPerDay), at((today - 1800) * msPerDay)];
      const { id, name, zone, currency } = hotel;
      return [[id, name, remark, zone, currency, until, until, since, dayText(today)].join("\t") + "\n"];
    },
  },
  "identity.users": {
    columns: "hotel_id, user_id, username, folded_username, password_hash, role, created_at",
    rows: ({ id, managerId, manager }, today, hash) => {
      const createdAt = at((today - 1800) * msPerDay);
      return [`${[id, managerId, manager, foldUsername(manager), hash, "manager", createdAt].join("\t")}\n`];
    },
  },
  "pms.policies": {
    columns: "hotel_id, day_closes_at",
    // Leaves the closing time empty, so that the clock closes no day and the data never changes.
    rows: (hotel) => [`${hotel.id}\t${nothing}\n`],
  },
  "pms.room_types": {
    columns: "hotel_id, room_type_id, name, capacity, rate, created_at",
    rows: (hotel, today) =>
      hotel.types.map(
        ({ id, name, capacity, price }) =>
          `${hotel.id}\t${id}\t${name}\t${capacity}\t${amountText(hotel, price)}\t${at((today - 1800) * msPerDay)}\n`,
      ),
  },
  "pms.rooms": {
    columns: "hotel_id, room_id, room_number, room_type_id, status, housekeeping, created_at",
    rows: (hotel, today) =>
      hotel.rooms.map(({ id, number, type, sold }, index) => {
        const housekeeping = perMille(hotel, index) < 200 ? "dirty" : "clean";
        const status = sold ? "available" : "out_of_order";
        return `${[hotel.id, id, number, type.id, status, housekeeping, at((today - 1800) * msPerDay)].join("\t")}\n`;
      }),
  },
  "pms.rates": {
    columns: "hotel_id, room_type_id, date, rate, minimum_stay, closed_to_arrival",
    rows: (hotel, today) =>
      hotel.types.flatMap((type) =>
        Array.from({ length: 373 }, (_, days) => today - 7 + days).flatMap((day) => {
          const price = priceOn(hotel, type, day);
          // Some Saturdays of the coming months are for two nights at least, and few days are closed to arrival.
          const special = day > today + 30 && day < today + 120 ? perMille(hotel, day) : 1000;
          const minimum = special < 300 && weekday(day) === 5 ? 2 : nothing;
          const isClosed = special > 985 && special < 1000;
          if (price === type.price && minimum === nothing && !isClosed) return [];
          return [`${[hotel.id, type.id, dayText(day), amountText(hotel, price), minimum, isClosed].join("\t")}\n`];
        }),
      ),
  },
};
