import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { Button, dayRange, Icon, useAction, useText } from "#web/mod.ts";
import { MoveDialog } from "../booking/move_dialog.tsx";
import { Refusal } from "../booking/refusal.tsx";
import { useDesk } from "../booking/use_desk.ts";
import css from "./close_day.module.css";
import type en from "./locales/en.json";

/** A stay that the close would change. */
export interface Due {
  readonly booking_id: string;
  readonly guest_name: string;
  readonly room_id: string;
  readonly room_number: string;
  readonly arrival: string;
  readonly departure: string;
  /** Missing if the close charges nothing. */
  readonly charge?: string;
  /** Whether the guest is in house. */
  readonly isHere: boolean;
}

/** The stays of one check, each with the effect of the close and the buttons that remedy it. */
export function DueList(props: {
  readonly title: string;
  readonly empty: string;
  readonly entries: readonly Due[];
  readonly effectOf: (due: Due) => string;
}): JSX.Element {
  const { title, empty, entries, effectOf } = props;
  return (
    <section class={css["list"]} aria-label={title}>
      <header class={css["head"]}>
        <h2>{title}</h2>
        <span class={css["count"]}>{entries.length}</span>
      </header>
      {entries.length === 0 ? (
        <p class={css["done"]}>
          <Icon name="check" /> {empty}
        </p>
      ) : null}
      <ul>
        {entries.map((due) => (
          <DueRow key={due.booking_id} due={due} effect={effectOf(due)} />
        ))}
      </ul>
    </section>
  );
}

function DueRow({ due, effect }: { readonly due: Due; readonly effect: string }): JSX.Element {
  const t = useText<typeof en>();
  const desk = useDesk();
  const [isMoving, setIsMoving] = useState(false);
  const act = useAction((work: () => Promise<void>) => work());
  const run = (work: () => Promise<void>) => () => act.run(work);
  const of = <span class="visually-hidden">: {due.guest_name}</span>;
  return (
    <li class={css["row"]}>
      <span class={css["room"]}>{due.room_number}</span>
      <button type="button" class={css["guest"]} onClick={() => desk.open(due)}>
        <span class={css["name"]}>{due.guest_name}</span>
        <span class={css["facts"]}>{dayRange(due.arrival, due.departure)}</span>
        <span class={css["effect"]}>{effect}</span>
      </button>
      <span class={css["buttons"]}>
        {due.isHere ? (
          <Button isSmall icon="check_out" isBusy={act.isRunning} onPress={run(() => desk.checkOut(due))}>
            {t("close_day.check_out")}
            {of}
          </Button>
        ) : (
          <>
            <Button isSmall isBusy={act.isRunning} onPress={run(() => desk.markNoShow(due))}>
              {t("close_day.no_show")}
              {of}
            </Button>
            <Button isSmall icon="check_in" isBusy={act.isRunning} onPress={run(() => desk.checkIn(due))}>
              {t("close_day.check_in")}
              {of}
            </Button>
          </>
        )}
      </span>
      {act.problem === undefined ? null : (
        <div class={css["refusal"]}>
          <Refusal
            problem={act.problem}
            onClose={act.clear}
            onMove={() => setIsMoving(true)}
            onAcceptDirtyRoom={run(() => desk.checkIn(due, { dirtyRoom: true }))}
          />
        </div>
      )}
      {isMoving ? (
        <MoveDialog
          stay={due}
          onClose={() => {
            setIsMoving(false);
            act.clear();
          }}
        />
      ) : null}
    </li>
  );
}
