/** The geometry of the tape chart: arithmetic on days, columns and rows. It runs without a browser too. */

/** A range of days. `to` is not included: it is the departure, or the day on which a closure ends. */
export interface DaySpan {
  readonly from: string;
  readonly to: string;
}

/** The measures that all rows of a chart share. */
export interface Sheet {
  readonly first: string;
  readonly days: number;
  readonly today: string;
  readonly columnPx: number;
  readonly rowPx: number;
  /** The width of the column of rooms. */
  readonly roomPx: number;
}

export interface Bar {
  /** The column in which the bar begins, at least 0. */
  readonly firstColumn: number;
  /** The number of columns that the bar touches. */
  readonly columns: number;
  /** The distance from the first column's edge (px). */
  readonly start: number;
  readonly width: number;
  readonly isCutBefore: boolean;
  readonly isCutAfter: boolean;
}

/** A bar begins at 55% of the arrival's cell, and ends at 45% of the departure's: a changeover fits into one cell. */
const arrivalShare = 0.55;
const departureShare = 0.45;

const dayMs = 86_400_000;

/** Returns the column of a day. It can be outside of the chart. */
export const columnOf = (day: string, first: string): number =>
  Math.round((Date.parse(`${day}T00:00:00Z`) - Date.parse(`${first}T00:00:00Z`)) / dayMs);

/** Places a span of days on a chart. Returns undefined if no part of it is inside. */
export function placeBar(
  span: DaySpan,
  { first, days, columnPx }: Pick<Sheet, "first" | "days" | "columnPx">,
): Bar | undefined {
  const arrival = columnOf(span.from, first);
  const departure = columnOf(span.to, first);
  const begin = Math.max(0, (arrival + arrivalShare) * columnPx);
  const end = Math.min(days * columnPx, (departure + departureShare) * columnPx);
  if (end <= begin) return undefined;
  const firstColumn = Math.max(0, arrival);
  const lastColumn = Math.min(days - 1, departure);
  return {
    firstColumn,
    columns: lastColumn - firstColumn + 1,
    start: begin,
    width: end - begin,
    isCutBefore: arrival < 0,
    isCutAfter: departure >= days,
  };
}

/** Returns the rows or columns to draw, `[first, end)`: those in the window, and `around` on each side. */
export function visibleRange(
  { offset, length }: { readonly offset: number; readonly length: number },
  stepPx: number,
  count: number,
  around: number,
): readonly [first: number, end: number] {
  const first = Math.max(0, Math.min(count, Math.floor(offset / stepPx)) - around);
  return [first, Math.max(first, Math.min(count, Math.ceil((offset + length) / stepPx) + around))];
}

/** Returns whether two spans share a night. */
export const overlaps = (a: DaySpan, b: DaySpan): boolean => a.from < b.to && b.from < a.to;

/** Returns whether a day is one of the nights of a span. */
export const isNightOf = ({ from, to }: DaySpan, date: string): boolean => from <= date && date < to;

/** The least width of a column (px), for charts of at most this number of days. */
const leastWidths: readonly (readonly [days: number, px: number])[] = [
  [7, 40],
  [14, 64],
  [60, 44],
  [92, 28],
];

/** Returns the width of a column (px). The days fill the chart, or it scrolls. */
export function columnWidth(widthPx: number, days: number): number {
  const [, least] = leastWidths.find(([most]) => days <= most) ?? [0, 28];
  return Math.max(least, Math.floor(widthPx / days));
}
