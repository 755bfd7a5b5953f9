import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { Button, dayRange, daysBetween, Icon, More, useText } from "#web/mod.ts";
import { MoveDialog } from "../booking/move_dialog.tsx";
import { Refusal } from "../booking/refusal.tsx";
import { useStayActions } from "../booking/use_stay_actions.ts";
import { RoomChip } from "../kit/chips.tsx";
import { stayState } from "../kit/stay_state.ts";
import type { Entry } from "./entry.ts";
import type en from "./locales/en.json";
import css from "./today.module.css";

/** A stay with the button for what comes next. While it is chosen, its keys work. */
export function StayRow(props: {
  readonly entry: Entry;
  readonly today: string;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
}): JSX.Element {
  const { entry, today, isChosen, onChoose } = props;
  const t = useText<typeof en>();
  const row = useRef<HTMLLIElement>(null);
  const actions = useStayActions(entry, isChosen);
  const { act, can } = actions;
  useEffect(() => {
    if (isChosen) row.current?.scrollIntoView({ block: "nearest" });
  }, [isChosen]);
  const name = entry.guest_name;
  const state = stayState(entry, today);
  return (
    <li ref={row} class={css["row"]} data-state={state} data-chosen={isChosen}>
      <RoomChip number={entry.room_number} housekeeping={entry.housekeeping} status={entry.room_status} />
      <button
        type="button"
        class={css["guest"]}
        onClick={() => {
          onChoose();
          actions.open();
        }}
      >
        <span class={css["name"]}>{name}</span>
        <span class={css["facts"]}>
          {dayRange(entry.arrival, entry.departure)} · {t("today.guests", { guests: entry.adults + entry.children })}
          {daysBetween(entry.arrival, entry.departure) > 0 && entry.stays > 1
            ? ` · ${t("today.stay_number", { number: entry.stays })}`
            : ""}
        </span>
        <Warnings entry={entry} />
      </button>
      <span class={css["flags"]}>
        {entry.room_locked ? <Flag icon="lock" label={t("today.locked")} /> : null}
        {entry.has_notes ? <Flag icon="note" label={t("today.notes")} /> : null}
      </span>
      <span class={css["buttons"]}>
        {can("check_in") ? (
          <Button isSmall kind="primary" shortcut="i" isBusy={act.isRunning} onPress={actions.checkIn}>
            {t("today.check_in")}
          </Button>
        ) : null}
        {can("check_out") ? (
          <Button
            isSmall
            kind={entry.departure <= today ? "primary" : "plain"}
            shortcut="o"
            isBusy={act.isRunning}
            onPress={actions.checkOut}
          >
            {t("today.check_out")}
          </Button>
        ) : null}
        <More label={t("today.more", { guest: name })}>
          <Button onPress={actions.extend}>
            {t("today.extend")} <kbd>e</kbd>
          </Button>
          <Button onPress={actions.move}>
            {t("today.move")} <kbd>m</kbd>
          </Button>
          {can("no_show") ? (
            <Button onPress={actions.markNoShow}>
              {t("today.no_show")} <kbd>s</kbd>
            </Button>
          ) : null}
          {can("cancel") ? (
            <Button onPress={actions.cancel}>
              {t("today.cancel")} <kbd>x</kbd>
            </Button>
          ) : null}
        </More>
      </span>
      {act.problem === undefined ? null : (
        <div class={css["refusal"]}>
          <Refusal
            problem={act.problem}
            onClose={act.clear}
            onMove={actions.move}
            onAcceptDirtyRoom={actions.checkInDirtyRoom}
          />
        </div>
      )}
      {actions.isMoving ? <MoveDialog stay={entry} onClose={actions.stopMoving} /> : null}
    </li>
  );
}

/** Reasons why an arrival can't get its room yet. */
function Warnings({ entry }: { readonly entry: Entry }): JSX.Element | null {
  const t = useText<typeof en>();
  if (entry.status !== "confirmed") return null;
  if (entry.room_occupied_by !== null) {
    return <span class={css["warning"]}>{t("today.occupied_by", { guest: entry.room_occupied_by.guest_name })}</span>;
  }
  return entry.housekeeping === "dirty" ? <span class={css["warning"]}>{t("today.dirty")}</span> : null;
}

function Flag(props: { readonly icon: "lock" | "note"; readonly label: string }): JSX.Element {
  return (
    <span class={css["flag"]} title={props.label}>
      <Icon name={props.icon} size={14} />
      <span class="visually-hidden">{props.label}</span>
    </span>
  );
}
