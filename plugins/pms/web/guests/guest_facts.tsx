import type { JSX } from "preact";

import { me, money, useText } from "#web/mod.ts";
import type { Guest } from "./guest.ts";
import css from "./guests.module.css";
import type en from "./locales/en.json";

/** The contact of a guest, and what the hotel has had from the guest. */
export function GuestFacts({ guest }: { readonly guest: Guest }): JSX.Element {
  const t = useText<typeof en>();
  const { email, phone, other_contacts: others } = guest;
  return (
    <dl class={css["facts"]}>
      <div>
        <dt>{t("guests.email")}</dt>
        <dd>{email === null ? "–" : <a href={`mailto:${email}`}>{email}</a>}</dd>
      </div>
      <div>
        <dt>{t("guests.phone")}</dt>
        <dd>{phone === null ? "–" : <a href={`tel:${phone}`}>{phone}</a>}</dd>
      </div>
      <div>
        <dt>{t("guests.stays")}</dt>
        <dd>{t("guests.stays_of", { stays: guest.stays, bookings: guest.bookings })}</dd>
      </div>
      <div>
        <dt>{t("guests.total")}</dt>
        <dd>{money(guest.stays_amount, me.value?.hotel.currency ?? "EUR")}</dd>
      </div>
      {others.length === 0 ? null : (
        <div>
          <dt>{t("guests.others")}</dt>
          {others.map((other) => (
            <dd key={`${other.name} ${other.email ?? ""} ${other.phone ?? ""}`}>
              {[other.name, other.email, other.phone].filter((part) => part !== null).join(", ")}
            </dd>
          ))}
        </div>
      )}
    </dl>
  );
}
