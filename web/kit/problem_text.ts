import { noAnswer, type Problem } from "../api/problem.ts";
import { textOf } from "../i18n/messages.ts";
import type en from "../i18n/locales/en.json";

const t = textOf<typeof en>("shell");

/** Writes a problem in the user's language. For a code without a text of its own, the server's English says it. */
export function problemText(problem: Problem): string {
  switch (problem.code) {
    case noAnswer:
      return t("problem.no_answer");
    case "RATE_LIMITED":
      return t("problem.rate_limited", { seconds: problem.retryAfter ?? 60 });
    case "SUBSCRIPTION_LAPSED":
      return t("problem.lapsed");
    case "PRECONDITION_FAILED":
      return t("problem.changed_meanwhile");
    case "FORBIDDEN":
      return t("problem.forbidden");
    case "INTERNAL":
    case "SERVICE_UNAVAILABLE":
      return t("problem.server");
    default:
      return problem.message;
  }
}
