import { useState } from "preact/hooks";

import { addDays, useAddress } from "#web/mod.ts";
import { type Carry, judgeRow, type Selection } from "./selection.ts";
import type { ChartRoom, ChartRow, ChartStay } from "./use_chart.ts";
import { type Moves, type RoomName, useMoves } from "./use_moves.ts";
import type { Verdict } from "./verdict.ts";

/** A drop that the chart does not send, because its data shows that the server would refuse it. */
export interface Refusal {
  readonly stay: ChartStay;
  readonly from: ChartRoom;
  readonly room: RoomName;
  readonly verdict: Verdict;
}

export interface Planner {
  readonly selection: Selection | undefined;
  readonly select: (selection: Selection | undefined) => void;
  /** Opens the booking, or a new booking for the days. */
  readonly open: (selection: Selection) => void;
  readonly carry: Carry | undefined;
  readonly setCarry: (carry: Carry | undefined) => void;
  /** Lets the arrows carry the selected stay. */
  readonly startMove: () => void;
  readonly drop: (carry: Carry) => void;
  /** Moves the refused stay to a room that the server offers. */
  readonly takeOffer: (room: RoomName) => void;
  readonly unlockAndMove: (refusal: Refusal) => void;
  readonly swap: (refusal: Refusal, other: ChartStay) => void;
  readonly extendByNight: (selection: Selection & { readonly is: "stay" }) => void;
  readonly acceptDirtyRoom: () => void;
  readonly refusal: Refusal | undefined;
  readonly moves: Moves;
  /** Removes what the chart says about a refused change. */
  readonly clear: () => void;
}

/** The work on the chart: the selection, the carried stay, and the changes of a drop. */
export function usePlanner(rows: readonly ChartRow[], today: string): Planner {
  const address = useAddress();
  const [selection, setSelection] = useState<Selection>();
  const [carry, setCarry] = useState<Carry>();
  const [refusal, setRefusal] = useState<Refusal>();
  const [last, setLast] = useState<Carry>();
  const moves = useMoves();

  const clear = (): void => {
    moves.clear();
    setRefusal(undefined);
  };
  const select = (next: Selection | undefined): void => {
    clear();
    setSelection(next);
  };
  /** Draws the stay at its target until the chart has been read again. */
  const send = async (moved: Carry, work: () => Promise<boolean>): Promise<void> => {
    select(undefined);
    setLast(moved);
    setCarry({ ...moved, isSent: true });
    await work();
    setCarry(undefined);
  };
  const drop = (moved: Carry): void => {
    if (moved.isSent === true || moves.isRunning) return;
    setCarry(undefined);
    select(undefined);
    const { stay, room, to } = moved;
    const target = rows[moved.row];
    if (to !== undefined) {
      if (to !== stay.to) void send(moved, () => moves.extend(stay, to));
      return;
    }
    const verdict = judgeRow(moved, target, today);
    if (target?.room === undefined || verdict === undefined || verdict.is === "same") return;
    const { room: there } = target;
    if (verdict.is === "free") void send(moved, () => moves.move(stay, room, there));
    else setRefusal({ stay, from: room, room: there, verdict });
  };
  const rowOf = (roomId: string): number => rows.findIndex(({ room }) => room?.room_id === roomId);
  return {
    selection,
    select,
    carry,
    setCarry: (next) => {
      if (carry?.isSent !== true) setCarry(next);
    },
    drop,
    refusal,
    moves,
    clear,
    open: (chosen) => {
      if (chosen.is === "stay") address.set("booking", chosen.stay.booking_id);
      else if (chosen.is === "closure") select(chosen);
      else if (chosen.span.from >= today) {
        const { room, span } = chosen;
        address.set("new", ["booking", span.from, span.to, room.room_id].join(","));
      } else select(chosen);
    },
    startMove: () => {
      if (selection?.is !== "stay") return;
      const { stay, room } = selection;
      clear();
      setCarry({ stay, room, row: rowOf(room.room_id) });
    },
    takeOffer: (room) => {
      if (last === undefined) return;
      const row = rowOf(room.room_id);
      void send({ ...last, row: row === -1 ? last.row : row }, () => moves.move(last.stay, last.room, room));
    },
    unlockAndMove: ({ stay, from, room }) => {
      void send({ stay, room: from, row: rowOf(room.room_id) }, () => moves.unlockAndMove(stay, from, room));
    },
    swap: ({ stay, from, room }, other) => {
      void send({ stay, room: from, row: rowOf(room.room_id) }, () => moves.swap(stay, other));
    },
    extendByNight: ({ stay, room }) => {
      const to = addDays(stay.to, 1);
      void send({ stay, room, row: rowOf(room.room_id), to }, () => moves.extend(stay, to));
    },
    acceptDirtyRoom: () => {
      if (last !== undefined) void send(last, moves.acceptDirtyRoom);
    },
  };
}
