import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { useKeys, useText } from "#web/mod.ts";
import type { Booking } from "./booking.ts";
import { BookingRow } from "./booking_row.tsx";
import css from "./booking_table.module.css";
import type en from "./locales/en.json";

/** A list of bookings. The arrows choose a row, and keys act on it. */
export function BookingTable(props: {
  readonly label: string;
  readonly bookings: readonly Booking[];
  readonly today: string;
  /** Whether the rows belong to an earlier question. */
  readonly isOld?: boolean;
  /** Whether the rows show their guests. A guest's own page does not need them. */
  readonly hasGuests?: boolean;
}): JSX.Element {
  const { label, bookings, today, isOld = false, hasGuests = false } = props;
  const t = useText<typeof en>();
  const [chosen, setChosen] = useState<string>();
  const at = Math.max(
    bookings.findIndex(({ booking_id: id }) => id === chosen),
    0,
  );
  const step = (by: number) => () =>
    setChosen(bookings[Math.min(Math.max(at + by, 0), bookings.length - 1)]?.booking_id);
  useKeys([
    { key: "ArrowDown", label: t("list.down"), run: step(chosen === undefined ? 0 : 1) },
    { key: "ArrowUp", label: t("list.up"), run: step(-1) },
  ]);
  return (
    <div class={css["frame"]} aria-busy={isOld}>
      <table class={css["table"]} aria-label={label}>
        <thead>
          <tr>
            {hasGuests ? <th scope="col">{t("list.guest")}</th> : null}
            <th scope="col">{t("list.stay")}</th>
            <th scope="col">{t("list.room")}</th>
            <th scope="col">{t("list.party")}</th>
            <th scope="col">{t("list.status")}</th>
            <th scope="col" class={css["figure"]}>
              {t("list.total")}
            </th>
            <th scope="col">
              <span class="visually-hidden">{t("list.actions")}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {bookings.map((booking, index) => (
            <BookingRow
              key={booking.booking_id}
              booking={booking}
              today={today}
              hasGuest={hasGuests}
              isChosen={index === at}
              onChoose={() => setChosen(booking.booking_id)}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}
