import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { Empty, me, Page, Panel, ProblemNotice, SelectField, Skeleton, useApi, useRead, useText } from "#web/mod.ts";
import type { PmsApi } from "#plugins/pms/api.ts";
import type en from "../locales/en.json";
import { ChargeForm } from "./charge_form.tsx";
import css from "./minibar.module.css";
import { Refill } from "./refill.tsx";

/** Charges the minibars of one room after the other, and lists what to refill today. */
export default function MinibarPage(): JSX.Element {
  const t = useText<typeof en>();
  return (
    <Page title={t("minibar.nav")}>
      <div class={css["page"]}>
        <ChargeGuest />
        <Refill title={t("minibar.refill")} />
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
