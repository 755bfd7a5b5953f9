import type { JSX } from "preact";

import { day, me, Notice, useText } from "#web/mod.ts";
import type en from "./locales/en.json";
import css from "./subscription.module.css";

/** Says on every page that the subscription has lapsed. */
export default function Banner(): JSX.Element | null {
  const t = useText<typeof en>();
  const hotel = me.value?.hotel;
  if (hotel === undefined || hotel.subscription_valid) return null;
  return (
    <div class={css["banner"]}>
      <Notice tone="careful" actions={<a href="/app/billing">{t("billing.title")}</a>}>
        {t("billing.banner_lapsed")} {t("billing.valid_to")}: {day(hotel.valid_to.slice(0, 10))}
      </Notice>
    </div>
  );
}
