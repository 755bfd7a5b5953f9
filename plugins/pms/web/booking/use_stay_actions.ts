/** The buttons and keys of a stay in a list. */
import { useState } from "preact/hooks";

import { type Action, useAction, useKeys, useText } from "#web/mod.ts";
import type en from "./locales/en.json";
import { type Stay, useDesk } from "./use_desk.ts";

/** A stay with what can be done with it. */
export interface ActiveStay extends Stay {
  readonly status: string;
  readonly allowed_transitions: readonly string[];
}

export interface StayActions {
  /** The change under way, and why the last one was refused. */
  readonly act: Action<[() => Promise<void>]>;
  readonly can: (transition: string) => boolean;
  /** Whether the stay can be extended and moved. */
  readonly isOpen: boolean;
  readonly open: () => void;
  readonly checkIn: () => unknown;
  readonly checkInDirtyRoom: () => unknown;
  readonly checkOut: () => unknown;
  readonly extend: () => unknown;
  readonly cancel: () => unknown;
  readonly markNoShow: () => unknown;
  readonly reinstate: () => unknown;
  readonly move: () => void;
  /** Whether the choice of another room is shown. */
  readonly isMoving: boolean;
  readonly stopMoving: () => void;
}

/** Gives what a person can do with a stay. The keys work while the stay is chosen. */
export function useStayActions(stay: ActiveStay, isChosen: boolean): StayActions {
  const t = useText<typeof en>();
  const desk = useDesk();
  const [isMoving, setIsMoving] = useState(false);
  const act = useAction((work: () => Promise<void>) => work());
  const run = (work: () => Promise<void>) => () => act.run(work);
  const can = (transition: string): boolean => stay.allowed_transitions.includes(transition);
  const actions: StayActions = {
    act,
    can,
    isOpen: stay.status === "confirmed" || stay.status === "in_house",
    open: () => desk.open(stay),
    checkIn: run(() => desk.checkIn(stay)),
    checkInDirtyRoom: run(() => desk.checkIn(stay, { dirtyRoom: true })),
    checkOut: run(() => desk.checkOut(stay)),
    extend: run(() => desk.extend(stay)),
    cancel: run(() => desk.cancel(stay)),
    markNoShow: run(() => desk.markNoShow(stay)),
    reinstate: run(() => desk.reinstate(stay)),
    move: () => setIsMoving(true),
    isMoving,
    stopMoving: () => {
      setIsMoving(false);
      act.clear();
    },
  };
  useKeys(
    [
      { key: "Enter", label: t("booking.open"), run: actions.open },
      ...(can("check_in") ? [{ key: "i", label: t("booking.check_in"), run: actions.checkIn }] : []),
      ...(can("check_out") ? [{ key: "o", label: t("booking.check_out"), run: actions.checkOut }] : []),
      ...(can("cancel") ? [{ key: "x", label: t("booking.cancel"), run: actions.cancel }] : []),
      ...(can("no_show") ? [{ key: "s", label: t("booking.no_show"), run: actions.markNoShow }] : []),
      ...(actions.isOpen
        ? [
            { key: "e", label: t("booking.extend"), run: actions.extend },
            { key: "m", label: t("booking.move"), run: actions.move },
          ]
        : []),
    ],
    isChosen,
  );
  return actions;
}
