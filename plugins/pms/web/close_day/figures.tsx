import type { JSX } from "preact";

import { money, useText } from "#web/mod.ts";
import type { PmsApi } from "../../api.ts";
import css from "./close_day.module.css";
import type en from "./locales/en.json";
import { perRoom } from "./per_room.ts";

type DayFigures = Omit<PmsApi["closeDay"]["result"], "closed_at" | "closed_by" | "undo">;

/** The figures of a day. Occupancy and RevPAR are over all rooms, as in the reports. */
export function Figures({ figures }: { readonly figures: DayFigures }): JSX.Element {
  const t = useText<typeof en>();
  const { currency, room_revenue: revenue, no_show_revenue: noShows, sold, rooms } = figures;
  const amount = (value: string | undefined): string => (value === undefined ? "–" : money(value, currency));
  const main = [
    [t("close_day.occupancy"), t("close_day.percent", { share: rooms === 0 ? 0 : sold / rooms })],
    [t("close_day.adr"), amount(perRoom(revenue, sold))],
    [t("close_day.revpar"), amount(perRoom(revenue, rooms))],
    [t("close_day.revenue"), amount(revenue)],
  ] as const;
  const rest = [
    [t("close_day.sold"), t("close_day.sold_of", { sold, rooms })],
    [t("close_day.guests"), String(figures.guests)],
    [t("close_day.arrivals"), String(figures.arrivals)],
    [t("close_day.departures"), String(figures.departures)],
    [t("close_day.no_shows"), String(figures.no_shows)],
    [t("close_day.no_show_revenue"), amount(noShows)],
  ] as const;
  return (
    <>
      <dl class={css["main"]}>
        {main.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <dl class={css["rest"]}>
        {rest.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
