import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { day, me, Notice, Page, ProblemNotice, Skeleton, useText } from "#web/mod.ts";
import type { PmsApi } from "../../api.ts";
import { Checklist } from "./checklist.tsx";
import { ClosedDay } from "./closed_day.tsx";
import type en from "./locales/en.json";
import { usePreview } from "./use_preview.ts";

/** Checks the business date, closes it, and shows its figures. */
export default function CloseDayPage(): JSX.Element {
  const t = useText<typeof en>();
  const [closed, setClosed] = useState<PmsApi["closeDay"]["result"]>();
  const { preview, check } = usePreview(closed === undefined);
  // The day that the page showed first. Another desk can close it meanwhile.
  const [opened] = useState(() => me.value?.hotel.business_date);
  if (closed !== undefined) return <ClosedDay figures={closed} />;
  const today = preview?.business_date;
  return (
    <Page title={today === undefined ? t("close_day.title") : t("close_day.title_of", { day: day(today, "weekday") })}>
      {today !== undefined && opened !== undefined && today > opened ? (
        <Notice tone="careful">{t("close_day.closed_meanwhile", { day: day(opened), next: day(today) })}</Notice>
      ) : null}
      {check.problem === undefined ? null : check.problem.code === "WRONG_DAY" ? (
        <Notice tone="careful">{t("close_day.not_begun")}</Notice>
      ) : check.problem.code === "FORBIDDEN" ? (
        <Notice tone="careful">{t("close_day.managers_only")}</Notice>
      ) : (
        <ProblemNotice problem={check.problem} onRetry={check.run} />
      )}
      {preview !== undefined && check.problem === undefined ? (
        <Checklist preview={preview} check={check} onClosed={setClosed} />
      ) : check.problem === undefined ? (
        <Skeleton rows={8} />
      ) : null}
    </Page>
  );
}
