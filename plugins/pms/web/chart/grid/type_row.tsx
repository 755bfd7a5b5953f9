import type { JSX } from "preact";

import { day, useText } from "#web/mod.ts";
import css from "../chart.module.css";
import type { Sheet } from "../geometry.ts";
import type en from "../locales/en.json";
import type { ChartType } from "../use_chart.ts";

/** The head of a room type: its name, and its free rooms of each day. */
export function TypeRow(props: {
  readonly sheet: Sheet;
  readonly type: ChartType;
  readonly index: number;
  readonly activeColumn: number | undefined;
  /** The columns to draw, `[first, end)`. */
  readonly columns: readonly [first: number, end: number];
}): JSX.Element {
  const t = useText<typeof en>();
  const { sheet, type, index, activeColumn, columns } = props;
  const isDrawn = (column: number): boolean => (column >= columns[0] && column < columns[1]) || column === activeColumn;
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      class={`${css["row"]} ${css["typeRow"]}`}
      style={{ transform: `translateY(${index * sheet.rowPx}px)`, height: `${sheet.rowPx}px` }}
    >
      <div role="rowheader" aria-colindex={1} class={css["roomCell"]} title={type.name}>
        <span class={css["typeName"]}>{type.name}</span>
      </div>
      <div role="presentation" class={css["track"]}>
        {type.days.slice(0, sheet.days).map(({ date, free }, column) =>
          !isDrawn(column) ? null : (
            <div
              key={date}
              role="gridcell"
              aria-colindex={column + 2}
              aria-label={t("chart.free_name", { type: type.name, day: day(date, "weekday"), free })}
              tabIndex={column === activeColumn ? 0 : -1}
              data-active={column === activeColumn ? "" : undefined}
              class={`${css["free"]} ${free <= 0 ? css["none"] : ""}`}
              style={{ insetInlineStart: `${column * sheet.columnPx}px`, width: `${sheet.columnPx}px` }}
            >
              {free}
            </div>
          ),
        )}
      </div>
    </div>
  );
}
