import { useRef } from "preact/hooks";

import { announce, day, type Problem, useAction, useApi, useText } from "#web/mod.ts";
import type { PmsApi } from "../../api.ts";
import type en from "./locales/en.json";
import type { ChartRoom, ChartStay } from "./use_chart.ts";

export type RoomName = Pick<ChartRoom, "room_id" | "room_number">;

export interface Moves {
  readonly move: (stay: ChartStay, from: RoomName, to: RoomName) => Promise<boolean>;
  readonly swap: (stay: ChartStay, other: ChartStay) => Promise<boolean>;
  /** Sets another day of departure. */
  readonly extend: (stay: ChartStay, to: string) => Promise<boolean>;
  /** Ends the promise of the room, and moves the stay. */
  readonly unlockAndMove: Moves["move"];
  /** Repeats the refused change, and accepts that a room is dirty. */
  readonly acceptDirtyRoom: () => Promise<boolean>;
  readonly isRunning: boolean;
  /** Why the server refused the last change. */
  readonly problem: Problem | undefined;
  readonly clear: () => void;
}

/** The changes that the chart makes, each with its way back. */
export function useMoves(): Moves {
  const t = useText<typeof en>();
  const api = useApi<PmsApi>();
  const of = (stay: ChartStay) => ({ params: { booking_id: stay.booking_id } });
  const moveTo = (stay: ChartStay, { room_id }: RoomName, accepts: boolean) =>
    api.moveBooking({ ...of(stay), body: { room_id, accept_dirty_room: accepts } });
  const swapWith = (stay: ChartStay, other: ChartStay, accepts: boolean) =>
    api.swapBookings({ ...of(stay), body: { other_booking_id: other.booking_id, accept_dirty_room: accepts } });
  const leaveOn = (stay: ChartStay, to: string) =>
    api.amendBooking({ ...of(stay), body: { expected_check_out_at: to } });
  const setLock = (stay: ChartStay, isLocked: boolean) =>
    api.amendBooking({ ...of(stay), body: { room_locked: isLocked } });

  const last = useRef<(acceptsDirtyRoom: boolean) => Promise<void>>(() => Promise.resolve());
  const change = useAction((acceptsDirtyRoom: boolean) => last.current(acceptsDirtyRoom));
  const run = (work: (acceptsDirtyRoom: boolean) => Promise<void>): Promise<boolean> => {
    if (!change.isRunning) last.current = work;
    return change.run(false);
  };
  return {
    isRunning: change.isRunning,
    problem: change.problem,
    clear: change.clear,
    acceptDirtyRoom: () => change.run(true),
    move: (stay, from, to) =>
      run(async (accepts) => {
        const { body } = await moveTo(stay, to, accepts);
        announce(t("chart.moved", { guest: stay.guest_name, room: to.room_number }), body.undo);
      }),
    unlockAndMove: (stay, from, to) =>
      run(async (accepts) => {
        const unlocked = await setLock(stay, false);
        const moved = await moveTo(stay, to, accepts).catch(async (error: unknown) => {
          await setLock(stay, true);
          throw error;
        });
        const words = t("chart.moved", { guest: stay.guest_name, room: to.room_number });
        announce(words, [moved.body.undo, unlocked.body.undo]);
      }),
    swap: (stay, other) =>
      run(async (accepts) => {
        const { body } = await swapWith(stay, other, accepts);
        const words = t("chart.swapped", { guest: stay.guest_name, other: other.guest_name });
        announce(words, body.undo);
      }),
    extend: (stay, to) =>
      run(async () => {
        const { body } = await leaveOn(stay, to);
        const words = t("chart.extended", { guest: stay.guest_name, day: day(to, "weekday") });
        announce(words, body.undo);
      }),
  };
}
