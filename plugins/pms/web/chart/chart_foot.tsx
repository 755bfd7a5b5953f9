import type { JSX } from "preact";

import { Button, dayRange, daysBetween, type Problem, ProblemNotice, useText } from "#web/mod.ts";
import { StayChip } from "../kit/chips.tsx";
import { stayState } from "../kit/stay_state.ts";
import css from "./chart.module.css";
import type en from "./locales/en.json";
import type { Selection } from "./selection.ts";
import type { RoomName } from "./use_moves.ts";
import type { Planner, Refusal } from "./use_planner.ts";
import { verdictText } from "./verdict_text.ts";

/**
 * The line below the chart: the selected or carried stay with its buttons, or why a change was refused. It is below, so
 * that the rows keep their place under the pointer.
 */
export function ChartFoot(props: { readonly planner: Planner; readonly today: string }): JSX.Element | null {
  const t = useText<typeof en>();
  const { planner, today } = props;
  const { carry, selection, refusal, moves } = planner;
  if (moves.problem !== undefined) return <ProblemLine planner={planner} problem={moves.problem} />;
  if (refusal !== undefined) return <RefusalLine planner={planner} refusal={refusal} />;
  if (carry !== undefined && carry.isSent !== true) {
    return (
      <div class={css["strip"]} role="status">
        <span>{t("chart.carrying", { guest: carry.stay.guest_name })}</span>
        <Button isSmall shortcut="Escape" onPress={() => planner.setCarry(undefined)}>
          {t("chart.put_back")}
        </Button>
      </div>
    );
  }
  return selection === undefined ? null : <SelectionLine planner={planner} selection={selection} today={today} />;
}

function SelectionLine(props: {
  readonly planner: Planner;
  readonly selection: Selection;
  readonly today: string;
}): JSX.Element {
  const t = useText<typeof en>();
  const { planner, selection, today } = props;
  const { from, to } =
    selection.is === "stay" ? selection.stay : selection.is === "closure" ? selection.closure : selection.span;
  const nights = t("chart.nights", { nights: daysBetween(from, to) });
  const words = [selection.room.room_number, dayRange(from, to), nights].join(" · ");
  if (selection.is === "closure") {
    return (
      <div class={css["strip"]}>
        <b>{t("chart.closed_for", { reason: selection.closure.reason })}</b>
        <span>{words}</span>
      </div>
    );
  }
  if (selection.is === "range") {
    return (
      <div class={css["strip"]}>
        <span>{words}</span>
        <Button
          isSmall
          kind="primary"
          icon="plus"
          shortcut="Enter"
          blockedBy={from < today ? t("chart.past") : undefined}
          onPress={() => planner.open(selection)}
        >
          {t("chart.book")}
        </Button>
      </div>
    );
  }
  const { stay } = selection;
  const canChange = stay.status === "confirmed" || stay.status === "in_house";
  return (
    <div class={css["strip"]}>
      <StayChip state={stayState({ status: stay.status, arrival: from, departure: to }, today)} />
      <b>{stay.guest_name}</b>
      <span>{words}</span>
      <Button isSmall kind="primary" shortcut="Enter" onPress={() => planner.open(selection)}>
        {t("chart.open")}
      </Button>
      {!canChange ? null : (
        <>
          <Button isSmall icon="move" shortcut="m" onPress={() => carryFromKeys(planner)}>
            {t("chart.move")}
          </Button>
          <Button isSmall icon="extend" shortcut="e" onPress={() => planner.extendByNight(selection)}>
            {t("chart.extend")}
          </Button>
          <span class={css["hint"]}>
            {stay.room_locked ? t("chart.locked_why", { guest: stay.guest_name }) : t("chart.move_hint")}
          </span>
        </>
      )}
    </div>
  );
}

/** Starts a move by the arrows: they work while a cell of the chart has the focus. */
function carryFromKeys(planner: Planner): void {
  planner.startMove();
  document.querySelector<HTMLElement>("[role=grid] [data-active]")?.focus();
}

/** A drop that can't be sent, with what the desk can do instead. */
function RefusalLine({ planner, refusal }: { readonly planner: Planner; readonly refusal: Refusal }): JSX.Element {
  const t = useText<typeof en>();
  const { stay, room, verdict } = refusal;
  const by = verdict.is === "taken" ? verdict.by : undefined;
  const why =
    verdict.is === "locked"
      ? t("chart.locked_why", { guest: stay.guest_name })
      : verdict.is === "over"
        ? t("chart.over_why", { guest: stay.guest_name })
        : verdict.is === "too_small"
          ? t("chart.small_why", { room: room.room_number, guests: stay.adults + stay.children })
          : t("chart.taken_why", { room: room.room_number, why: verdictText(t, verdict) });
  return (
    <div class={`${css["strip"]} ${css["refused"]}`} role="alert">
      <span>{why}</span>
      {by === undefined ? null : (
        <Button isSmall kind="primary" icon="move" onPress={() => planner.swap(refusal, by)}>
          {t("chart.swap", { guest: by.guest_name })}
        </Button>
      )}
      {verdict.is !== "locked" ? null : (
        <Button isSmall icon="lock_open" onPress={() => planner.unlockAndMove(refusal)}>
          {t("chart.unlock_move")}
        </Button>
      )}
      <Button isSmall kind="quiet" onPress={planner.clear}>
        {t("chart.leave")}
      </Button>
    </div>
  );
}

const isRoom = (room: unknown): room is RoomName =>
  typeof room === "object" && room !== null && "room_id" in room && "room_number" in room;

/** A change that the server refused: it offers rooms, or asks whether a dirty room will do. */
function ProblemLine({ planner, problem }: { readonly planner: Planner; readonly problem: Problem }): JSX.Element {
  const t = useText<typeof en>();
  const { free_rooms: free, dirty_room_check_in: dirty } = problem.members;
  const rooms = Array.isArray(free) ? free.filter(isRoom) : [];
  return (
    <div class={css["problem"]}>
      <ProblemNotice
        problem={problem}
        actions={
          <>
            {problem.code !== "ROOM_NOT_CLEAN" || dirty === "refuse" ? null : (
              <Button isSmall onPress={planner.acceptDirtyRoom}>
                {t("chart.move_anyway")}
              </Button>
            )}
            {rooms.map((room) => (
              <Button key={room.room_id} isSmall onPress={() => planner.takeOffer(room)}>
                {t("chart.move_to", { room: room.room_number })}
              </Button>
            ))}
            <Button isSmall kind="quiet" onPress={planner.clear}>
              {t("chart.leave")}
            </Button>
          </>
        }
      />
    </div>
  );
}
