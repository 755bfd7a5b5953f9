import type { JSX } from "preact";

import { announce, Button, day, Icon, instant, me, ProblemNotice, useAction, useApi, useText } from "#web/mod.ts";
import type { ReportingApi } from "../../api.ts";
import type en from "./locales/en.json";
import css from "./reports.module.css";

type Report = ReportingApi["listReports"]["result"]["items"][number];

/** A report with its progress, its download, and a way to cancel or delete it. */
export function ReportRow({ report }: { readonly report: Report }): JSX.Element {
  const t = useText<typeof en>();
  const api = useApi<ReportingApi>();
  const params = { report_id: report.report_id };
  const remove = useAction(async () => {
    await api.deleteReport({ params });
    announce(t("reports.deleted"));
  });
  const { rows_done: done, rows_total: total } = report.progress;
  const isOpen = report.status === "queued" || report.status === "running";
  const zone = me.value?.hotel.time_zone ?? "UTC";
  return (
    <li class={css["row"]}>
      <div class={css["what"]}>
        {/* The API types the kind as any text. Each kind has a text in the locales. */}
        <span class={css["kind"]}>{t(`reports.kind_${report.kind as "bookings"}`)}</span>
        <span class={css["note"]}>{daysText(report.request, t)}</span>
      </div>
      <div class={css["state"]}>
        <span>{t(`reports.status_${report.status}`)}</span>
        {isOpen && total !== null ? (
          <progress
            class={css["progress"]}
            value={done}
            max={Math.max(total, 1)}
            aria-label={t("reports.of_rows", { done, total })}
          />
        ) : null}
        <span class={css["note"]}>
          {isOpen && total !== null ? t("reports.of_rows", { done, total }) : null}
          {report.status === "succeeded" ? t("reports.rows", { rows: done }) : null}
          {report.error}
        </span>
      </div>
      <span class={css["note"]}>
        {t("reports.by", { name: report.created_by, when: instant(report.created_at, zone) })}
      </span>
      <div class={css["actions"]}>
        {report.download_url === null ? null : (
          <a class={css["download"]} href={report.download_url} download={report.file_name}>
            <Icon name="download" /> {t("reports.download")}
          </a>
        )}
        <Button
          kind="quiet"
          isSmall
          icon={isOpen ? "ban" : "trash"}
          label={isOpen ? t("reports.cancel") : t("reports.delete")}
          isBusy={remove.isRunning}
          onPress={remove.run}
        />
      </div>
      {remove.problem === undefined ? null : <ProblemNotice problem={remove.problem} />}
    </li>
  );
}

/** Writes the days of a request. */
function daysText(request: unknown, t: ReturnType<typeof useText<typeof en>>): string {
  // TypeScript gives an object of unknown shape no members.
  const { from, to } = typeof request === "object" && request !== null ? (request as Record<string, unknown>) : {};
  if (typeof from !== "string" || typeof to !== "string") return t("reports.all_days");
  return t("reports.days", { from: day(from), to: day(to) });
}
