import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { useAddress, useKeys, useText } from "#web/mod.ts";
import type { PmsApi } from "../../api.ts";
import css from "./guests.module.css";
import type en from "./locales/en.json";

type Guest = PmsApi["listGuests"]["result"]["items"][number];

/** A list of guests. The arrows choose a row, and Enter opens the guest's page. */
export function GuestTable(props: { readonly guests: readonly Guest[]; readonly isOld: boolean }): JSX.Element {
  const { guests, isOld } = props;
  const t = useText<typeof en>();
  const { go } = useAddress();
  const [at, setAt] = useState(0);
  const body = useRef<HTMLTableSectionElement>(null);
  const chosen = Math.min(at, guests.length - 1);
  const step = (by: number) => () => setAt(Math.min(Math.max(chosen + by, 0), guests.length - 1));
  const open = (guest: Guest | undefined): void => {
    if (guest !== undefined) go(`/guests/${guest.guest_id}`);
  };
  useKeys([
    { key: "ArrowDown", label: t("guests.down"), run: step(1) },
    { key: "ArrowUp", label: t("guests.up"), run: step(-1) },
    { key: "Enter", label: t("guests.open"), run: () => open(guests[chosen]) },
  ]);
  useEffect(() => body.current?.children[chosen]?.scrollIntoView({ block: "nearest" }), [chosen]);
  return (
    <div class={css["panel"]} aria-busy={isOld}>
      <table class={css["table"]} aria-label={t("guests.title")}>
        <thead>
          <tr>
            <th scope="col">{t("guests.name")}</th>
            <th scope="col">{t("guests.email")}</th>
            <th scope="col">{t("guests.phone")}</th>
            <th scope="col" class={css["figure"]}>
              {t("guests.stays")}
            </th>
            <th scope="col" class={css["figure"]}>
              {t("guests.bookings")}
            </th>
          </tr>
        </thead>
        <tbody ref={body}>
          {guests.map((guest, index) => (
            <tr key={guest.guest_id} class={css["row"]} data-chosen={index === chosen}>
              <th scope="row" class={css["name"]}>
                <a href={`/app/guests/${guest.guest_id}`}>{guest.name}</a>
              </th>
              <td class={css["contact"]}>{guest.email ?? ""}</td>
              <td class={css["contact"]}>{guest.phone ?? ""}</td>
              <td class={css["figure"]}>{guest.stays}</td>
              <td class={css["figure"]}>{guest.bookings}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
