import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { addDays, Button, day, instant, me, Notice, Page, useAddress, useText } from "#web/mod.ts";
import type { PmsApi } from "../../api.ts";
import css from "./close_day.module.css";
import { Figures } from "./figures.tsx";
import type en from "./locales/en.json";

/** The figures of the closed day, and the way to the next one. */
export function ClosedDay(props: { readonly figures: PmsApi["closeDay"]["result"] }): JSX.Element {
  const { figures } = props;
  const t = useText<typeof en>();
  const { go } = useAddress();
  const next = addDays(figures.business_date, 1);
  const button = useRef<HTMLDivElement>(null);
  useEffect(() => button.current?.querySelector("button")?.focus(), []);
  const person = figures.closed_by;
  const time = instant(figures.closed_at, me.value?.hotel.time_zone ?? "UTC");
  return (
    <Page title={t("close_day.is_closed", { day: day(figures.business_date, "weekday") })}>
      {person === me.value?.username ? null : (
        <Notice tone="careful">{t("close_day.closed_by_other", { person, time })}</Notice>
      )}
      <section class={css["box"]} aria-label={t("close_day.figures")}>
        <h2>{t("close_day.figures")}</h2>
        <Figures figures={figures} />
        <p class={css["facts"]}>{t("close_day.by", { person, time })}</p>
        <div ref={button}>
          <Button kind="primary" class={css["close"]} icon="sun" onPress={() => go("/today")}>
            {t("close_day.start", { day: day(next, "weekday") })}
          </Button>
        </div>
      </section>
    </Page>
  );
}
