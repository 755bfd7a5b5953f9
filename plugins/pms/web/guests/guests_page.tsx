import type { JSX } from "preact";

import {
  Button,
  currentAddress,
  Empty,
  FindField,
  Page,
  ProblemNotice,
  Skeleton,
  useAddress,
  useApi,
  usePages,
  useText,
} from "#web/mod.ts";
import type { PmsApi } from "../../api.ts";
import { GuestTable } from "./guest_table.tsx";
import css from "./guests.module.css";
import type en from "./locales/en.json";

/** The guests of the hotel, found by a part of their name, e-mail address or phone number. */
export default function GuestsPage(): JSX.Element {
  const t = useText<typeof en>();
  const api = useApi<PmsApi>();
  const { parameters, set } = useAddress();
  const { q } = parameters;
  const guests = usePages(api.listGuests, { query: q === undefined ? {} : { query: q } });
  return (
    <Page title={t("guests.title")}>
      <search class={css["find"]} aria-label={t("guests.title")}>
        <FindField
          label={t("guests.find")}
          value={q ?? ""}
          onFind={(text) => set("q", text === "" ? undefined : text)}
        />
      </search>
      {guests.problem === undefined ? null : <ProblemNotice problem={guests.problem} onRetry={guests.refresh} />}
      {guests.isLoading ? <Skeleton rows={8} height={40} /> : null}
      {guests.items === undefined ? null : guests.items.length === 0 ? (
        <div class={css["panel"]}>
          <Empty>
            <span>{t(q === undefined ? "guests.none" : "guests.none_found")}</span>
            <Button isSmall icon="plus" shortcut="n" onPress={() => currentAddress().set("new", "booking")}>
              {t("guests.book")}
            </Button>
          </Empty>
        </div>
      ) : (
        <GuestTable guests={guests.items} isOld={guests.isOld} />
      )}
      {guests.hasMore ? (
        <div>
          <Button isBusy={guests.isReadingMore} icon="down" onPress={guests.readMore}>
            {t("guests.more")}
          </Button>
        </div>
      ) : null}
    </Page>
  );
}
