import type { JSX } from "preact";
import { useId } from "preact/hooks";

import { money, useText } from "#web/mod.ts";
import type { PmsApi } from "../../api.ts";
import type en from "./locales/en.json";
import css from "./new_booking.module.css";

type Offer = PmsApi["quoteStay"]["result"]["items"][number];

/** The room types with their free rooms and totals, as radio buttons. */
export function TypeChoice(props: {
  readonly offers: readonly Offer[];
  readonly currency: string;
  readonly chosen: string | undefined;
  /** Whether the totals belong to the dates before. */
  readonly isOld: boolean;
  readonly onChoose: (roomTypeId: string) => void;
}): JSX.Element {
  const t = useText<typeof en>();
  const name = useId();
  const { offers, currency, chosen, isOld, onChoose } = props;
  return (
    <div class={css["types"]} aria-busy={isOld}>
      {offers.map((offer) => {
        const isRefused = offer.refused_by.length > 0;
        const [first] = offer.nights;
        return (
          <label key={offer.room_type_id} class={css["type"]} data-refused={isRefused}>
            <input
              type="radio"
              name={name}
              checked={offer.room_type_id === chosen}
              disabled={isRefused}
              onChange={() => onChoose(offer.room_type_id)}
            />
            <span>
              <b>{offer.name}</b>
              <span class={css["note"]}>
                {isRefused ? <Refusal offer={offer} /> : t("new.free", { free: offer.free })}
              </span>
            </span>
            <span class={css["price"]}>
              <b>{money(offer.total_amount, currency)}</b>
              {first === undefined ? null : (
                <span class={css["note"]}>{t("new.per_night", { price: money(first.rate, currency) })}</span>
              )}
            </span>
          </label>
        );
      })}
    </div>
  );
}

function Refusal({ offer }: { readonly offer: Offer }): JSX.Element {
  const t = useText<typeof en>();
  const [reason] = offer.refused_by;
  switch (reason) {
    case "NO_ROOM_FREE":
    case "CLOSED_TO_ARRIVAL":
      return <>{t(`new.refused.${reason}`)}</>;
    case "MINIMUM_STAY":
      return <>{t("new.refused.MINIMUM_STAY", { nights: offer.minimum_stay ?? 1 })}</>;
    case "TOO_MANY_GUESTS":
    case undefined:
      return <>{t("new.refused.other")}</>;
    default:
      return reason satisfies never;
  }
}
