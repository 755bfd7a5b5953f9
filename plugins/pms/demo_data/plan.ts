/** Plans the stays of the demo hotel, by numbers that are the same each time. Days count from today, which is 0. */
import { isRecognized } from "./guests.ts";
import { randomNumbers } from "./random.ts";
import type { DemoClosure, DemoRoom } from "./rooms.ts";

/** The days of a demo: closed ones before today, and days ahead that have bookings. */
export interface DemoSpan {
  readonly history: number;
  readonly ahead: number;
}

export const sixWeeks: DemoSpan = { history: 42, ahead: 42 };

export interface PlannedStay {
  /** The index of its room. */
  readonly room: number;
  readonly guest: number;
  /** The day on which it was booked. */
  readonly booked: number;
  readonly arrival: number;
  readonly departure: number;
  readonly adults: number;
  readonly children: number;
  readonly notes: string | null;
  /** The day on which it was canceled. */
  readonly canceled: number | null;
  /** By the end of the plan: `due` is a booking whose guest has not come yet. */
  readonly state: "due" | "in_house" | "left" | "no_show" | "canceled";
}

const notes = ["Late arrival, around 22:00", "Allergic to feathers", "Cot in the room", "Quiet room, please"];

type Random = () => number;
type Slot = Pick<PlannedStay, "room" | "arrival" | "departure">;
type GuestlessStay = Omit<PlannedStay, "guest">;

/** Plans the stays in the order of their arrivals. */
export function planDemo(
  rooms: readonly DemoRoom[],
  closures: readonly DemoClosure[],
  span: DemoSpan = sixWeeks,
): readonly PlannedStay[] {
  const random = randomNumbers(20_261_127);
  const stays = rooms.flatMap(({ number, capacity }, room) =>
    slotsOf(room, span, random)
      .filter((slot) => closures.every((one) => one.number !== number || !overlaps(slot, one)))
      .map((slot) => stayIn(slot, capacity, span, random)),
  );
  const ordered = stays.toSorted((a, b) => a.arrival - b.arrival || a.room - b.room);
  const isClosed = (room: number): boolean => closures.some(({ number }) => number === rooms[room]?.number);
  return withGuests(withVacantRooms(withOneLate(ordered, isClosed)), random);
}

const overlaps = (slot: Slot, closure: DemoClosure): boolean =>
  slot.arrival < closure.to && slot.departure > closure.from;

/** Fills a room with stays, one after the other. The further ahead, the fewer nights are booked. */
function slotsOf(room: number, { history, ahead }: DemoSpan, random: Random): Slot[] {
  const slots: Slot[] = [];
  for (let arrival = Math.floor(random() * 2) - history; arrival < ahead;) {
    const departure = Math.min(arrival + 1 + Math.floor(random() * random() * 9), ahead);
    const isBooked = random() < (arrival <= 0 ? 0.93 : 0.85 - (0.6 * arrival) / ahead);
    if (isBooked) slots.push({ room, arrival, departure });
    arrival = departure + (random() < 0.65 ? 0 : Math.floor(random() * 3));
  }
  return slots;
}

function stayIn(slot: Slot, capacity: number, { history }: DemoSpan, random: Random): GuestlessStay {
  const { arrival, departure } = slot;
  const lead = Math.floor(random() * random() * 60);
  const fate = random();
  const progress = random();
  const cancelable = arrival > -history && fate > 0.95;
  const booked = Math.min(arrival, 0) - lead;
  return {
    ...slot,
    booked,
    adults: capacity === 1 ? 1 : 1 + Math.floor(random() * 2),
    children: capacity > 2 && random() < 0.4 ? 1 : 0,
    notes: notes[Math.floor(random() * notes.length * 8)] ?? null,
    canceled: cancelable ? Math.max(booked, -history, Math.min(arrival, 0) - Math.floor(random() * 9)) : null,
    state: cancelable ? "canceled" : arrival < 0 && fate < 0.03 ? "no_show" : stateOn(arrival, departure, progress),
  };
}

/** The state of a guest who comes and leaves as booked. Some of today's have come or gone by now. */
function stateOn(arrival: number, departure: number, progress: number): "due" | "in_house" | "left" {
  if (departure < 0 || (departure === 0 && progress < 0.45)) return "left";
  return arrival < 0 || (arrival === 0 && progress < 0.35) ? "in_house" : "due";
}

/** Makes one guest late: due out yesterday and still in the house. The room's stays of these two days are left out. */
function withOneLate(stays: readonly GuestlessStay[], isClosed: (room: number) => boolean): GuestlessStay[] {
  const late = stays.find(({ departure, state, room }) => departure === -1 && state === "left" && !isClosed(room));
  return stays
    .filter(({ room, arrival }) => room !== late?.room || arrival < -1 || arrival > 0)
    .map((stay) => (stay === late ? { ...stay, state: "in_house" } : stay));
}

/** Lets today's guests arrive only where the guest before has left. */
function withVacantRooms(stays: readonly GuestlessStay[]): GuestlessStay[] {
  const occupied = new Set(
    stays.filter(({ arrival, state }) => arrival < 0 && state === "in_house").map(({ room }) => room),
  );
  return stays.map((stay) =>
    stay.arrival === 0 && stay.state === "in_house" && occupied.has(stay.room) ? { ...stay, state: "due" } : stay,
  );
}

/** Gives each stay its guest. About one in four is a guest who has stayed before. */
function withGuests(stays: readonly GuestlessStay[], random: Random): PlannedStay[] {
  const lastStays = new Map<number, number>();
  let known = 0;
  return stays.map((stay) => {
    const returning = random() < 0.3 ? guestAway(lastStays, stay.arrival, random) : undefined;
    const guest = returning ?? known++;
    lastStays.set(guest, stay.departure);
    return { ...stay, guest };
  });
}

/** Chooses a guest of an earlier stay that ended some days before, if bookings recognize the guest. */
function guestAway(lastStays: ReadonlyMap<number, number>, arrival: number, random: Random): number | undefined {
  const away = [...lastStays].filter(([guest, left]) => left < arrival - 2 && isRecognized(guest));
  return away[Math.floor(random() * away.length)]?.[0];
}
