import type { JSX } from "preact";
import { useState } from "preact/hooks";

import {
  Button,
  dayRange,
  daysBetween,
  Drawer,
  me,
  money,
  More,
  ProblemNotice,
  Skeleton,
  Slot,
  Tabs,
  useAction,
  useApi,
  useDryRun,
  useKeys,
  useRead,
  useText,
} from "#web/mod.ts";
import type { PmsApi } from "../../api.ts";
import { StayChip } from "../kit/chips.tsx";
import { stayState } from "../kit/stay_state.ts";
import css from "./booking.module.css";
import { BookingHistory } from "./booking_history.tsx";
import { BookingNotes } from "./booking_notes.tsx";
import type en from "./locales/en.json";
import { MoveDialog } from "./move_dialog.tsx";
import { Refusal } from "./refusal.tsx";
import { oneNightMore, useDesk } from "./use_desk.ts";

type Booking = PmsApi["readBooking"]["result"];

/** A booking over whatever page is there: what it is, and what can be done with it. */
export default function BookingDrawer(props: { readonly id: string; readonly onClose: () => void }): JSX.Element {
  const t = useText<typeof en>();
  const api = useApi<PmsApi>();
  const booking = useRead(api.readBooking, { params: { booking_id: props.id } });
  const { body } = booking;
  return (
    <Drawer
      title={body?.guest.name ?? t("booking.title")}
      subtitle={body === undefined ? null : <Subtitle booking={body} />}
      onClose={props.onClose}
    >
      {booking.problem === undefined ? null : <ProblemNotice problem={booking.problem} onRetry={booking.refresh} />}
      {booking.isLoading ? <Skeleton rows={6} /> : null}
      {body === undefined ? null : <Content booking={body} etag={booking.etag} />}
    </Drawer>
  );
}

function Subtitle({ booking }: { readonly booking: Booking }): JSX.Element {
  const t = useText<typeof en>();
  const { arrival, departure, room_number: room } = booking;
  const nights = daysBetween(arrival, departure);
  return (
    <p class={css["subtitle"]}>
      <b>{room}</b> · {dayRange(arrival, departure)} · {t("booking.nights", { nights })}
    </p>
  );
}

function Content({ booking, etag }: { readonly booking: Booking; readonly etag: string | undefined }): JSX.Element {
  const t = useText<typeof en>();
  const [tab, setTab] = useState<"stay" | "guest" | "notes" | "history">("stay");
  const today = me.value?.hotel.business_date ?? booking.arrival;
  return (
    <>
      <div class={css["head"]}>
        <StayChip state={stayState(booking, today)} />
        <span class={css["total"]}>{money(booking.total_amount, booking.currency)}</span>
      </div>
      <Actions booking={booking} />
      <Slot name="pms.booking.panel" props={{ booking }} />
      <Tabs
        label={t("booking.title")}
        current={tab}
        onChange={setTab}
        tabs={[
          { key: "stay", label: t("booking.stay"), content: () => <Nights booking={booking} /> },
          { key: "guest", label: t("booking.guest"), content: () => <Guest booking={booking} /> },
          {
            key: "notes",
            label: t("booking.notes"),
            content: () => <BookingNotes key={etag} booking={booking} etag={etag} />,
          },
          {
            key: "history",
            label: t("booking.history"),
            content: () => <BookingHistory bookingId={booking.booking_id} />,
          },
        ]}
      />
    </>
  );
}

