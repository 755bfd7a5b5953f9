import { type DaySpan, isNightOf } from "./geometry.ts";
import type { ChartClosure, ChartRoom, ChartRow, ChartStay } from "./use_chart.ts";
import { judgeMove, type Verdict } from "./verdict.ts";

/** The part of the chart to which the buttons below it apply. */
export type Selection =
  | { readonly is: "stay"; readonly room: ChartRoom; readonly stay: ChartStay }
  | { readonly is: "closure"; readonly room: ChartRoom; readonly closure: ChartClosure }
  | { readonly is: "range"; readonly room: ChartRoom; readonly span: DaySpan };

/** A stay that the arrows or the pointer carry: to the row of another room, or to another day of departure. */
export interface Carry {
  readonly stay: ChartStay;
  readonly room: ChartRoom;
  /** The target row. */
  readonly row: number;
  /** The new departure, while the end of the stay is dragged. */
  readonly to?: string;
  /** Whether it was dropped, and the server's answer is awaited. */
  readonly isSent?: boolean;
}

/** Finds the stay or closure of a night in a room, or the free night. @param next the day after the night */
export function selectNight(room: ChartRoom, night: string, next: string): Selection {
  const stay = room.stays.find((span) => isNightOf(span, night));
  if (stay !== undefined) return { is: "stay", room, stay };
  const closure = room.closures.find((span) => isNightOf(span, night));
  if (closure !== undefined) return { is: "closure", room, closure };
  return { is: "range", room, span: { from: night, to: next } };
}

/** Judges a carried stay on a row. Returns undefined if it is not a move to a room. */
export function judgeRow({ stay, room, to }: Carry, target: ChartRow | undefined, today: string): Verdict | undefined {
  if (target?.room === undefined || to !== undefined) return undefined;
  return judgeMove(stay, room.room_id, { room: target.room, capacity: target.type.capacity }, today);
}
