import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";

import {
  addDays,
  Button,
  dayRange,
  Empty,
  me,
  Page,
  ProblemNotice,
  Skeleton,
  useApi,
  useKeys,
  useText,
} from "#web/mod.ts";
import type { PmsApi } from "../../api.ts";
import { ChangeForm, type SelectedDay } from "./change_form.tsx";
import type en from "./locales/en.json";
import css from "./rates.module.css";
import { RatesGrid } from "./rates_grid.tsx";
import { isSelected, type Selection } from "./selection.ts";
import { useRates } from "./use_rates.ts";

/** The days that the page shows. */
const shownDays = 28;

/** The rates calendar: a manager changes prices and restrictions of a range, and others read them. */
export default function RatesPage(): JSX.Element {
  const t = useText<typeof en>();
  const api = useApi<PmsApi>();
  const today = me.value?.hotel.business_date ?? "";
  const [start, setStart] = useState<string>();
  const from = start ?? today;
  const rates = useRates(from, shownDays);
  const [selection, setSelection] = useState<Selection>({ start: { row: 0, column: 0 }, end: { row: 0, column: 0 } });
  const priceField = useRef<HTMLInputElement>(null);
  const shift = (days: number) => (): void => setStart(addDays(from, days));
  const goToday = (): void => setStart(undefined);
  useKeys([
    { key: "[", label: t("rates.earlier"), run: shift(-7) },
    { key: "]", label: t("rates.later"), run: shift(7) },
    { key: "t", label: t("rates.today"), run: goToday },
  ]);
  const canChange = api.setRates.isFor(me.value?.role ?? "");
  const days = rates.types.flatMap((type, row) =>
    type.days.flatMap((facts, column): SelectedDay[] => {
      if (!isSelected(selection, { row, column })) return [];
      const own = rates.own.find((one) => one.room_type_id === type.room_type_id && one.date === facts.date);
      return [{ type, facts, own }];
    }),
  );
  return (
    <Page
      title={t("rates.title")}
      actions={
        <span class={css["range"]}>
          <Button isSmall icon="left" label={t("rates.earlier")} shortcut="[" onPress={shift(-7)} />
          <Button isSmall shortcut="t" onPress={goToday}>
            {t("rates.today")}
          </Button>
          <Button isSmall icon="right" label={t("rates.later")} shortcut="]" onPress={shift(7)} />
          <span>{dayRange(from, addDays(from, shownDays - 1))}</span>
        </span>
      }
    >
      {rates.problem === undefined ? null : <ProblemNotice problem={rates.problem} onRetry={rates.refresh} />}
      {rates.isLoading ? <Skeleton rows={6} height={52} /> : null}
      {rates.types.length === 0 && !rates.isLoading && rates.problem === undefined ? (
        <Empty>{t("rates.empty")}</Empty>
      ) : null}
      {rates.types.length === 0 ? null : (
        <>
          <RatesGrid
            types={rates.types}
            currency={rates.currency}
            today={today}
            selection={selection}
            onSelect={setSelection}
            onEdit={() => priceField.current?.focus()}
          />
          <p class={css["legend"]}>{t("rates.legend")}</p>
          {canChange && !rates.isOld ? (
            <ChangeForm days={days} currency={rates.currency} priceField={priceField} />
          ) : null}
        </>
      )}
    </Page>
  );
}
