import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { Button, Dialog, Empty, ProblemNotice, Skeleton, useAction, useApi, useRead, useText } from "#web/mod.ts";
import type { PmsApi } from "../../api.ts";
import { RoomChip } from "../kit/chips.tsx";
import css from "./booking.module.css";
import type en from "./locales/en.json";
import { type Stay, useDesk } from "./use_desk.ts";

type MoveRoom = PmsApi["findMoveRooms"]["result"]["items"][number];

/** The choice of another room for a stay, the best one first. Enter takes it. */
export function MoveDialog(props: { readonly stay: Stay; readonly onClose: () => void }): JSX.Element {
  const { stay, onClose } = props;
  const t = useText<typeof en>();
  const api = useApi<PmsApi>();
  const desk = useDesk();
  const rooms = useRead(api.findMoveRooms, { params: { booking_id: stay.booking_id }, query: { limit: 30 } });
  const move = useAction(async (room: { readonly room_id: string; readonly room_number: string }) => {
    await desk.move(stay, room);
    onClose();
  });
  const found = rooms.body?.items ?? [];
  const whyNot = ({ restrictions }: MoveRoom): string | undefined =>
    restrictions.length === 0 ? undefined : t("move.restricted");
  const best = found.find((room) => whyNot(room) === undefined);
  const notes = (room: MoveRoom): string =>
    [
      room.room_type,
      room.occupied_by === null ? undefined : t("move.occupied", { guest: room.occupied_by.guest_name }),
      whyNot(room),
    ]
      .filter((note) => note !== undefined)
      .join(" · ");
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
      onSubmit={() => (best === undefined ? undefined : move.run(best))}
    >
      {rooms.problem === undefined ? null : <ProblemNotice problem={rooms.problem} onRetry={rooms.refresh} />}
      {move.problem === undefined ? null : <ProblemNotice problem={move.problem} />}
      {rooms.isLoading ? <Skeleton /> : null}
      {rooms.body !== undefined && found.length === 0 ? <Empty>{t("move.none")}</Empty> : null}
      <ul ref={list} class={css["rooms"]}>
        {found.map((room) => (
          <li key={room.room_id}>
            <Button
              isSubmit={room === best}
              isBusy={move.isRunning}
              kind={room === best ? "primary" : "plain"}
              blockedBy={whyNot(room)}
              onPress={room === best ? undefined : () => move.run(room)}
            >
              <RoomChip number={room.room_number} housekeeping={room.housekeeping} status={room.status} />
              <span class={css["roomNote"]}>{notes(room)}</span>
            </Button>
          </li>
        ))}
      </ul>
      <p class={css["note"]}>{t("move.price")}</p>
    </Dialog>
  );
}
