import type { JSX } from "preact";

import { day, Empty, money, Panel, ProblemNotice, Skeleton, useApi, useRead, useText } from "#web/mod.ts";
import type { MinibarApi } from "../../api.ts";
import type en from "../locales/en.json";
import css from "./minibar.module.css";

/** Lists the items that guests took on a business day. Default: today. */
export function Refill(props: { readonly title: string; readonly businessDate?: string }): JSX.Element {
  const t = useText<typeof en>();
  const api = useApi<MinibarApi>();
  const list = useRead(api.readMinibarRestockList, { query: { day: props.businessDate } });
  const { body } = list;
  return (
    <Panel label={props.title}>
      <div class={css["head"]}>
        <h2>{props.title}</h2>
        {body === undefined ? null : <span class={css["day"]}>{day(body.day, "weekday")}</span>}
      </div>
      {list.problem === undefined ? null : <ProblemNotice problem={list.problem} onRetry={list.refresh} />}
      {list.isLoading ? <Skeleton rows={4} /> : null}
      {body?.items.length === 0 ? <Empty>{t("minibar.nothing_to_refill")}</Empty> : null}
      <ul class={css["charges"]}>
        {(body?.items ?? []).map(({ item, quantity, amount, currency }) => (
          <li key={item}>
            <span>
              {quantity} × {item}
            </span>
            <span class={css["amount"]}>{money(amount, currency)}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
