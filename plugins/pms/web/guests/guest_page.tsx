import type { JSX } from "preact";
import { useState } from "preact/hooks";

import {
  announce,
  Button,
  currentAddress,
  Empty,
  me,
  Notice,
  Page,
  Panel,
  ProblemNotice,
  Skeleton,
  useAction,
  useApi,
  usePages,
  useRead,
  useText,
} from "#web/mod.ts";
import type { PmsApi } from "../../api.ts";
import { BookingTable } from "../kit/booking_table.tsx";
import { AnonymizeDialog } from "./anonymize_dialog.tsx";
import { CorrectDialog } from "./correct_dialog.tsx";
import type { Guest } from "./guest.ts";
import { GuestFacts } from "./guest_facts.tsx";
import css from "./guests.module.css";
import type en from "./locales/en.json";
import { MergeDialog } from "./merge_dialog.tsx";

/** The page of one guest: profile, stays, and what can be done with the data. */
export default function GuestPage(props: Readonly<Record<string, string>>): JSX.Element {
  const t = useText<typeof en>();
  const api = useApi<PmsApi>();
  const guestId = props["guest_id"] ?? "";
  const guest = useRead(api.readGuest, { params: { guest_id: guestId } });
  const { body } = guest;
  return (
    <Page
      title={body?.name ?? t("guests.one")}
      actions={body === undefined ? undefined : <Actions guest={body} etag={guest.etag} />}
    >
      <a class={css["back"]} href="/app/guests">
        {t("guests.all")}
      </a>
      {guest.problem === undefined ? null : guest.problem.status === 404 ? (
        <Notice tone="careful">{t("guests.gone")}</Notice>
      ) : (
        <ProblemNotice problem={guest.problem} onRetry={guest.refresh} />
      )}
      {guest.isLoading ? <Skeleton rows={5} /> : null}
      {body === undefined ? null : (
        <>
          <MergeNotices guest={body} />
          <Panel label={t("guests.profile")}>
            <GuestFacts guest={body} />
          </Panel>
          <Stays guestId={guestId} />
        </>
      )}
    </Page>
  );
}

function Actions(props: { readonly guest: Guest; readonly etag: string | undefined }): JSX.Element | null {
  const t = useText<typeof en>();
  const api = useApi<PmsApi>();
  const [dialog, setDialog] = useState<"correct" | "merge" | "anonymize">();
  const close = (): void => setDialog(undefined);
  const { guest, etag } = props;
  if (guest.anonymized_at !== null || guest.merged_into !== null) return null;
  return (
    <>
      <Button kind="primary" icon="plus" onPress={() => currentAddress().set("new", `guest,${guest.guest_id}`)}>
        {t("guests.book_again")}
      </Button>
      <Button icon="edit" onPress={() => setDialog("correct")}>
        {t("guests.correct")}
      </Button>
      <Button icon="link" onPress={() => setDialog("merge")}>
        {t("guests.merge")}
      </Button>
      {api.anonymizeGuest.isFor(me.value?.role ?? "") ? (
        <Button kind="danger" icon="trash" onPress={() => setDialog("anonymize")}>
          {t("guests.anonymize")}
        </Button>
      ) : null}
      {dialog === "correct" ? <CorrectDialog guest={guest} etag={etag} onClose={close} /> : null}
      {dialog === "merge" ? <MergeDialog guest={guest} onClose={close} /> : null}
      {dialog === "anonymize" ? <AnonymizeDialog guest={guest} etag={etag} onClose={close} /> : null}
    </>
  );
}

/** Says that the guest is merged or anonymized, and offers to undo a merge. */
function MergeNotices({ guest }: { readonly guest: Guest }): JSX.Element {
  const t = useText<typeof en>();
  const api = useApi<PmsApi>();
  const unmerge = useAction(async (id: string) => {
    await api.unmergeGuest({ params: { guest_id: id }, body: {} });
    announce(t("guests.unmerged"));
  });
  return (
    <>
      {unmerge.problem === undefined ? null : <ProblemNotice problem={unmerge.problem} />}
      {guest.anonymized_at === null ? null : <Notice>{t("guests.is_anonymous")}</Notice>}
      {guest.merged_into === null || guest.anonymized_at !== null ? null : (
        <Notice
          tone="careful"
          actions={
            <Button isSmall isBusy={unmerge.isRunning} onPress={() => unmerge.run(guest.guest_id)}>
              {t("guests.unmerge")}
            </Button>
          }
        >
          <a href={`/app/guests/${guest.merged_into}`}>{t("guests.is_merged")}</a>
        </Notice>
      )}
      {guest.anonymized_at === null && guest.merged_guests.length > 0 ? (
        <Notice
          actions={guest.merged_guests.map((id, index) => (
            <Button key={id} isSmall icon="undo" isBusy={unmerge.isRunning} onPress={() => unmerge.run(id)}>
              {t("guests.unmerge_number", { number: index + 1, all: guest.merged_guests.length })}
            </Button>
          ))}
        >
          {t("guests.has_merged", { number: guest.merged_guests.length })}
        </Notice>
      ) : null}
    </>
  );
}

/** The bookings of the guest, the latest arrival first. */
function Stays({ guestId }: { readonly guestId: string }): JSX.Element {
  const t = useText<typeof en>();
  const api = useApi<PmsApi>();
  const bookings = usePages(api.listBookings, { query: { guest_id: guestId, order: "desc" } });
  const { items } = bookings;
  return (
    <section class={css["stays"]} aria-label={t("guests.stays")}>
      <h2>{t("guests.stays")}</h2>
      {bookings.problem === undefined ? null : <ProblemNotice problem={bookings.problem} onRetry={bookings.refresh} />}
      {bookings.isLoading ? <Skeleton rows={3} /> : null}
      {items === undefined ? null : items.length === 0 ? (
        <div class={css["panel"]}>
          <Empty>{t("guests.no_stays")}</Empty>
        </div>
      ) : (
        <BookingTable label={t("guests.stays")} bookings={items} today={me.value?.hotel.business_date ?? ""} />
      )}
      {bookings.hasMore ? (
        <div>
          <Button icon="down" isBusy={bookings.isReadingMore} onPress={bookings.readMore}>
            {t("guests.more")}
          </Button>
        </div>
      ) : null}
    </section>
  );
}