function Actions({ booking }: { readonly booking: Booking }): JSX.Element {
  const t = useText<typeof en>();
  const desk = useDesk();
  const api = useApi<PmsApi>();
  const [isMoving, setIsMoving] = useState(false);
  const stay = { ...booking, guest_name: booking.guest.name };
  const can = (transition: (typeof booking.allowed_transitions)[number]) =>
    booking.allowed_transitions.includes(transition);
  const act = useAction((work: () => Promise<void>) => work());
  const isOpen = booking.status === "confirmed" || booking.status === "in_house";
  const longer = { params: { booking_id: booking.booking_id }, body: oneNightMore(booking) };
  const oneMore = useDryRun(api.amendBooking, longer, { isOn: isOpen })?.body.nights.at(-1);
  const run = (work: () => Promise<void>) => () => act.run(work);
  const checkIn = run(() => desk.checkIn(stay));
  const checkOut = run(() => desk.checkOut(stay));
  const extend = run(() => desk.extend(stay));
  useKeys([
    ...(can("check_in") ? [{ key: "i", label: t("booking.check_in"), run: checkIn }] : []),
    ...(can("check_out") ? [{ key: "o", label: t("booking.check_out"), run: checkOut }] : []),
    ...(isOpen
      ? [
          { key: "e", label: t("booking.extend"), run: extend },
          { key: "m", label: t("booking.move"), run: () => setIsMoving(true) },
        ]
      : []),
  ]);
  return (
    <>
      <div class={css["actions"]}>
        {can("check_in") ? (
          <Button kind="primary" icon="check_in" shortcut="i" isBusy={act.isRunning} onPress={checkIn}>
            {t("booking.check_in")}
          </Button>
        ) : null}
        {can("check_out") ? (
          <Button kind="primary" icon="check_out" shortcut="o" isBusy={act.isRunning} onPress={checkOut}>
            {t("booking.check_out")}
          </Button>
        ) : null}
        {isOpen ? (
          <>
            <Button icon="extend" shortcut="e" onPress={extend}>
              {oneMore === undefined
                ? t("booking.extend")
                : t("booking.extend_for", { price: money(oneMore.rate, booking.currency) })}
            </Button>
            <Button icon="move" shortcut="m" onPress={() => setIsMoving(true)}>
              {t("booking.move")}
            </Button>
          </>
        ) : null}
        {can("reinstate") ? (
          <Button icon="undo" onPress={run(() => desk.reinstate(stay))}>
            {t("booking.reinstate")}
          </Button>
        ) : null}
        {can("undo_check_in") || can("undo_check_out") || can("cancel") || can("no_show") ? (
          <More label={t("booking.more")}>
            {can("undo_check_in") ? (
              <Button onPress={run(() => desk.undoCheckIn(stay))}>{t("booking.undo_check_in")}</Button>
            ) : null}
            {can("undo_check_out") ? (
              <Button onPress={run(() => desk.undoCheckOut(stay))}>{t("booking.undo_check_out")}</Button>
            ) : null}
            {can("no_show") ? <Button onPress={run(() => desk.markNoShow(stay))}>{t("booking.no_show")}</Button> : null}
            {can("cancel") ? <Button onPress={run(() => desk.cancel(stay))}>{t("booking.cancel")}</Button> : null}
          </More>
        ) : null}
      </div>
      {act.problem === undefined ? null : (
        <Refusal
          problem={act.problem}
          onClose={act.clear}
          onMove={() => setIsMoving(true)}
          onAcceptDirtyRoom={run(() => desk.checkIn(stay, { dirtyRoom: true }))}
        />
      )}
      {isMoving ? (
        <MoveDialog
          stay={stay}
          onClose={() => {
            setIsMoving(false);
            act.clear();
          }}
        />
      ) : null}
    </>
  );
}

function Nights({ booking }: { readonly booking: Booking }): JSX.Element {
  const t = useText<typeof en>();
  return (
    <table class={css["nights"]}>
      <caption class="visually-hidden">{t("booking.stay")}</caption>
      <tbody>
        {booking.nights.map(({ date, rate, rack_rate: rack }) => (
          <tr key={date}>
            <th scope="row">{dayRange(date, date)}</th>
            <td>{rack === null ? null : <s>{money(rack, booking.currency)}</s>}</td>
            <td>{money(rate, booking.currency)}</td>
          </tr>
        ))}
        <tr class={css["sum"]}>
          <th scope="row">{t("booking.total")}</th>
          <td />
          <td>{money(booking.total_amount, booking.currency)}</td>
        </tr>
      </tbody>
    </table>
  );
}

function Guest({ booking }: { readonly booking: Booking }): JSX.Element {
  const t = useText<typeof en>();
  const { guest, adults, children } = booking;
  return (
    <dl class={css["facts"]}>
      <div>
        <dt>{t("booking.name")}</dt>
        <dd>{guest.name}</dd>
      </div>
      <div>
        <dt>{t("booking.email")}</dt>
        <dd>{guest.email === null ? "–" : <a href={`mailto:${guest.email}`}>{guest.email}</a>}</dd>
      </div>
      <div>
        <dt>{t("booking.phone")}</dt>
        <dd>{guest.phone === null ? "–" : <a href={`tel:${guest.phone}`}>{guest.phone}</a>}</dd>
      </div>
      <div>
        <dt>{t("booking.guests")}</dt>
        <dd>{t("booking.guests_count", { adults, children })}</dd>
      </div>
    </dl>
  );
}
