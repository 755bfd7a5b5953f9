/** The fixed parts of the chart: the head with the days, the lines between them, and the foot with the free rooms. */
import type { JSX } from "preact";

import { day, useText } from "#web/mod.ts";
import css from "../chart.module.css";
import { columnOf, type Sheet } from "../geometry.ts";
import type en from "../locales/en.json";

interface FrameProps {
  readonly sheet: Sheet;
  readonly dates: readonly string[];
}

/** The narrowest column in which the name of a month fits beside the day (px). */
const monthPx = 40;

export function DayHead({ sheet, dates }: FrameProps): JSX.Element {
  const t = useText<typeof en>();
  return (
    <div class={css["dayHead"]} role="row" aria-rowindex={1}>
      <div class={css["corner"]} role="columnheader" aria-colindex={1}>
        {t("chart.room")}
      </div>
      {dates.map((date, column) => (
        <div
          key={date}
          role="columnheader"
          aria-colindex={column + 2}
          aria-current={date === sheet.today ? "date" : undefined}
          class={`${css["dayCell"]} ${date === sheet.today ? css["tonight"] : isWeekend(date) ? css["weekend"] : ""}`}
          style={{ width: `${sheet.columnPx}px` }}
          title={day(date, "long")}
        >
          {day(date, "name")}
          <b>{date.endsWith("-01") && sheet.columnPx >= monthPx ? day(date) : Number(date.slice(8))}</b>
        </div>
      ))}
    </div>
  );
}

/** The lines between the days, and the column of tonight. */
export function DayLines({ sheet }: { readonly sheet: Sheet }): JSX.Element {
  const tonight = columnOf(sheet.today, sheet.first);
  return (
    <div
      class={css["lines"]}
      aria-hidden="true"
      style={{ width: `${sheet.days * sheet.columnPx}px`, backgroundSize: `${sheet.columnPx}px 100%` }}
    >
      {tonight < 0 || tonight >= sheet.days ? null : (
        <div
          class={css["tonightLine"]}
          style={{ insetInlineStart: `${tonight * sheet.columnPx}px`, width: `${sheet.columnPx}px` }}
        />
      )}
    </div>
  );
}

/** The free rooms of all types on each day. */
export function FootRow(
  props: FrameProps & { readonly rowIndex: number; readonly free: readonly number[] },
): JSX.Element {
  const t = useText<typeof en>();
  const { sheet, dates, free, rowIndex } = props;
  return (
    <div class={css["foot"]} role="row" aria-rowindex={rowIndex}>
      <div class={css["corner"]} role="rowheader" aria-colindex={1}>
        {t("chart.free_in_all")}
      </div>
      {dates.map((date, column) => (
        <div
          key={date}
          role="gridcell"
          aria-colindex={column + 2}
          class={`${css["footCell"]} ${(free[column] ?? 0) <= 0 ? css["none"] : ""}`}
          style={{ width: `${sheet.columnPx}px` }}
        >
          {free[column] ?? 0}
        </div>
      ))}
    </div>
  );
}

const isWeekend = (date: string): boolean => [0, 6].includes(new Date(`${date}T00:00:00Z`).getUTCDay());
