/** Makes the seed the same each time: numbers from a seed, and ids computed from the rows that they identify. */

/** Numbers in [0, 1) that follow from the seed alone (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** Whole numbers that look random and follow from two others. */
export function scramble(a: number, b: number): number {
  let mixed = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b + 0x7f4a7c15, 0xc2b2ae35);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x45d9f3b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0x27d4eb2f);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** The kind of row that an id identifies, which is a part of the id. */
const kinds = { hotel: 1, user: 2, roomType: 3, room: 4, guest: 5, booking: 6, occupancy: 7, entry: 8 } as const;

/**
 * A UUID of version 7 that follows from its parts, so it is sorted by its time like those that Keyrack makes.
 * @param ms since 1970
 * @param hotel below 65,536
 * @param number below 2^32, and never twice for one kind and hotel
 */
export function idOf(kind: keyof typeof kinds, ms: number, hotel: number, number: number): string {
  const time = hex(ms, 12);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${kinds[kind]}00-8000-${hex(hotel, 4)}${hex(number, 8)}`;
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");
