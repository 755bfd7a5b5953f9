import type { JSX } from "preact";

import { Empty, Page, Panel, ProblemNotice, Skeleton, useApi, useRead, useText } from "#web/mod.ts";
import type { ReportingApi } from "../../api.ts";
import { CreateReport } from "./create_report.tsx";
import type en from "./locales/en.json";
import { OccupancyChart } from "./occupancy_chart.tsx";
import { ReportRow } from "./report_row.tsx";
import css from "./reports.module.css";

/** How often an unfinished report is looked at (ms). */
const lookEveryMs = 1_000;

/** Reports: the figures of the closed days, a form for a new file, and the files. */
export default function ReportsPage(): JSX.Element {
  const t = useText<typeof en>();
  const api = useApi<ReportingApi>();
  const first = useRead(api.listReports, { query: { limit: 50 } });
  const isOpen = first.body?.items.some(({ status }) => status === "queued" || status === "running") === true;
  const reports = useRead(api.listReports, { query: { limit: 50 } }, isOpen ? { everyMs: lookEveryMs } : {});
  return (
    <Page title={t("reports.title")}>
      <div class={css["top"]}>
        <OccupancyChart />
        <CreateReport />
      </div>
      {reports.problem === undefined ? null : <ProblemNotice problem={reports.problem} onRetry={reports.refresh} />}
      <Panel label={t("reports.title")}>
        {reports.isLoading ? <Skeleton /> : null}
        {reports.body?.items.length === 0 ? <Empty>{t("reports.none")}</Empty> : null}
        <ul>
          {reports.body?.items.map((report) => (
            <ReportRow key={report.report_id} report={report} />
          ))}
        </ul>
      </Panel>
    </Page>
  );
}
