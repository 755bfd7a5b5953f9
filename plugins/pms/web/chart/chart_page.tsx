import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { addDays, Empty, me, ProblemNotice, Skeleton, useKeys, useText } from "#web/mod.ts";
import css from "./chart.module.css";
import { ChartFoot } from "./chart_foot.tsx";
import { ChartHead, zooms } from "./chart_head.tsx";
import { ChartList } from "./chart_list.tsx";
import { ChartGrid } from "./grid/chart_grid.tsx";
import type en from "./locales/en.json";
import { useChart } from "./use_chart.ts";
import { usePlanner } from "./use_planner.ts";

const phone = "(max-width: 640px)";

/** The tape chart: rooms by type, days from yesterday. */
export default function ChartPage(): JSX.Element {
  const t = useText<typeof en>();
  const today = me.value?.hotel.business_date ?? "";
  const yesterday = addDays(today, -1);
  const [start, setFrom] = useState<string>();
  const from = start ?? yesterday;
  const [days, setDays] = useState<number>(matchMedia(phone).matches ? 7 : 14);
  const [isList, setIsList] = useState(matchMedia(phone).matches);
  const chart = useChart(from, days);
  const planner = usePlanner(chart.rows, today);

  const zoomBy = (step: number): void => {
    const next = zooms[zooms.findIndex((zoom) => zoom === days) + step];
    if (next !== undefined) setDays(next);
  };
  const shift = (by: number) => (): void => setFrom(addDays(from, by));
  const goToday = (): void => setFrom(undefined);
  const toggle = (): void => setIsList(!isList);
  useKeys([
    { key: "[", label: t("chart.earlier"), run: shift(-7) },
    { key: "]", label: t("chart.later"), run: shift(7) },
    { key: "t", label: t("chart.today"), run: goToday },
    { key: "v", label: isList ? t("chart.grid") : t("chart.list"), run: toggle },
    { key: "-", label: t("chart.more_days"), run: () => zoomBy(1) },
    { key: "+", label: t("chart.fewer_days"), run: () => zoomBy(-1) },
    { key: "Shift++", label: t("chart.fewer_days"), run: () => zoomBy(-1) },
  ]);
  return (
    <div class={css["page"]}>
      <ChartHead
        from={from}
        days={days}
        isList={isList}
        onEarlier={shift(-7)}
        onToday={goToday}
        onLater={shift(7)}
        onZoom={setDays}
        onToggle={toggle}
      />
      {chart.problem === undefined ? null : (
        <div class={css["problem"]}>
          <ProblemNotice problem={chart.problem} onRetry={chart.refresh} />
        </div>
      )}
      {chart.isLoading ? (
        <Skeleton rows={12} />
      ) : chart.rows.length === 0 ? (
        <Empty>{t("chart.empty")}</Empty>
      ) : isList ? (
        <ChartList chart={chart} today={today} onOpen={planner.open} />
      ) : (
        <ChartGrid chart={chart} first={from} days={days} today={today} planner={planner} />
      )}
      <ChartFoot planner={planner} today={today} />
    </div>
  );
}
