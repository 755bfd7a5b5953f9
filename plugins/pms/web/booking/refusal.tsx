import type { JSX } from "preact";

import { Button, currentAddress, type Problem, ProblemNotice, useText } from "#web/mod.ts";
import type en from "./locales/en.json";

/** A refused change of a stay, with the ways to go on. */
export function Refusal(props: {
  readonly problem: Problem;
  /** Checks in although the room is dirty. */
  readonly onAcceptDirtyRoom?: (() => unknown) | undefined;
  /** Opens the choice of another room. */
  readonly onMove?: (() => unknown) | undefined;
  readonly onClose: () => void;
}): JSX.Element {
  const t = useText<typeof en>();
  const { problem, onAcceptDirtyRoom, onMove, onClose } = props;
  const isDirty = problem.code === "ROOM_NOT_CLEAN";
  const isRoom = isDirty || ["ROOM_NOT_READY", "ROOM_TAKEN", "ROOM_OUT_OF_ORDER"].includes(problem.code);
  return (
    <ProblemNotice
      problem={problem}
      actions={
        <>
          {isDirty && onAcceptDirtyRoom !== undefined && problem.members["dirty_room_check_in"] !== "refuse" ? (
            <Button isSmall onPress={onAcceptDirtyRoom}>
              {t("desk.check_in_dirty")}
            </Button>
          ) : null}
          {isRoom && onMove !== undefined ? (
            <Button isSmall onPress={onMove}>
              {t("desk.other_room")}
            </Button>
          ) : null}
          {problem.code === "WRONG_DAY" ? (
            <Button isSmall onPress={() => currentAddress().go("/close-day")}>
              {t("desk.close_day")}
            </Button>
          ) : null}
          <Button isSmall kind="quiet" onPress={onClose}>
            {t("desk.leave")}
          </Button>
        </>
      }
    />
  );
}
