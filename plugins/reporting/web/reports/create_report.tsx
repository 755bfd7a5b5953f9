import type { JSX } from "preact";
import { useState } from "preact/hooks";

import {
  addDays,
  announce,
  Button,
  CheckField,
  me,
  Panel,
  ProblemNotice,
  SelectField,
  TextField,
  useAction,
  useApi,
  useText,
} from "#web/mod.ts";
import type { ReportingApi } from "../../api.ts";
import type en from "./locales/en.json";
import css from "./reports.module.css";

const kinds = ["bookings", "arrivals", "occupancy", "revenue"] as const;
type Kind = (typeof kinds)[number];

/** A form for a new report. */
export function CreateReport(): JSX.Element {
  const t = useText<typeof en>();
  const api = useApi<ReportingApi>();
  const today = me.value?.hotel.business_date ?? "";
  const [kind, setKind] = useState<Kind>("bookings");
  const [from, setFrom] = useState(addDays(today, -30));
  const [to, setTo] = useState(today);
  const [forExcel, setForExcel] = useState(true);
  const calls = {
    bookings: api.createBookingsReport,
    arrivals: api.createArrivalsReport,
    occupancy: api.createOccupancyReport,
    revenue: api.createRevenueReport,
  };
  const create = useAction(async () => {
    const form = forExcel ? { for: "spreadsheet" as const } : {};
    const { body: report } = await calls[kind]({ body: { from, to, ...form } });
    announce(t("reports.created"), () => api.deleteReport({ params: { report_id: report.report_id } }));
  });
  return (
    <Panel label={t("reports.new")}>
      <form
        class={css["form"]}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void create.run();
        }}
      >
        <h2>{t("reports.new")}</h2>
        {create.problem === undefined ? null : <ProblemNotice problem={create.problem} />}
        <SelectField
          label={t("reports.kind")}
          value={kind}
          options={kinds.map((value) => ({ value, label: t(`reports.kind_${value}`) }))}
          onChange={setKind}
        />
        <div class={css["pair"]}>
          <TextField label={t("reports.from")} type="date" value={from} onChange={setFrom} />
          <TextField label={t("reports.to")} type="date" value={to} onChange={setTo} />
        </div>
        <CheckField label={t("reports.for_excel")} isOn={forExcel} onChange={setForExcel} />
        <Button kind="primary" isSubmit isBusy={create.isRunning}>
          {t("reports.create")}
        </Button>
      </form>
    </Panel>
  );
}
