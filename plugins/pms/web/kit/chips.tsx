import type { JSX } from "preact";

import { useText } from "#web/mod.ts";
import css from "./chips.module.css";
import type en from "./locales/en.json";
import type { StayState } from "./stay_state.ts";

/** A sign for each state, so that color is never the only difference. */
const signs: Readonly<Record<StayState, string>> = {
  expected: "○",
  due_in: "▸",
  in_house: "●",
  due_out: "◂",
  late: "!",
  left: "✓",
  canceled: "✕",
  no_show: "✕",
};

/** The state of a stay, as color, sign and word. */
export function StayChip({ state }: { readonly state: StayState }): JSX.Element {
  const t = useText<typeof en>();
  return (
    <span class={`${css["chip"]} ${css[state]}`}>
      <span aria-hidden="true">{signs[state]}</span>
      {t(`state.${state}`)}
    </span>
  );
}

interface RoomState {
  readonly housekeeping: "dirty" | "clean" | "inspected";
  readonly status: "available" | "out_of_order" | "out_of_service";
}

/** The state of a room as a shape: a drop is dirty, a dot clean, a ring inspected, and a cross not in use. */
export function RoomMark({ housekeeping, status, size = 12 }: RoomState & { readonly size?: number }): JSX.Element {
  return (
    <svg class={css["mark"]} width={size} height={size} viewBox="0 0 12 12" aria-hidden="true" focusable="false">
      {status !== "available" ? (
        <path d="M2 2l8 8M10 2l-8 8" stroke="currentColor" stroke-width="1.8" />
      ) : housekeeping === "dirty" ? (
        <path
          d="M6 1.2C8 4 9.4 5.7 9.4 7.4a3.4 3.4 0 1 1-6.8 0C2.6 5.7 4 4 6 1.2z"
          fill="none"
          stroke="currentColor"
          stroke-width="1.5"
        />
      ) : (
        <>
          <circle cx="6" cy="6" r="3" fill="currentColor" />
          {housekeeping === "inspected" ? <circle cx="6" cy="6" r="5" fill="none" stroke="currentColor" /> : null}
        </>
      )}
    </svg>
  );
}

/** A room's number, with its state as a shape and a word. */
export function RoomChip(props: RoomState & { readonly number: string }): JSX.Element {
  const t = useText<typeof en>();
  const { number, housekeeping, status } = props;
  const words = status === "available" ? t(`housekeeping.${housekeeping}`) : t(`room.${status}`);
  return (
    <span class={css["room"]} title={words}>
      <RoomMark housekeeping={housekeeping} status={status} />
      {number}
      <span class="visually-hidden">{words}</span>
    </span>
  );
}
