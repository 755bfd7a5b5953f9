import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { Button, dayRange, daysBetween, Icon, More, useAction, useKeys, useText } from "#web/mod.ts";
import { MoveDialog } from "../booking/move_dialog.tsx";
import { Refusal } from "../booking/refusal.tsx";
import { useDesk } from "../booking/use_desk.ts";
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
  const desk = useDesk();
  const row = useRef<HTMLLIElement>(null);
  const [isMoving, setIsMoving] = useState(false);
  const act = useAction((work: () => Promise<void>) => work());
  const run = (work: () => Promise<void>) => () => act.run(work);
  const can = (transition: (typeof entry.allowed_transitions)[number]) =>
    entry.allowed_transitions.includes(transition);
  const isOpen = entry.status === "confirmed" || entry.status === "in_house";
  const checkIn = run(() => desk.checkIn(entry));
  const checkOut = run(() => desk.checkOut(entry));
  const extend = run(() => desk.extend(entry));
  const cancel = run(() => desk.cancel(entry));
  const noShow = run(() => desk.markNoShow(entry));
  const move = () => setIsMoving(true);
  useKeys(
    [
      { key: "Enter", label: t("today.open"), run: () => desk.open(entry) },
      ...(can("check_in") ? [{ key: "i", label: t("today.check_in"), run: checkIn }] : []),
      ...(can("check_out") ? [{ key: "o", label: t("today.check_out"), run: checkOut }] : []),
      ...(can("cancel") ? [{ key: "x", label: t("today.cancel"), run: cancel }] : []),
      ...(can("no_show") ? [{ key: "s", label: t("today.no_show"), run: noShow }] : []),
      ...(isOpen
        ? [
            { key: "e", label: t("today.extend"), run: extend },
            { key: "m", label: t("today.move"), run: move },
          ]
        : []),
    ],
    isChosen,
  );
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
          desk.open(entry);
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
          <Button isSmall kind="primary" shortcut="i" isBusy={act.isRunning} onPress={checkIn}>
            {t("today.check_in")}
          </Button>
        ) : null}
        {can("check_out") ? (
          <Button
            isSmall
            kind={entry.departure <= today ? "primary" : "plain"}
            shortcut="o"
            isBusy={act.isRunning}
            onPress={checkOut}
          >
            {t("today.check_out")}
          </Button>
        ) : null}
        <More label={t("today.more", { guest: name })}>
          <Button onPress={extend}>
            {t("today.extend")} <kbd>e</kbd>
          </Button>
          <Button onPress={move}>
            {t("today.move")} <kbd>m</kbd>
          </Button>
          {can("no_show") ? (
            <Button onPress={noShow}>
              {t("today.no_show")} <kbd>s</kbd>
            </Button>
          ) : null}
          {can("cancel") ? (
            <Button onPress={cancel}>
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
            onMove={move}
            onAcceptDirtyRoom={run(() => desk.checkIn(entry, { dirtyRoom: true }))}
          />
        </div>
      )}
      {isMoving ? (
        <MoveDialog
          stay={entry}
          onClose={() => {
            setIsMoving(false);
            act.clear();
          }}
        />
      ) : null}
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
