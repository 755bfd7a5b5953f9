import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { day, Empty, me, money, Page, Panel, ProblemNotice, SelectField, Skeleton } from "#web/mod.ts";
import { useApi, useRead, useText } from "#web/mod.ts";
import type { PmsApi } from "#plugins/pms/api.ts";
import type { MinibarApi } from "../../api.ts";
import type en from "../locales/en.json";
import { ChargeForm } from "./charge_form.tsx";
import css from "./minibar.module.css";

/** Charges the minibars of one room after the other, and lists what to refill today. */
export default function MinibarPage(): JSX.Element {
  const t = useText<typeof en>();
  return (
    <Page title={t("minibar.nav")}>
      <div class={css["page"]}>
        <ChargeGuest />
        <Refill />
      </div>
    </Page>
  );
}

function ChargeGuest(): JSX.Element {
  const t = useText<typeof en>();
  const api = useApi<PmsApi>();
  const inHouse = useRead(api.listBookings, { query: { status: "in_house", limit: 200 } });
  const [chosen, setChosen] = useState<string>();
  const rooms = (inHouse.body?.items ?? [])
    .map(({ booking_id, room_number, guest }) => ({ value: booking_id, label: `${room_number} · ${guest.name}` }))
    .sort((a, b) => a.label.localeCompare(b.label, undefined, { numeric: true }));
  const bookingId = rooms.some(({ value }) => value === chosen) ? chosen : rooms[0]?.value;
  return (
    <Panel label={t("minibar.charge_guest")}>
      <div class={css["head"]}>
        <h2>{t("minibar.charge_guest")}</h2>
      </div>
      {inHouse.problem === undefined ? null : <ProblemNotice problem={inHouse.problem} onRetry={inHouse.refresh} />}
      {inHouse.isLoading ? <Skeleton rows={2} /> : null}
      {inHouse.body !== undefined && bookingId === undefined ? <Empty>{t("minibar.no_guest")}</Empty> : null}
      {bookingId === undefined ? null : (
        <>
          <div class={css["room"]}>
            <SelectField label={t("minibar.guest")} value={bookingId} options={rooms} onChange={setChosen} />
          </div>
          <ChargeForm bookingId={bookingId} currency={me.value?.hotel.currency ?? ""} />
        </>
      )}
    </Panel>
  );
}

function Refill(): JSX.Element {
  const t = useText<typeof en>();
  const api = useApi<MinibarApi>();
  const list = useRead(api.readMinibarRestockList, {});
  const { body } = list;
  return (
    <Panel label={t("minibar.refill")}>
      <div class={css["head"]}>
        <h2>{t("minibar.refill")}</h2>
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
