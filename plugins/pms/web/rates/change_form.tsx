import type { JSX, Ref } from "preact";
import { useState } from "preact/hooks";

import {
  announce,
  Button,
  day,
  dayRange,
  money,
  ProblemNotice,
  SelectField,
  TextField,
  useAction,
  useApi,
  useText,
} from "#web/mod.ts";
import type { PmsApi } from "../../api.ts";
import { applyChange, type PriceChange, readPriceChange } from "./adjust.ts";
import type en from "./locales/en.json";
import css from "./rates.module.css";
import type { CalendarDay, CalendarType, DayRate } from "./use_rates.ts";

/** A day of a room type that is selected. */
export interface SelectedDay {
  readonly type: CalendarType;
  readonly facts: CalendarDay;
  /** The row of the day. Undefined if the day has the price of its room type and no restriction. */
  readonly own: DayRate | undefined;
}

/** Changes the selected days: price, minimum stay, arrivals. It shows the prices before they are saved. */
export function ChangeForm(props: {
  readonly days: readonly SelectedDay[];
  readonly currency: string;
  readonly priceField: Ref<HTMLInputElement>;
}): JSX.Element {
  const t = useText<typeof en>();
  const api = useApi<PmsApi>();
  const { days, currency, priceField } = props;
  const decimals =
    new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;
  const [price, setPrice] = useState("");
  const [stay, setStay] = useState("");
  const [arrivals, setArrivals] = useState<"same" | "open" | "closed">("same");
  const change = readPriceChange(price, decimals);
  const changed = days.map((one) => changedDay(one, { change, stay, arrivals, decimals }));
  const isBelowZero = changed.includes(undefined);
  const fault =
    price !== "" && change === undefined ? t("rates.price_fault") : isBelowZero ? t("rates.below_zero") : undefined;
  const isChange = change !== undefined || stay !== "" || arrivals !== "same";
  const [first] = days;
  const last = days.at(-1);
  const save = useAction(async () => {
    if (!isChange || fault !== undefined) return;
    const done = await api.setRates({ body: { days: changed.flatMap((one) => one ?? []) } });
    announce(t("rates.saved", { days: days.length }), done.body.undo);
    setPrice("");
    setStay("");
    setArrivals("same");
  });
  if (first === undefined || last === undefined) return <></>;
  const types = new Set(days.map(({ type }) => type.name));
  return (
    <form
      class={css["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        void save.run();
      }}
    >
      <p class={css["chosen"]}>
        <b>{[...types].join(", ")}</b> · {dayRange(first.facts.date, last.facts.date)} ·{" "}
        {t("rates.days", { days: days.length })}
      </p>
      <div class={css["fields"]}>
        <TextField
          label={t("rates.price")}
          hint={t("rates.price_hint")}
          fault={fault}
          value={price}
          onChange={setPrice}
          inputRef={priceField}
        />
        <TextField label={t("rates.stay")} type="number" min={1} max={366} value={stay} onChange={setStay} />
        <SelectField
          label={t("rates.arrivals")}
          value={arrivals}
          onChange={setArrivals}
          options={[
            { value: "same", label: t("rates.same") },
            { value: "open", label: t("rates.open") },
            { value: "closed", label: t("rates.closed") },
          ]}
        />
        <Button kind="primary" isSubmit isBusy={save.isRunning} blockedBy={isChange ? fault : t("rates.no_change")}>
          {t("rates.save")}
        </Button>
      </div>
      {change === undefined || fault !== undefined ? null : (
        <ul class={css["preview"]} aria-label={t("rates.preview")}>
          {days.slice(0, 7).map(({ type, facts }, index) => (
            <li key={`${type.room_type_id} ${facts.date}`}>
              {types.size > 1 ? `${type.name}, ` : ""}
              {day(facts.date, "weekday")}: <s>{money(facts.rate, currency)}</s>{" "}
              <b>{money(changed[index]?.rate ?? facts.rate, currency)}</b>
            </li>
          ))}
          {days.length > 7 ? <li>{t("rates.more", { days: days.length - 7 })}</li> : null}
        </ul>
      )}
      {save.problem === undefined ? null : <ProblemNotice problem={save.problem} />}
    </form>
  );
}

interface Change {
  readonly change: PriceChange | undefined;
  /** The typed minimum stay. Empty: it does not change. */
  readonly stay: string;
  readonly arrivals: "same" | "open" | "closed";
  readonly decimals: number;
}

/** Makes the exact values of a day. Undefined if the price would be below zero. */
function changedDay(
  { type, facts, own }: SelectedDay,
  { change, stay, arrivals, decimals }: Change,
): DayRate | undefined {
  const rate = change === undefined ? (own?.rate ?? null) : applyChange(facts.rate, change, decimals);
  if (rate === undefined) return undefined;
  return {
    room_type_id: type.room_type_id,
    date: facts.date,
    rate,
    minimum_stay: stay === "" ? facts.minimum_stay : Number(stay) === 1 ? null : Number(stay),
    closed_to_arrival: arrivals === "same" ? facts.closed_to_arrival : arrivals === "closed",
  };
}
