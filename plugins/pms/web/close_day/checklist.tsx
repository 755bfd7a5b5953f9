import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import {
  type Action,
  announce,
  Button,
  day,
  forgetWaysBack,
  instant,
  me,
  money,
  Notice,
  ProblemNotice,
  readSession,
  Slot,
  useAction,
  useApi,
  useText,
} from "#web/mod.ts";
import type { PmsApi } from "../../api.ts";
import css from "./close_day.module.css";
import { DueList } from "./due_list.tsx";
import { Figures } from "./figures.tsx";
import type en from "./locales/en.json";
import type { Preview } from "./use_preview.ts";

/** All that the close does, each with its remedy, and the button that closes. */
export function Checklist(props: {
  readonly preview: Preview;
  readonly check: Action<[]>;
  readonly onClosed: (figures: PmsApi["closeDay"]["result"]) => void;
}): JSX.Element {
  const { preview, check, onClosed } = props;
  const t = useText<typeof en>();
  const api = useApi<PmsApi>();
  const isEarly = preview.closable_from !== null;
  const today = preview.business_date;
  const close = useAction(async () => {
    const { body } = await api.closeDay({ body: { business_date: today, early: isEarly } });
    // A change of a closed day can't be taken back.
    forgetWaysBack();
    announce(t("close_day.closed", { day: day(today) }));
    onClosed(body);
    await readSession();
  });
  const { currency } = preview.figures;
  const button = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // Enter closes the day at once, unless the day is not over.
    if (!isEarly) button.current?.querySelector("button")?.focus({ preventScroll: true });
  }, []);
  const zone = me.value?.hotel.time_zone ?? "UTC";
  return (
    <div class={css["columns"]}>
      <div class={css["column"]}>
        <DueList
          title={t("close_day.not_arrived")}
          empty={t("close_day.all_arrived")}
          entries={preview.no_shows.map((entry) => ({ ...entry, isHere: false }))}
          effectOf={({ charge }) => t("close_day.no_show_costs", { amount: money(charge ?? "0", currency) })}
        />
        <DueList
          title={t("close_day.not_left")}
          empty={t("close_day.all_left")}
          entries={[...preview.overstays, ...preview.overdue].map((entry) => ({ ...entry, isHere: true }))}
          effectOf={({ charge }) =>
            charge === undefined
              ? t("close_day.stays_overdue")
              : t("close_day.gets_night", { amount: money(charge, currency) })
          }
        />
        <Slot name="pms.close_day.check" props={{ businessDate: today }} />
      </div>
      <div class={css["column"]}>
        <section class={css["box"]} aria-label={t("close_day.expected")}>
          <h2>{t("close_day.expected")}</h2>
          <Figures figures={preview.figures} />
          {close.problem === undefined ? null : <ProblemNotice problem={close.problem} onRetry={check.run} />}
          {isEarly ? (
            <Notice tone="careful">{t("close_day.early", { time: instant(preview.closable_from ?? "", zone) })}</Notice>
          ) : null}
          <p class={css["warning"]}>{t("close_day.no_undo")}</p>
          <div
            ref={button}
            onKeyDown={(event) => {
              // The Enter that opened the page must not close the day while it is held down.
              if (event.repeat) event.preventDefault();
            }}
          >
            <Button
              class={css["close"]}
              kind={isEarly ? "danger" : "primary"}
              icon="close_day"
              isBusy={close.isRunning}
              blockedBy={check.isRunning ? t("close_day.checking") : undefined}
              onPress={() => close.run()}
            >
              {t(isEarly ? "close_day.close_early" : "close_day.close", { day: day(today) })}
            </Button>
          </div>
        </section>
      </div>
    </div>
  );
}
