import { type DaySpan, overlaps } from "./geometry.ts";
import type { ChartRoom, ChartStay } from "./use_chart.ts";

/** Whether a stay can move to a room, or why not. */
export type Verdict =
  | { readonly is: "free" | "too_small" | "locked" | "over" | "out_of_order" | "same" }
  | { readonly is: "taken"; readonly by: ChartStay }
  | { readonly is: "closed"; readonly span: DaySpan };

interface Target {
  readonly room: ChartRoom;
  readonly capacity: number;
}

/** Judges a move by the data of the chart. The server decides. @param today the business date */
export function judgeMove(stay: ChartStay, fromRoomId: string, { room, capacity }: Target, today: string): Verdict {
  if (room.room_id === fromRoomId) return { is: "same" };
  if (stay.status !== "confirmed" && stay.status !== "in_house") return { is: "over" };
  if (stay.room_locked) return { is: "locked" };
  // The nights that the guest has slept keep their room.
  const nights = { from: stay.status === "in_house" && stay.from < today ? today : stay.from, to: stay.to };
  if (nights.from >= nights.to) return { is: "over" };
  if (room.status === "out_of_order") return { is: "out_of_order" };
  const by = room.stays.find((other) => other.booking_id !== stay.booking_id && overlaps(other, nights));
  if (by !== undefined) return { is: "taken", by };
  const closure = room.closures.find((other) => overlaps(other, nights));
  if (closure !== undefined) return { is: "closed", span: closure };
  return { is: stay.adults + stay.children > capacity ? "too_small" : "free" };
}
