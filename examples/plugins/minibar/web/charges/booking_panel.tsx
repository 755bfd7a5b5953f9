import type { JSX } from "preact";

import { Button, money, Panel, ProblemNotice, type Slots, useAction, useApi, useRead, useText } from "#web/mod.ts";
import type { MinibarApi } from "../../api.ts";
import type en from "../locales/en.json";
import { ChargeForm } from "./charge_form.tsx";
import css from "./minibar.module.css";
import { useCharges } from "./use_charges.ts";

type Charges = MinibarApi["listMinibarCharges"]["result"];

/** The minibar of a booking, in its drawer: what was charged, and one more item. */
export default function BookingPanel({ booking }: Slots["pms.booking.panel"]): JSX.Element | null {
  const t = useText<typeof en>();
  const api = useApi<MinibarApi>();
  const isInHouse = booking.status === "in_house";
  const charges = useRead(api.listMinibarCharges, { query: { booking_id: booking.booking_id, limit: 200 } });
  if (!isInHouse && (charges.body?.items.length ?? 0) === 0) return null;
  return (
    <Panel label={t("minibar.nav")}>
      <div class={css["head"]}>
        <h3>{t("minibar.nav")}</h3>
        {charges.body === undefined ? null : (
          <span class={css["sum"]}>{money(charges.body.total_amount, charges.body.currency)}</span>
        )}
      </div>
      {charges.problem === undefined ? null : <ProblemNotice problem={charges.problem} onRetry={charges.refresh} />}
      {charges.body === undefined ? null : <ChargeList charges={charges.body} canTakeBack={isInHouse} />}
      {isInHouse ? <ChargeForm bookingId={booking.booking_id} currency={booking.currency} /> : null}
    </Panel>
  );
}

function ChargeList(props: { readonly charges: Charges; readonly canTakeBack: boolean }): JSX.Element | null {
  const t = useText<typeof en>();
  const { takeBack } = useCharges();
  const back = useAction(takeBack);
  const { items, currency } = props.charges;
  if (items.length === 0) return null;
  return (
    <>
      <ul class={css["charges"]}>
        {items.map((charge) => (
          <li key={charge.charge_id}>
            <span>
              {charge.quantity} × {charge.item}
            </span>
            <span class={css["amount"]}>{money(charge.amount, currency)}</span>
            {props.canTakeBack ? (
              <Button
                isSmall
                kind="quiet"
                icon="undo"
                label={t("minibar.take_back", { item: charge.item })}
                onPress={() => back.run(charge)}
              />
            ) : null}
          </li>
        ))}
      </ul>
      {back.problem === undefined ? null : <ProblemNotice problem={back.problem} />}
    </>
  );
}
