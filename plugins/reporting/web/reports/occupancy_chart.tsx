import type { JSX } from "preact";

import { day, Empty, locale, money, Panel, ProblemNotice, Skeleton, useApi, useRead, useText } from "#web/mod.ts";
import type { PmsApi } from "#plugins/pms/api.ts";
import type en from "./locales/en.json";
import css from "./reports.module.css";

type Figures = PmsApi["listDailyFigures"]["result"]["items"][number];

/** Days in the chart. */
const days = 30;
const height = 120;

/** Occupancy of the last closed days as bars, with their average rate and revenue per room. */
export function OccupancyChart(): JSX.Element {
  const t = useText<typeof en>();
  const api = useApi<PmsApi>();
  const figures = useRead(api.listDailyFigures, { query: { limit: days } });
  const closed = [...(figures.body?.items ?? [])].reverse();
  return (
    <Panel label={t("reports.chart")}>
      <div class={css["chart"]}>
        <h2>{t("reports.chart")}</h2>
        {figures.problem === undefined ? null : <ProblemNotice problem={figures.problem} onRetry={figures.refresh} />}
        {figures.isLoading ? <Skeleton rows={1} height={height} /> : null}
        {figures.body?.items.length === 0 ? <Empty>{t("reports.chart_none")}</Empty> : null}
        {closed.length === 0 ? null : (
          <>
            <Totals closed={closed} />
            <Bars closed={closed} />
          </>
        )}
      </div>
    </Panel>
  );
}

const shareOf = ({ sold, rooms }: Figures): number => (rooms === 0 ? 0 : sold / rooms);

function percent(share: number): string {
  return new Intl.NumberFormat(locale.value, { style: "percent", maximumFractionDigits: 0 }).format(share);
}

function Bars({ closed }: { readonly closed: readonly Figures[] }): JSX.Element {
  const t = useText<typeof en>();
  const step = 100 / closed.length;
  const first = closed[0];
  const last = closed.at(-1);
  return (
    <figure>
      <svg
        class={css["bars"]}
        viewBox={`0 0 100 ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={t("reports.chart")}
      >
        {[0.25, 0.5, 0.75, 1].map((share) => (
          <line key={share} class={css["rule"]} x1="0" x2="100" y1={height * (1 - share)} y2={height * (1 - share)} />
        ))}
        {closed.map((figures, at) => {
          const tall = Math.min(shareOf(figures), 1) * height;
          const { business_date: date, sold, rooms } = figures;
          return (
            <rect
              key={date}
              class={css["bar"]}
              x={(at + 0.15) * step}
              width={step * 0.7}
              y={height - tall}
              height={tall}
            >
              <title>
                {t("reports.chart_bar", { day: day(date, "weekday"), percent: percent(shareOf(figures)), sold, rooms })}
              </title>
            </rect>
          );
        })}
      </svg>
      <figcaption class={css["axis"]}>
        <span>{first === undefined ? null : day(first.business_date)}</span>
        <span>{last === undefined ? null : day(last.business_date)}</span>
      </figcaption>
    </figure>
  );
}

/** Sums over the shown days. Amounts become numbers here alone, for an average that is rounded anyway. */
function Totals({ closed }: { readonly closed: readonly Figures[] }): JSX.Element {
  const t = useText<typeof en>();
  const sum = (value: (figures: Figures) => number): number => closed.reduce((total, one) => total + value(one), 0);
  const sold = sum((one) => one.sold);
  const rooms = sum((one) => one.rooms);
  const revenue = sum((one) => Number(one.room_revenue));
  const currency = closed.at(-1)?.currency ?? "EUR";
  const average = (by: number): string => (by === 0 ? "–" : money((revenue / by).toFixed(2), currency));
  return (
    <dl class={css["totals"]} aria-label={t("reports.last_days", { days: closed.length })}>
      <div>
        <dt>{t("reports.occupancy")}</dt>
        <dd>{rooms === 0 ? "–" : percent(sold / rooms)}</dd>
      </div>
      <div>
        <dt>{t("reports.adr")}</dt>
        <dd>{average(sold)}</dd>
      </div>
      <div>
        <dt>{t("reports.revpar")}</dt>
        <dd>{average(rooms)}</dd>
      </div>
    </dl>
  );
}
