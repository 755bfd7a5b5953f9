import type { JSX } from "preact";

import {
  Button,
  currentAddress,
  Empty,
  me,
  Page,
  ProblemNotice,
  Skeleton,
  useAddress,
  useApi,
  usePages,
  useText,
} from "#web/mod.ts";
import type { PmsApi } from "../../api.ts";
import { BookingTable } from "../kit/booking_table.tsx";
import css from "./bookings.module.css";
import { BookingFilters } from "./booking_filters.tsx";
import { hasFilters, queryOf, stateOf } from "./filters.ts";
import type en from "./locales/en.json";

/** The bookings of the hotel, narrowed by filters that are in the address. */
export default function BookingsPage(): JSX.Element {
  const t = useText<typeof en>();
  const api = useApi<PmsApi>();
  const { parameters, go } = useAddress();
  const bookings = usePages(api.listBookings, { query: queryOf(parameters) });
  const { items } = bookings;
  const today = me.value?.hotel.business_date ?? "";
  return (
    <Page title={t("bookings.title")}>
      <BookingFilters />
      {bookings.problem === undefined ? null : <ProblemNotice problem={bookings.problem} onRetry={bookings.refresh} />}
      {bookings.isLoading ? <Skeleton rows={8} height={40} /> : null}
      {items === undefined ? null : items.length === 0 ? (
        <div class={css["none"]}>
          <Empty>
            <span>{t(hasFilters(parameters) ? "bookings.none_found" : "bookings.none")}</span>
            {hasFilters(parameters) || stateOf(parameters) !== "coming" ? (
              <Button isSmall onPress={() => go("/bookings", { state: "all" })}>
                {t("bookings.show_all")}
              </Button>
            ) : (
              <Button isSmall icon="plus" shortcut="n" onPress={() => currentAddress().set("new", "booking")}>
                {t("bookings.book")}
              </Button>
            )}
          </Empty>
        </div>
      ) : (
        <BookingTable label={t("bookings.title")} bookings={items} today={today} isOld={bookings.isOld} hasGuests />
      )}
      {bookings.hasMore ? (
        <div>
          <Button isBusy={bookings.isReadingMore} icon="down" onPress={bookings.readMore}>
            {t("bookings.more")}
          </Button>
        </div>
      ) : null}
    </Page>
  );
}
