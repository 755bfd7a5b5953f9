import type { JSX } from "preact";

import { Button, Empty, ProblemNotice, useAction, useText } from "#web/mod.ts";
import { useDesk } from "../booking/use_desk.ts";
import type en from "./locales/en.json";
import css from "./today.module.css";

/** The rooms to clean. A press makes a room clean. */
export function DirtyRooms(props: {
  readonly rooms: readonly { readonly room_id: string; readonly room_number: string }[];
}): JSX.Element {
  const t = useText<typeof en>();
  const desk = useDesk();
  const clean = useAction(desk.clean);
  return (
    <section class={css["list"]} aria-label={t("today.rooms")}>
      <header class={css["head"]}>
        <h2>{t("today.rooms")}</h2>
        <span class={css["count"]}>{props.rooms.length}</span>
      </header>
      {clean.problem === undefined ? null : <ProblemNotice problem={clean.problem} />}
      {props.rooms.length === 0 ? <Empty>{t("today.no_rooms")}</Empty> : null}
      <ul class={css["rooms"]}>
        {props.rooms.map((room) => (
          <li key={room.room_id}>
            <Button isSmall icon="check" isBusy={clean.isRunning} onPress={() => clean.run(room)}>
              {room.room_number} <span class="visually-hidden">{t("today.clean")}</span>
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
