import type { JSX } from "preact";
import { useRef } from "preact/hooks";

import { day, money, useText } from "#web/mod.ts";
import type en from "./locales/en.json";
import css from "./rates.module.css";
import { besideCell, type Cell, isSelected, type Selection } from "./selection.ts";
import type { CalendarDay, CalendarType } from "./use_rates.ts";

/** Room types by days: price, free rooms, restrictions. The pointer, or Shift and arrows, select a range. */
export function RatesGrid(props: {
  readonly types: readonly CalendarType[];
  readonly currency: string;
  readonly today: string;
  readonly selection: Selection;
  readonly onSelect: (selection: Selection) => void;
  readonly onEdit: () => void;
}): JSX.Element {
  const t = useText<typeof en>();
  const { types, currency, today, selection, onSelect, onEdit } = props;
  const columns = types[0]?.days ?? [];
  const table = useRef<HTMLTableElement>(null);
  const isDragging = useRef(false);
  const focus = ({ row, column }: Cell): void =>
    table.current?.querySelector<HTMLElement>(`[data-cell="${row} ${column}"]`)?.focus();
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Enter") {
      event.preventDefault();
      onEdit();
      return;
    }
    const next = besideCell(selection.end, event.key, types.length, columns.length);
    if (next === undefined) return;
    event.preventDefault();
    onSelect({ start: event.shiftKey ? selection.start : next, end: next });
    focus(next);
  };
  return (
    <div class={css["scroller"]}>
      <table ref={table} role="grid" aria-label={t("rates.title")} aria-multiselectable="true" class={css["grid"]}>
        <thead>
          <tr>
            <th scope="col">
              <span class="visually-hidden">{t("rates.type")}</span>
            </th>
            {columns.map(({ date }) => (
              <th key={date} scope="col" data-today={date === today} data-past={date < today}>
                {day(date, "weekday")}
              </th>
            ))}
          </tr>
        </thead>
        <tbody onKeyDown={onKeyDown} onPointerUp={() => (isDragging.current = false)}>
          {types.map((type, row) => (
            <tr key={type.room_type_id}>
              <th scope="row">{type.name}</th>
              {type.days.map((facts, column) => {
                const cell = { row, column };
                const isEnd = selection.end.row === row && selection.end.column === column;
                return (
                  <td
                    key={facts.date}
                    role="gridcell"
                    data-cell={`${row} ${column}`}
                    data-none={facts.free === 0}
                    tabIndex={isEnd ? 0 : -1}
                    aria-selected={isSelected(selection, cell)}
                    onPointerDown={(event) => {
                      isDragging.current = true;
                      onSelect({ start: event.shiftKey ? selection.start : cell, end: cell });
                      event.currentTarget.focus();
                    }}
                    onPointerEnter={() => {
                      if (isDragging.current) onSelect({ start: selection.start, end: cell });
                    }}
                  >
                    <b>{money(facts.rate, currency)}</b>
                    <span aria-hidden="true">{shortFacts(facts)}</span>
                    <span class="visually-hidden">{longFacts(t, facts)}</span>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function shortFacts({ free, minimum_stay: nights, closed_to_arrival: isClosed }: CalendarDay): string {
  return [String(free), nights !== null && nights > 1 ? `${nights}+` : "", isClosed ? "✕" : ""]
    .filter((part) => part !== "")
    .join(" · ");
}

/** The same facts in words, for a screen reader. The headings of the grid name the room type and the day. */
function longFacts(
  t: ReturnType<typeof useText<typeof en>>,
  { free, minimum_stay: nights, closed_to_arrival: isClosed }: CalendarDay,
): string {
  return [
    t("rates.free", { free }),
    nights !== null && nights > 1 ? t("rates.cell_stay", { nights }) : "",
    isClosed ? t("rates.cell_closed") : "",
  ]
    .filter((part) => part !== "")
    .join(", ");
}
