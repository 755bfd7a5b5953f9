import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { addDays, useText } from "#web/mod.ts";
import css from "../chart.module.css";
import { columnWidth, type Sheet, visibleRange } from "../geometry.ts";
import type en from "../locales/en.json";
import { judgeRow, selectNight } from "../selection.ts";
import type { Chart } from "../use_chart.ts";
import type { Planner } from "../use_planner.ts";
import type { Cell, GridState } from "./cursor.ts";
import { DayHead, DayLines, FootRow } from "./grid_frame.tsx";
import { RoomRow } from "./room_row.tsx";
import { TypeRow } from "./type_row.tsx";
import { useGridKeys } from "./use_grid_keys.ts";
import { useGridPointer } from "./use_grid_pointer.ts";
import { useView } from "./use_view.ts";

/** The height of the head with the days (px). */
const headPx = 43;
/** Rows and columns that are drawn on each side of what is seen, so that a short scroll shows no gap. */
const around = 4;
/** The next rooms are read when fewer rows than these are left below. */
const readAhead = 40;

/** The rooms by day. Draws the rows and the bars in sight. */
export function ChartGrid(props: {
  readonly chart: Chart;
  readonly first: string;
  readonly days: number;
  readonly today: string;
  readonly planner: Planner;
}): JSX.Element {
  const t = useText<typeof en>();
  const { chart, first, days, today, planner } = props;
  const { rows } = chart;
  const { selection, carry } = planner;
  const scroller = useRef<HTMLDivElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const wantsFocus = useRef(false);
  const view = useView(scroller);
  const [wanted, setActive] = useState<Cell>({ row: 1, column: 1 });
  const active = { row: Math.min(wanted.row, rows.length - 1), column: Math.min(wanted.column, days - 1) };

  const isNarrow = view.width < 600;
  const roomPx = isNarrow ? 84 : 132;
  const columnPx = columnWidth(view.width - roomPx, days);
  const sheet: Sheet = { first, days, today, columnPx, rowPx: isNarrow ? 40 : 30, roomPx };
  const { rowPx } = sheet;

  // A moved stay is drawn by another element. The focus stays in the chart if its element goes.
  const hadFocus = scroller.current?.contains(document.activeElement) === true;
  useEffect(() => {
    const lostFocus = hadFocus && scroller.current?.contains(document.activeElement) !== true;
    if (!wantsFocus.current && !(lostFocus && document.activeElement === document.body)) return;
    wantsFocus.current = false;
    scroller.current?.querySelector<HTMLElement>("[data-active]")?.focus({ preventScroll: true });
  });

  const show = ({ row, column }: Cell): void => {
    const element = scroller.current;
    if (element === null) return;
    const seenHeight = element.clientHeight - headPx - rowPx;
    element.scrollTop = within(element.scrollTop, (row + 1) * rowPx - seenHeight, row * rowPx);
    const seenWidth = element.clientWidth - roomPx;
    const start = within(Math.abs(element.scrollLeft), (column + 1) * columnPx - seenWidth, column * columnPx);
    element.scrollLeft = document.documentElement.dir === "rtl" ? -start : start;
  };
  const dayOf = (column: number): string => addDays(first, column);
  const state: GridState = {
    rows,
    sheet,
    planner,
    active,
    show,
    activate: ({ row, column }) => {
      const cell = { row: within(row, 0, rows.length - 1), column: within(column, 0, days - 1) };
      wantsFocus.current = true;
      setActive(cell);
      show(cell);
    },
    at: ({ row, column }) => {
      const room = rows[row]?.room;
      return room === undefined ? undefined : selectNight(room, dayOf(column), dayOf(column + 1));
    },
    rangeOf: (row, one, other) => {
      const room = rows[row]?.room;
      if (room === undefined) return undefined;
      const span = { from: dayOf(Math.min(one, other)), to: dayOf(Math.max(one, other) + 1) };
      return { is: "range", room, span };
    },
  };
  const onKeyDown = useGridKeys(state);
  const onPointerDown = useGridPointer(state, body);

  const picked = selection?.is === "stay" && carry === undefined ? selection : undefined;
  const columns = visibleRange({ offset: view.start, length: view.width - roomPx }, columnPx, days, around);
  const [begin, end] = visibleRange({ offset: view.top, length: view.height }, rowPx, rows.length, around);
  const drawn = Array.from({ length: end - begin }, (_none, offset) => begin + offset);
  // The row with the focus stays in the page when it is scrolled out of sight, so that the keys go on working.
  if (rows.length > 0 && (active.row < begin || active.row >= end)) drawn.push(active.row);
  const isAtEnd = chart.hasMore && end >= rows.length - readAhead;
  useEffect(() => {
    if (isAtEnd) chart.readMore();
  });
  const dates = Array.from({ length: days }, (_none, column) => dayOf(column));
  const free = dates.map((_date, column) =>
    chart.types.reduce((sum, type) => sum + Math.max(0, type.days[column]?.free ?? 0), 0),
  );
  return (
    <div
      ref={scroller}
      class={css["scroller"]}
      role="grid"
      aria-label={t("chart.grid_name")}
      aria-rowcount={chart.hasMore ? -1 : rows.length + 2}
      aria-colcount={days + 1}
      aria-busy={chart.isLoading}
      onKeyDown={onKeyDown}
      onPointerDown={onPointerDown}
      style={{ "--chart-room": `${roomPx}px` }}
    >
      <div class={css["sheet"]} style={{ width: `${roomPx + days * columnPx}px` }}>
        <DayHead sheet={sheet} dates={dates} />
        <div ref={body} class={css["body"]} style={{ height: `${rows.length * rowPx}px` }}>
          <DayLines sheet={sheet} />
          {drawn.map((index) => {
            const row = rows[index];
            if (row === undefined) return null;
            const { room, type } = row;
            const shared = { sheet, index, columns, activeColumn: index === active.row ? active.column : undefined };
            if (room === undefined) return <TypeRow key={`type ${type.room_type_id}`} {...shared} type={type} />;
            const moved = carry ?? (picked === undefined ? undefined : { ...picked, row: index });
            const isTarget = carry?.row === index;
            const isOwn = picked?.room.room_id === room.room_id;
            return (
              <RoomRow
                key={room.room_id}
                {...shared}
                room={room}
                range={
                  selection?.is === "range" && selection.room.room_id === room.room_id ? selection.span : undefined
                }
                selectedId={picked?.stay.booking_id}
                carriedId={carry?.stay.booking_id}
                carry={isTarget ? carry : undefined}
                verdict={
                  moved !== undefined && moved.isSent !== true && (isTarget || picked !== undefined)
                    ? judgeRow(moved, row, today)
                    : undefined
                }
                onPick={
                  picked === undefined || isOwn
                    ? undefined
                    : () => planner.drop({ stay: picked.stay, room: picked.room, row: index })
                }
              />
            );
          })}
        </div>
        <FootRow sheet={sheet} dates={dates} free={free} rowIndex={rows.length + 2} />
      </div>
    </div>
  );
}

const within = (value: number, least: number, most: number): number => Math.max(Math.min(value, most), least);
