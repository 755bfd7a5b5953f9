import type { JSX } from "preact";

import { dayRange, Icon, useText } from "#web/mod.ts";
import type kitEn from "../../kit/locales/en.json";
import { stayState } from "../../kit/stay_state.ts";
import css from "../chart.module.css";
import type { Bar } from "../geometry.ts";
import type en from "../locales/en.json";
import type { ChartClosure, ChartStay } from "../use_chart.ts";

interface BarProps {
  readonly bar: Bar;
  readonly roomNumber: string;
  /** Whether it has the focus of the chart. */
  readonly isActive: boolean;
}

/** A sign for each state, so that color is never the only difference. */
const signs = {
  expected: "○",
  due_in: "▸",
  in_house: "●",
  due_out: "◂",
  late: "!",
  left: "✓",
  canceled: "✕",
  no_show: "✕",
} as const;

/** A narrower bar has no room for its sign and a name (px). */
const namePx = 56;

/** A stay on the chart. */
export function StayBar(
  props: BarProps & {
    readonly stay: ChartStay;
    readonly today: string;
    readonly isSelected: boolean;
    /** Whether the stay is drawn at another place now. */
    readonly isCarried: boolean;
  },
): JSX.Element {
  const t = useText<typeof en & typeof kitEn>();
  const { bar, roomNumber, stay, today, isActive, isSelected, isCarried } = props;
  const { from, to, status, guest_name: guest } = stay;
  const state = stayState({ status, arrival: from, departure: to }, today);
  const label = t("chart.stay_name", { guest, room: roomNumber, days: dayRange(from, to), state: t(`state.${state}`) });
  return (
    <div
      role="gridcell"
      aria-colindex={bar.firstColumn + 2}
      aria-colspan={bar.columns}
      aria-label={label}
      aria-selected={isSelected}
      tabIndex={isActive ? 0 : -1}
      data-active={isActive ? "" : undefined}
      data-booking={stay.booking_id}
      title={label}
      class={classesOf(bar, css[state], isSelected ? css["selected"] : "", isCarried ? css["carried"] : "")}
      style={placeOf(bar)}
    >
      {bar.width < namePx ? (
        signs[state]
      ) : (
        <span class={css["barText"]}>
          {signs[state]} {guest}
        </span>
      )}
      {stay.room_locked && bar.width >= namePx ? <Icon name="lock" size={12} /> : null}
      {bar.isCutAfter ? null : <span class={css["edge"]} data-edge="" />}
    </div>
  );
}

/** A range of days on which a room is closed. */
export function ClosureBar(props: BarProps & { readonly closure: ChartClosure }): JSX.Element {
  const t = useText<typeof en>();
  const { bar, roomNumber, closure, isActive } = props;
  const { from, to, reason } = closure;
  const label = t("chart.closure_name", { room: roomNumber, days: dayRange(from, to), reason });
  return (
    <div
      role="gridcell"
      aria-colindex={bar.firstColumn + 2}
      aria-colspan={bar.columns}
      aria-label={label}
      tabIndex={isActive ? 0 : -1}
      data-active={isActive ? "" : undefined}
      data-closure={closure.closure_id}
      title={label}
      class={classesOf(bar, css["closure"])}
      style={placeOf(bar)}
    >
      <span class={css["barText"]}>{reason}</span>
    </div>
  );
}

/** Where a carried stay would be, and whether it can be there. */
export function GhostBar(props: { readonly bar: Bar; readonly text: string }): JSX.Element {
  return (
    <div class={`${css["bar"]} ${css["ghost"]}`} style={placeOf(props.bar)}>
      <span class={css["barText"]}>{props.text}</span>
    </div>
  );
}

const classesOf = (bar: Bar, ...classes: readonly (string | undefined)[]): string =>
  [css["bar"], bar.isCutBefore ? css["cutBefore"] : "", bar.isCutAfter ? css["cutAfter"] : "", ...classes].join(" ");

export const placeOf = (bar: Bar): { readonly insetInlineStart: string; readonly width: string } => ({
  insetInlineStart: `${bar.start}px`,
  width: `${bar.width}px`,
});
