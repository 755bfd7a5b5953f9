import type { JSX } from "preact";

import { addDays, Button, dayRange, useText } from "#web/mod.ts";
import css from "./chart.module.css";
import type en from "./locales/en.json";

/** The numbers of days that the chart can show. */
export const zooms: readonly number[] = [7, 14, 30, 60, 90];

/** The heading of the chart, and the buttons for its days. */
export function ChartHead(props: {
  readonly from: string;
  readonly days: number;
  readonly isList: boolean;
  readonly onEarlier: () => void;
  readonly onToday: () => void;
  readonly onLater: () => void;
  readonly onZoom: (days: number) => void;
  readonly onToggle: () => void;
}): JSX.Element {
  const t = useText<typeof en>();
  const { from, days, isList } = props;
  return (
    <div class={css["head"]}>
      <h1>{t("chart.title")}</h1>
      <span class={css["dates"]}>{dayRange(from, addDays(from, days - 1))}</span>
      <span class={css["group"]}>
        <Button isSmall icon="left" label={t("chart.earlier")} shortcut="[" onPress={props.onEarlier} />
        <Button isSmall shortcut="t" onPress={props.onToday}>
          {t("chart.today")}
        </Button>
        <Button isSmall icon="right" label={t("chart.later")} shortcut="]" onPress={props.onLater} />
      </span>
      <span class={`${css["group"]} ${css["zoom"]}`} role="group" aria-label={t("chart.days")}>
        {zooms.map((zoom) => (
          <Button
            key={zoom}
            isSmall
            kind={zoom === days ? "plain" : "quiet"}
            isPressed={zoom === days}
            label={t("chart.day_count", { days: zoom })}
            onPress={() => props.onZoom(zoom)}
          >
            {zoom}
          </Button>
        ))}
        <span aria-hidden="true">{t("chart.days_unit")}</span>
      </span>
      <Button isSmall shortcut="v" onPress={props.onToggle}>
        {isList ? t("chart.grid") : t("chart.list")}
      </Button>
    </div>
  );
}
