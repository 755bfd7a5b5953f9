/** The cells that are selected in the grid of room types and days. */

/** A cell by its row and its column, both from 0. */
export interface Cell {
  readonly row: number;
  readonly column: number;
}

/** A rectangle from the cell where it began to the cell where it ends. */
export interface Selection {
  readonly start: Cell;
  readonly end: Cell;
}

export function isSelected({ start, end }: Selection, { row, column }: Cell): boolean {
  const isBetween = (value: number, a: number, b: number): boolean =>
    value >= Math.min(a, b) && value <= Math.max(a, b);
  return isBetween(row, start.row, end.row) && isBetween(column, start.column, end.column);
}

const steps: Readonly<Record<string, Cell>> = {
  ArrowUp: { row: -1, column: 0 },
  ArrowDown: { row: 1, column: 0 },
  ArrowLeft: { row: 0, column: -1 },
  ArrowRight: { row: 0, column: 1 },
};

/** Returns the cell beside another one, inside of the grid. Undefined for another key than an arrow. */
export function besideCell(cell: Cell, key: string, rows: number, columns: number): Cell | undefined {
  const step = steps[key];
  if (step === undefined) return undefined;
  const within = (value: number, count: number): number => Math.min(Math.max(value, 0), count - 1);
  return { row: within(cell.row + step.row, rows), column: within(cell.column + step.column, columns) };
}
