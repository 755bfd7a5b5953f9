import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { Button, FindField, SelectField, TextField, useAddress, useText } from "#web/mod.ts";
import css from "./bookings.module.css";
import { type DayFilter, hasFilters, stateFilters, stateOf } from "./filters.ts";
import type en from "./locales/en.json";

/** The filters of the list. They are in the address, so a link opens the same list. */
export function BookingFilters(): JSX.Element {
  const t = useText<typeof en>();
  const { parameters, set, go } = useAddress();
  const state = stateOf(parameters);
  const [areDaysShown, setAreDaysShown] = useState(false);
  const day = (name: DayFilter): JSX.Element => (
    <TextField
      label={t(`bookings.${name}`)}
      type="date"
      value={parameters[name] ?? ""}
      onChange={(value) => set(name, value === "" ? undefined : value)}
    />
  );
  return (
    <search class={css["filters"]} aria-label={t("bookings.filters")}>
      <div class={css["find"]}>
        <span class={css["label"]} aria-hidden="true">
          {t("bookings.find_label")}
        </span>
        <FindField
          label={t("bookings.find")}
          value={parameters["q"] ?? ""}
          onFind={(text) => set("q", text === "" ? undefined : text)}
        />
      </div>
      <SelectField
        label={t("bookings.state")}
        value={state}
        options={stateFilters.map((value) => ({ value, label: t(`bookings.state.${value}`) }))}
        onChange={(value) => set("state", value)}
      />
      <div class={css["toggle"]}>
        <Button icon="filter" isExpanded={areDaysShown} onPress={() => setAreDaysShown(!areDaysShown)}>
          {t("bookings.days")}
        </Button>
      </div>
      <div class={css["days"]} data-shown={areDaysShown}>
        {day("from")}
        {day("to")}
        {day("leaves_from")}
        {day("leaves_to")}
      </div>
      {hasFilters(parameters) ? (
        <Button kind="quiet" icon="close" onPress={() => go("/bookings", { state })}>
          {t("bookings.clear")}
        </Button>
      ) : null}
    </search>
  );
}
