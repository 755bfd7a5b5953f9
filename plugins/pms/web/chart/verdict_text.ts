import { dayRange, type Text } from "#web/mod.ts";
import type en from "./locales/en.json";
import type { Verdict } from "./verdict.ts";

/** Says a verdict in a few words, for the target row and for a refusal. */
export function verdictText(t: Text<typeof en>, verdict: Verdict): string {
  switch (verdict.is) {
    case "taken":
      return t("chart.taken", { guest: verdict.by.guest_name, days: dayRange(verdict.by.from, verdict.by.to) });
    case "closed":
      return t("chart.closed", { days: dayRange(verdict.span.from, verdict.span.to) });
    case "same":
      return "";
    case "free":
    case "too_small":
    case "locked":
    case "over":
    case "out_of_order":
      return t(`chart.${verdict.is}`);
    default:
      return verdict satisfies never;
  }
}
