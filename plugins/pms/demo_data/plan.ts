/** The stays of the demo hotel, by numbers that are the same each time. */

/** A stay, with days counted from the first day of the history. */
export interface PlannedStay {
  /** The index of its room. */
  readonly room: number;
  readonly guest: number;
  readonly arrival: number;
  readonly departure: number;
  readonly adults: number;
  readonly children: number;
  readonly notes?: string;
  /** `late`: due out yesterday and still in the house. */
  readonly fate: "comes" | "no_show" | "canceled" | "late";
  /** Whether the desk has checked the guest in by now. */
  readonly hasArrived: boolean;
  readonly hasLeft: boolean;
}

const daysAhead = 28;
/** The room with the closure: it has no stay from the day before today on. */
const closedRoom = "204";

const notes = ["Late arrival, around 22:00", "Allergic to feathers", "Cot in the room", "Quiet room, please"];

/** Plans the stays of the rooms, one after the other in each room. @param today days since the first one */
export function planDemo(
  rooms: readonly { readonly number: string; readonly capacity: number }[],
  today: number,
): readonly PlannedStay[] {
  const random = randomNumbers(20_261_127);
  const stays: PlannedStay[] = [];
  let guest = 0;
  for (const [room, { number, capacity }] of rooms.entries()) {
    const last = number === closedRoom ? today - 1 : today + daysAhead;
    for (let arrival = Math.floor(random() * 3); arrival < last;) {
      const nights = 1 + Math.floor(random() * random() * 9);
      const departure = Math.min(arrival + nights, last);
      // The further ahead, the fewer rooms are booked.
      const isBooked = arrival <= today || random() < 0.75 - (arrival - today) / (daysAhead * 1.6);
      if (isBooked) {
        stays.push(stayOf({ room, guest, arrival, departure, capacity }, today, random));
        guest += 1;
      }
      arrival = departure + (random() < 0.6 ? 0 : Math.floor(random() * 3));
    }
  }
  return withFreeRooms(withOneLate(stays, today), today);
}

function stayOf(
  {
    room,
    guest,
    arrival,
    departure,
    capacity,
  }: Pick<PlannedStay, "room" | "guest" | "arrival" | "departure"> & { readonly capacity: number },
  today: number,
  random: () => number,
): PlannedStay {
  const adults = capacity === 1 ? 1 : 1 + Math.floor(random() * 2);
  const luck = random();
  const isPast = arrival < today;
  const fate = isPast && luck < 0.03 ? "no_show" : luck > 0.97 ? "canceled" : "comes";
  const note = notes[Math.floor(random() * notes.length * 8)];
  return {
    room,
    guest,
    arrival,
    departure,
    adults,
    children: capacity > 2 && random() < 0.4 ? 1 : 0,
    fate,
    ...(note === undefined ? {} : { notes: note }),
    // Some of today's guests have come and gone already.
    hasArrived: fate === "comes" && (isPast || (arrival === today && luck < 0.35)),
    hasLeft: departure < today || (departure === today && luck < 0.45),
  };
}

/** Makes one guest late: due out yesterday, still in the house, in a room that has no booking for tonight. */
function withOneLate(stays: readonly PlannedStay[], today: number): PlannedStay[] {
  const isFree = (room: number): boolean =>
    !stays.some(
      (stay) =>
        stay.room === room && stay.arrival <= today && stay.departure > today - 1 && stay.departure !== today - 1,
    );
  const at = stays.findIndex((stay) => stay.departure === today - 1 && stay.fate === "comes" && isFree(stay.room));
  return stays.map((stay, index) => (index === at ? { ...stay, fate: "late", hasLeft: false } : stay));
}

/** Lets today's guests arrive only where the guest before has left. */
function withFreeRooms(stays: readonly PlannedStay[], today: number): PlannedStay[] {
  const occupied = new Set(
    stays
      .filter(({ arrival, hasArrived, hasLeft }) => arrival < today && hasArrived && !hasLeft)
      .map(({ room }) => room),
  );
  return stays.map((stay) =>
    stay.arrival === today && occupied.has(stay.room) ? { ...stay, hasArrived: false, hasLeft: false } : stay,
  );
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296;
  };
}
