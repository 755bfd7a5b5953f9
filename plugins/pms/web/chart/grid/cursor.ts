import type { Selection } from "../selection.ts";
import type { ChartRow } from "../use_chart.ts";
import type { Sheet } from "../geometry.ts";
import type { Planner } from "../use_planner.ts";

export interface Cell {
  readonly row: number;
  readonly column: number;
}

/** The chart as the handlers of keys and of the pointer see it. */
export interface GridState {
  readonly rows: readonly ChartRow[];
  readonly sheet: Sheet;
  readonly planner: Planner;
  /** The cell with the focus. */
  readonly active: Cell;
  /** Gives a cell the focus, and scrolls it into sight. */
  readonly activate: (cell: Cell) => void;
  /** Scrolls a cell into sight. */
  readonly show: (cell: Cell) => void;
  /** The night of a cell: its stay, its closure, or the free night. Undefined on the head of a room type. */
  readonly at: (cell: Cell) => Selection | undefined;
  /** The days from one column to another in a row. */
  readonly rangeOf: (row: number, one: number, other: number) => Selection | undefined;
}
