/**
 * The bookings of the seed, day by day. On each day a number of parties arrives at each hotel, and each gets an
 * empty room, so no two share one. As in a database that has grown, the rows of the hotels are mixed, and not one
 * hotel after the other.
 */
import { type DayNumber, msPerDay, weekday } from "./days.ts";
import type { SeedHotel } from "./hotels.ts";
import { randomFrom } from "./random.ts";

export type SeedStatus = "confirmed" | "in_house" | "checked_out" | "canceled" | "no_show";

export interface SeedStay {
  readonly hotel: SeedHotel;
  /** Counted from 0 in its hotel. */
  readonly number: number;
  readonly guest: number;
  /** True for the first booking of a guest. */
  readonly isNewGuest: boolean;
  readonly createdAt: number;
  readonly room: number;
  /** To which room, and from which night on. */
  readonly move: { readonly room: number; readonly on: DayNumber } | undefined;
  readonly arrival: DayNumber;
  /** As it was booked. */
  readonly booked: DayNumber;
  /** As it is: earlier for who has left early. */
  readonly departure: DayNumber;
  readonly status: SeedStatus;
  readonly statusOn: DayNumber;
  readonly adults: number;
  readonly children: number;
  readonly locked: boolean;
  /** A number that the smaller facts follow from. */
  readonly luck: number;
}

export interface SeedClosure {
  readonly hotel: SeedHotel;
  readonly number: number;
  readonly room: number;
  readonly from: DayNumber;
  readonly to: DayNumber;
}

export interface DayEntries {
  readonly stays: readonly SeedStay[];
  readonly closures: readonly SeedClosure[];
}

/** Nights of a stay, and of a thousand how many are so long. The last ones are longer than a month. */
const lengths: readonly (readonly [nights: number, of1000: number])[] = [
  [1, 350],
  [2, 300],
  [3, 170],
  [4, 80],
  [5, 40],
  [7, 40],
  [10, 10],
  [14, 9],
  [45, 1],
];
const meanLength = lengths.reduce((sum, [nights, part]) => sum + (nights * part) / 1000, 0);

const occupied = 0.74;
const canceled = 0.06;
const noShows = 0.015;
/** Bookings come in until so many days ahead, fewer and fewer after a fortnight. */
const horizon = 200;

/** How many parties arrive on each day: as many as the hotel has bookings, the last on the horizon. */
function arrivalsOf(hotel: SeedHotel, today: DayNumber): { first: DayNumber; counts: number[] } {
  const sold = hotel.rooms.filter((room) => room.sold).length;
  const usual = (sold * occupied) / meanLength / (1 - canceled - noShows);
  const wishes = (day: DayNumber): number => {
    const busy = weekday(day) >= 3 && weekday(day) <= 5 ? 1.1 : 0.925;
    return usual * busy * (day > today + 14 ? Math.exp((today + 14 - day) / 45) : 1);
  };
  const counts: number[] = [];
  let left = hotel.bookings;
  let owed = 0;
  let day = today + horizon;
  for (; left > 0; day -= 1) {
    owed += wishes(day);
    const count = Math.min(left, Math.floor(owed));
    owed -= Math.floor(owed);
    left -= count;
    counts.push(count);
  }
  return { first: day + 1, counts: counts.reverse() };
}

/** The state of a booking and its times. */
type Outcome = Pick<SeedStay, "status" | "departure" | "statusOn" | "move">;

const outcomeOf = (status: SeedStatus, departure: DayNumber, statusOn: DayNumber): Outcome => ({
  status,
  departure,
  statusOn,
  move: undefined,
});

class HotelBook {
  readonly first: DayNumber;
  readonly #hotel: SeedHotel;
  readonly #today: DayNumber;
  readonly #counts: readonly number[];
  readonly #random: () => number;
  readonly #empty: number[];
  readonly #leaving = new Map<DayNumber, number[]>();
  /** Rooms with a guest in them today. */
  readonly #inside = new Set<number>();
  #bookings = 0;
  #guests = 0;
  #closures = 0;

  constructor(hotel: SeedHotel, today: DayNumber) {
    const { first, counts } = arrivalsOf(hotel, today);
    this.first = first;
    this.#hotel = hotel;
    this.#today = today;
    this.#counts = counts;
    this.#random = randomFrom(20_261_105 + hotel.index);
    this.#empty = hotel.rooms.flatMap((room, index) => (room.sold ? [index] : []));
  }

