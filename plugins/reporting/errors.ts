import { defineProblems, type Problem, problems } from "../../core/mod.ts";

export const reportingProblems = defineProblems({
  REPORT_NOT_READY: { status: 409, title: "The report has no file" },
  REPORT_EXPIRED: { status: 410, title: "The report's file has expired" },
  RANGE_NOT_SATISFIABLE: { status: 416, title: "The requested range is outside of the file" },
  TOO_MANY_REPORTS: { status: 429, title: "Too many reports at once", retryable: true },
  TOO_MANY_SCHEDULES: { status: 409, title: "Too many scheduled reports" },
});

export const noSuchReport = (): Problem => problems.NOT_FOUND("The hotel has no report with this id.");
export const noSuchSchedule = (): Problem => problems.NOT_FOUND("The hotel has no schedule with this id.");
