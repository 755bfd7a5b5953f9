import type { JSX } from "preact";

import { addDays, day, Icon, useText } from "#web/mod.ts";
import { RoomChip } from "../../kit/chips.tsx";
import css from "../chart.module.css";
import { type Bar, type DaySpan, isNightOf, placeBar, type Sheet } from "../geometry.ts";
import type en from "../locales/en.json";
import type { Carry } from "../selection.ts";
import type { ChartRoom } from "../use_chart.ts";
import type { Verdict } from "../verdict.ts";
import { verdictText } from "../verdict_text.ts";
import { ClosureBar, GhostBar, placeOf, StayBar } from "./bar.tsx";

/** A room: its number, and its stays and closures as bars. Only the bars in sight are drawn, and the cell in focus. */
export function RoomRow(props: {
  readonly sheet: Sheet;
  readonly room: ChartRoom;
  readonly index: number;
  /** The column of the cell with the focus, in the row that has it. */
  readonly activeColumn: number | undefined;
  /** The columns to draw, `[first, end)`. */
  readonly columns: readonly [first: number, end: number];
  /** The selected days. */
  readonly range: DaySpan | undefined;
  readonly selectedId: string | undefined;
  readonly carriedId: string | undefined;
  /** The stay that would move into this row. */
  readonly carry: Carry | undefined;
  /** Whether the selected or carried stay can move into this room. */
  readonly verdict: Verdict | undefined;
  /** Moves the selected stay into this room. */
  readonly onPick: (() => void) | undefined;
}): JSX.Element {
  const t = useText<typeof en>();
  const { sheet, room, index, activeColumn, columns, range, carry, verdict, onPick } = props;
  const [begin, end] = [columns[0] * sheet.columnPx, columns[1] * sheet.columnPx];
  let hasActiveBar = false;
  const barOf = (span: DaySpan): { readonly bar: Bar; readonly isActive: boolean } | undefined => {
    const bar = placeBar(span, sheet);
    if (bar === undefined) return undefined;
    const isActive = activeColumn !== undefined && isNightOf(span, addDays(sheet.first, activeColumn));
    if (isActive) hasActiveBar = true;
    const isSeen = bar.start < end && bar.start + bar.width > begin;
    return isSeen || isActive ? { bar, isActive } : undefined;
  };
  const bars = [
    ...room.closures.map((closure) => {
      const place = barOf(closure);
      if (place === undefined) return null;
      return <ClosureBar key={closure.closure_id} {...place} roomNumber={room.room_number} closure={closure} />;
    }),
    ...room.stays.map((stay) => {
      const place = barOf(stay);
      if (place === undefined) return null;
      return (
        <StayBar
          key={`${stay.booking_id} ${stay.from}`}
          {...place}
          roomNumber={room.room_number}
          stay={stay}
          today={sheet.today}
          isSelected={stay.booking_id === props.selectedId}
          isCarried={stay.booking_id === props.carriedId}
        />
      );
    }),
  ];
  const rangeBar = range === undefined ? undefined : placeBar(range, sheet);
  const ghost = carry === undefined ? undefined : { ...carry.stay, to: carry.to ?? carry.stay.to };
  const ghostBar = ghost === undefined ? undefined : placeBar(ghost, sheet);
  const canTake = onPick !== undefined && verdict?.is === "free";
  const isTarget = carry !== undefined && verdict !== undefined;
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      class={`${css["row"]} ${isTarget ? css[verdict.is === "free" ? "welcomes" : "refuses"] : ""}`}
      style={{ transform: `translateY(${index * sheet.rowPx}px)`, height: `${sheet.rowPx}px` }}
    >
      <div role="rowheader" aria-colindex={1} class={`${css["roomCell"]} ${canTake ? css["canTake"] : ""}`}>
        <RoomChip number={room.room_number} housekeeping={room.housekeeping} status={room.status} />
        {onPick === undefined ? null : (
          <button
            type="button"
            tabIndex={-1}
            class={css["pick"]}
            aria-label={t("chart.move_to", { room: room.room_number })}
            title={verdict === undefined ? undefined : verdictText(t, verdict)}
            onClick={onPick}
          >
            {canTake ? <Icon name="move" size={14} /> : null}
          </button>
        )}
      </div>
      <div role="presentation" class={css["track"]}>
        {rangeBar === undefined ? null : <div class={css["range"]} style={placeOf(rangeBar)} />}
        {bars}
        {ghost === undefined || ghostBar === undefined ? null : (
          <GhostBar
            bar={ghostBar}
            text={[ghost.guest_name, verdict === undefined ? "" : verdictText(t, verdict)].filter(Boolean).join(" · ")}
          />
        )}
        {activeColumn === undefined || hasActiveBar ? null : (
          <div
            role="gridcell"
            aria-colindex={activeColumn + 2}
            aria-label={t("chart.cell_name", {
              room: room.room_number,
              day: day(addDays(sheet.first, activeColumn), "weekday"),
            })}
            tabIndex={0}
            data-active=""
            class={css["cell"]}
            style={{ insetInlineStart: `${activeColumn * sheet.columnPx}px`, width: `${sheet.columnPx}px` }}
          />
        )}
      </div>
    </div>
  );
}