  entriesOf(day: DayNumber): DayEntries {
    this.#empty.push(...(this.#leaving.get(day) ?? []));
    this.#leaving.delete(day);
    const stays = Array.from({ length: this.#counts[day - this.first] ?? 0 }, () => this.#arrive(day));
    const closures: SeedClosure[] = [];
    if (this.#random() < this.#hotel.rooms.length / 1500) {
      const room = this.#takeRoom();
      const to = day + 1 + Math.floor(this.#random() * 5);
      if (room !== undefined) {
        this.#leave(room, to);
        closures.push({ hotel: this.#hotel, number: this.#closures++, room, from: day, to });
      }
    }
    return { stays, closures };
  }

  #takeRoom(): number | undefined {
    const at = Math.floor(this.#random() * this.#empty.length);
    const room = this.#empty[at];
    const last = this.#empty.pop();
    if (room !== undefined && last !== undefined && at < this.#empty.length) this.#empty[at] = last;
    return room;
  }

  #leave(room: number, day: DayNumber): void {
    const leaving = this.#leaving.get(day);
    if (leaving === undefined) this.#leaving.set(day, [room]);
    else leaving.push(room);
  }

  #arrive(arrival: DayNumber): SeedStay {
    const today = this.#today;
    const booked = arrival + this.#length();
    const bookedOn = Math.min(arrival - 1 - Math.floor(this.#random() ** 2 * 90), today - 1 - this.#upTo(30));
    const fate = this.#random();
    const room = fate < canceled ? undefined : this.#takeRoom();
    // Where no room was empty, the booking had one that is not known any more, and was canceled.
    const booking = this.#party(room ?? this.#upTo(this.#hotel.rooms.length - 1));
    const outcome =
      room === undefined
        ? outcomeOf("canceled", booked, bookedOn + 1 + this.#upTo(Math.min(arrival, today) - bookedOn))
        : fate > 1 - noShows && arrival < today
          ? this.#stayAway(room, arrival, booked)
          : this.#stay(room, arrival, booked, bookedOn, booking);
    // One literal: objects that are put together from others make this ten times slower.
    return {
      hotel: this.#hotel,
      number: this.#bookings++,
      guest: booking.guest,
      isNewGuest: booking.isNewGuest,
      createdAt: bookedOn * msPerDay + (8 * 3600 + this.#upTo(12 * 3600)) * 1000,
      room: booking.room,
      move: outcome.move,
      arrival,
      booked,
      departure: outcome.departure,
      status: outcome.status,
      statusOn: outcome.statusOn,
      adults: booking.adults,
      children: booking.children,
      locked: booking.locked,
      luck: this.#upTo(1_000_000),
    };
  }

  /** A no-show has the room until the close of the day. */
  #stayAway(room: number, arrival: DayNumber, booked: DayNumber): Outcome {
    this.#leave(room, arrival + 1);
    return outcomeOf("no_show", booked, arrival + 1);
  }

  /** Computes the state of a stay by today. */
  #stay(
    room: number,
    arrival: DayNumber,
    booked: DayNumber,
    bookedOn: DayNumber,
    party: Pick<SeedStay, "adults" | "children">,
  ): Outcome {
    const today = this.#today;
    const luck = this.#random();
    if (arrival > today) {
      this.#leave(room, booked);
      return outcomeOf("confirmed", booked, bookedOn);
    }
    if (arrival === today) {
      this.#leave(room, booked);
      const here = luck < 0.3 && !this.#inside.has(room);
      if (here) this.#inside.add(room);
      return here ? outcomeOf("in_house", booked, today) : outcomeOf("confirmed", booked, bookedOn);
    }
    if (luck < 0.02 && booked - arrival > 1 && booked < today) {
      const departure = arrival + 1 + this.#upTo(booked - arrival - 1);
      this.#leave(room, departure);
      return outcomeOf("checked_out", departure, departure);
    }
    // Half of today's departures have left. A few of yesterday's guests are still there, and their rooms stay
    // theirs.
    const overdue = booked === today - 1 && luck > 0.97;
    const here = booked > today || (booked === today && luck > 0.4) || overdue;
    const free = overdue ? today : booked;
    const move = luck > 0.98 ? this.#changeRooms(arrival, booked, party) : undefined;
    this.#leave(room, move === undefined ? free : move.on);
    if (move !== undefined) this.#leave(move.room, free);
    if (here) this.#inside.add(move === undefined ? room : move.room);
    return { status: here ? "in_house" : "checked_out", departure: booked, statusOn: here ? arrival : booked, move };
  }

  /** Some change rooms on the way; the other room was kept for them. */
  #changeRooms(
    arrival: DayNumber,
    booked: DayNumber,
    { adults, children }: Pick<SeedStay, "adults" | "children">,
  ): SeedStay["move"] {
    const on = arrival + 1 + this.#upTo(booked - arrival - 1);
    if (booked - arrival < 2 || on > this.#today) return undefined;
    const room = this.#takeRoom();
    if (room === undefined) return undefined;
    if ((this.#hotel.rooms[room]?.type.capacity ?? 0) >= adults + children) return { room, on };
    this.#empty.push(room);
    return undefined;
  }

  #party(room: number): Pick<SeedStay, "room" | "guest" | "isNewGuest" | "adults" | "children" | "locked"> {
    const capacity = this.#hotel.rooms[room]?.type.capacity ?? 1;
    const adults = 1 + this.#upTo(Math.min(capacity, 2));
    const isNewGuest = this.#guests === 0 || this.#random() < 0.75;
    const guest = isNewGuest ? this.#guests++ : this.#upTo(this.#guests);
    return {
      room,
      guest,
      isNewGuest,
      adults,
      children: this.#upTo(capacity - adults + 1),
      locked: this.#random() < 0.03,
    };
  }

  #length(): number {
    let left = this.#random() * 1000;
    return lengths.find(([, part]) => (left -= part) < 0)?.[0] ?? 1;
  }

  /** A whole number from 0 on, below this. */
  #upTo(most: number): number {
    return Math.floor(this.#random() * Math.max(1, most));
  }
}

/** All bookings and closures of the hotels as they are on a day; the same each time. */
export function* entriesBy(hotels: readonly SeedHotel[], today: DayNumber): Generator<DayEntries> {
  const books = hotels.map((hotel) => new HotelBook(hotel, today));
  const first = Math.min(...books.map((book) => book.first));
  for (let day = first; day <= today + horizon; day += 1) {
    for (const book of books) if (day >= book.first) yield book.entriesOf(day);
  }
}
