import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { Button, Icon, me, More, ProblemNotice, timeOfDay, useAction, useText } from "#web/mod.ts";
import { RoomMark } from "../kit/chips.tsx";
import type kit from "../kit/locales/en.json";
import css from "./housekeeping.module.css";
import type en from "./locales/en.json";
import { type CleanedRoom, isLeft, nextState, states } from "./rooms.ts";
import { useHousekeeping } from "./use_housekeeping.ts";

/** A room. A tap on it sets the next state, and the button beside it any state. */
export function RoomCard(props: {
  readonly room: CleanedRoom;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
}): JSX.Element {
  const { room, isChosen, onChoose } = props;
  const t = useText<typeof en & typeof kit>();
  const set = useAction(useHousekeeping());
  const card = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (isChosen) card.current?.scrollIntoView({ block: "nearest" });
  }, [isChosen]);
  const { room_number: number, housekeeping, status } = room;
  const next = nextState(housekeeping);
  return (
    <li ref={card} class={css["card"]} data-left={isLeft(room)} data-chosen={isChosen}>
      <button
        type="button"
        class={css["tap"]}
        aria-busy={set.isRunning}
        onClick={() => {
          onChoose();
          void set.run([room], next);
        }}
      >
        <span class={css["number"]}>{number}</span>{" "}
        <span class={css["state"]}>
          <RoomMark housekeeping={housekeeping} status="available" size={16} />
          {t(`housekeeping.${housekeeping}`)}
        </span>{" "}
        <span class="visually-hidden">{t("clean.set", { next: t(`housekeeping.${next}`) })}</span>
      </button>
      <Facts room={room} />
      <span class={css["more"]}>
        <More label={t("clean.states", { room: number })}>
          {states.map((state) => (
            <Button key={state} isPressed={state === housekeeping} onPress={() => set.run([room], state)}>
              <RoomMark housekeeping={state} status="available" size={16} />
              {t(`housekeeping.${state}`)}
            </Button>
          ))}
        </More>
      </span>
      {status === "available" ? null : (
        <span class={css["outOfUse"]}>
          <Icon name="wrench" size={14} />
          {t(`room.${status}`)}
        </span>
      )}
      {set.problem === undefined ? null : (
        <div class={css["problem"]}>
          <ProblemNotice problem={set.problem} onRetry={set.clear} />
        </div>
      )}
    </li>
  );
}

/** The type of the room, whether a guest is in it, and the next arrival. */
function Facts({ room }: { readonly room: CleanedRoom }): JSX.Element {
  const t = useText<typeof en & typeof kit>();
  const zone = me.value?.hotel.time_zone ?? "UTC";
  const { next_arrival_at: arrival, next_guests: guests } = room;
  const plain = [
    room.room_type,
    ...(room.is_closed ? [t("clean.closed")] : []),
    ...(room.is_due_out ? [] : [t(room.is_occupied ? "clean.occupied" : "clean.vacant")]),
  ];
  return (
    <span class={css["facts"]}>
      <span>{plain.join(" · ")}</span>
      {room.is_due_out ? <span class={css["leaves"]}>{t("clean.leaves")}</span> : null}
      {arrival === null ? null : (
        <span class={css["arrival"]}>
          {t("clean.arrival", { time: timeOfDay(arrival, zone) })} · {t("clean.guests", { guests: guests ?? 1 })}
        </span>
      )}
    </span>
  );
}
