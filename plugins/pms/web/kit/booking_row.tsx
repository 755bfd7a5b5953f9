import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { Button, dayRange, daysBetween, money, More, useText } from "#web/mod.ts";
import { MoveDialog } from "../booking/move_dialog.tsx";
import { Refusal } from "../booking/refusal.tsx";
import { useStayActions } from "../booking/use_stay_actions.ts";
import type { Booking } from "./booking.ts";
import css from "./booking_table.module.css";
import { StayChip } from "./chips.tsx";
import type en from "./locales/en.json";
import { stayState } from "./stay_state.ts";

/** A booking in a list, with the button for what comes next. While it is chosen, its keys work. */
export function BookingRow(props: {
  readonly booking: Booking;
  readonly today: string;
  readonly hasGuest: boolean;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
}): JSX.Element {
  const { booking, today, hasGuest, isChosen, onChoose } = props;
  const t = useText<typeof en>();
  const row = useRef<HTMLTableRowElement>(null);
  const stay = { ...booking, guest_name: booking.guest.name };
  const actions = useStayActions(stay, isChosen);
  useEffect(() => {
    if (isChosen) row.current?.scrollIntoView({ block: "nearest" });
  }, [isChosen]);
  const { arrival, departure } = booking;
  const open = (): void => {
    onChoose();
    actions.open();
  };
  const dates = (
    <>
      {dayRange(arrival, departure)}
      <span class={css["quiet"]}>{t("stay.nights", { nights: daysBetween(arrival, departure) })}</span>
    </>
  );
  return (
    <>
      <tr ref={row} class={css["row"]} data-chosen={isChosen}>
        {hasGuest ? (
          <th scope="row" class={css["guest"]}>
            <button type="button" class={css["open"]} onClick={open}>
              {booking.guest.name}
            </button>
          </th>
        ) : null}
        {hasGuest ? (
          <td class={css["stay"]}>{dates}</td>
        ) : (
          <th scope="row" class={css["stay"]}>
            <button type="button" class={css["open"]} onClick={open}>
              {dates}
            </button>
          </th>
        )}
        <td class={css["room"]}>{booking.room_number}</td>
        <td class={css["party"]}>{t("stay.guests", { guests: booking.adults + booking.children })}</td>
        <td class={css["status"]}>
          <StayChip state={stayState(booking, today)} />
        </td>
        <td class={`${css["figure"]} ${css["total"]}`}>{money(booking.total_amount, booking.currency)}</td>
        <td class={css["buttons"]}>
          <RowButtons actions={actions} name={booking.guest.name} />
        </td>
      </tr>
      {actions.act.problem === undefined ? null : (
        <tr>
          <td colSpan={7} class={css["refusal"]}>
            <Refusal
              problem={actions.act.problem}
              onClose={actions.act.clear}
              onMove={actions.move}
              onAcceptDirtyRoom={actions.checkInDirtyRoom}
            />
          </td>
        </tr>
      )}
      {actions.isMoving ? (
        <tr class={css["dialog"]}>
          <td colSpan={7}>
            <MoveDialog stay={stay} onClose={actions.stopMoving} />
          </td>
        </tr>
      ) : null}
    </>
  );
}

/** The button for what comes next, and the others behind `…`. */
function RowButtons(props: {
  readonly actions: ReturnType<typeof useStayActions>;
  readonly name: string;
}): JSX.Element {
  const { actions, name } = props;
  const { can, act } = actions;
  const t = useText<typeof en>();
  const has = actions.isOpen || can("reinstate");
  return (
    <span class={css["buttonList"]}>
      {can("check_in") ? (
        <Button isSmall shortcut="i" isBusy={act.isRunning} onPress={actions.checkIn}>
          {t("list.check_in")}
        </Button>
      ) : null}
      {can("check_out") ? (
        <Button isSmall shortcut="o" isBusy={act.isRunning} onPress={actions.checkOut}>
          {t("list.check_out")}
        </Button>
      ) : null}
      {has ? (
        <More label={t("list.more_for", { guest: name })}>
          {actions.isOpen ? (
            <>
              <Button onPress={actions.extend}>
                {t("list.extend")} <kbd>e</kbd>
              </Button>
              <Button onPress={actions.move}>
                {t("list.move")} <kbd>m</kbd>
              </Button>
            </>
          ) : null}
          {can("no_show") ? (
            <Button onPress={actions.markNoShow}>
              {t("list.no_show")} <kbd>s</kbd>
            </Button>
          ) : null}
          {can("cancel") ? (
            <Button onPress={actions.cancel}>
              {t("list.cancel")} <kbd>x</kbd>
            </Button>
          ) : null}
          {can("reinstate") ? <Button onPress={actions.reinstate}>{t("list.reinstate")}</Button> : null}
        </More>
      ) : null}
    </span>
  );
}
