import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { Button, Dialog, Empty, ProblemNotice, Skeleton, useAction, useApi, useRead, useText } from "#web/mod.ts";
import type { PmsApi } from "../../api.ts";
import css from "./booking.module.css";
import type en from "./locales/en.json";
import { type Stay, useDesk } from "./use_desk.ts";

/** The choice of another room for a stay: rooms that are free for its nights ahead. Enter takes the first one. */
export function MoveDialog(props: {
  readonly stay: Stay & { readonly from: string; readonly guests: number };
  readonly onClose: () => void;
}): JSX.Element {
  const { stay, onClose } = props;
  const t = useText<typeof en>();
  const api = useApi<PmsApi>();
  const desk = useDesk();
  const query = {
    check_in: stay.from,
    check_out: stay.departure,
    guests: stay.guests,
    include_restricted: "true" as const,
  };
  const rooms = useRead(api.findFreeRooms, { query });
  const move = useAction(async (room: { readonly room_id: string; readonly room_number: string }) => {
    await desk.move(stay, room);
    onClose();
  });
  const found = rooms.body?.items ?? [];
  const list = useRef<HTMLUListElement>(null);
  const isReady = found.length > 0;
  // The dialog gave the focus to its first button before the rooms were there.
  useEffect(() => {
    if (isReady) list.current?.querySelector("button")?.focus();
  }, [isReady]);
  return (
    <Dialog
      title={t("move.title", { guest: stay.guest_name })}
      onClose={onClose}
      onSubmit={() => (found[0] === undefined ? undefined : move.run(found[0]))}
    >
      {rooms.problem === undefined ? null : <ProblemNotice problem={rooms.problem} onRetry={rooms.refresh} />}
      {move.problem === undefined ? null : <ProblemNotice problem={move.problem} />}
      {rooms.isLoading ? <Skeleton /> : null}
      {rooms.body !== undefined && found.length === 0 ? <Empty>{t("move.none")}</Empty> : null}
      <ul ref={list} class={css["rooms"]}>
        {found.slice(0, 30).map((room, at) => (
          <li key={room.room_id}>
            <Button
              isSubmit={at === 0}
              isBusy={move.isRunning}
              kind={at === 0 ? "primary" : "plain"}
              onPress={at === 0 ? undefined : () => move.run(room)}
            >
              <b>{room.room_number}</b> {room.room_type}
            </Button>
          </li>
        ))}
      </ul>
      <p class={css["note"]}>{t("move.price")}</p>
    </Dialog>
  );
}
