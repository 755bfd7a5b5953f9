import type { JSX } from "preact";

import { instant, me, ProblemNotice, Skeleton, useApi, useRead, useText } from "#web/mod.ts";
import type { PmsApi } from "../../api.ts";
import css from "./booking.module.css";
import type en from "./locales/en.json";

/** The history of a booking, the newest change first. */
export function BookingHistory({ bookingId }: { readonly bookingId: string }): JSX.Element {
  const t = useText<typeof en>();
  const api = useApi<PmsApi>();
  const history = useRead(api.readBookingHistory, { params: { booking_id: bookingId } });
  const zone = me.value?.hotel.time_zone ?? "UTC";
  return (
    <>
      {history.problem === undefined ? null : <ProblemNotice problem={history.problem} onRetry={history.refresh} />}
      {history.isLoading ? <Skeleton /> : null}
      <ol class={css["history"]} aria-label={t("booking.history")}>
        {[...(history.body?.items ?? [])].reverse().map((entry, at) => (
          <li key={`${entry.at} ${at}`}>
            <span class={css["action"]}>{entry.action.replaceAll("_", " ")}</span>
            <span class={css["note"]}>
              {entry.by_user}, {instant(entry.at, zone)}
            </span>
          </li>
        ))}
      </ol>
    </>
  );
}
