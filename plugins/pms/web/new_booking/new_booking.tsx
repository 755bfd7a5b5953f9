import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import {
  addDays,
  announce,
  Button,
  Combobox,
  Drawer,
  faultsByField,
  me,
  Problem,
  ProblemNotice,
  StayField,
  TextField,
  type TypedStay,
  useAction,
  useApi,
  useRead,
  useText,
} from "#web/mod.ts";
import type { PmsApi } from "../../api.ts";
import type en from "./locales/en.json";
import css from "./new_booking.module.css";
import { startValues } from "./start_values.ts";
import { TypeChoice } from "./type_choice.tsx";

type Guest = PmsApi["listGuests"]["result"]["items"][number];

/** A new booking or a walk-in over whatever page is there: when, which room type, and who. */
export default function NewBooking(props: { readonly id: string; readonly onClose: () => void }): JSX.Element {
  const t = useText<typeof en>();
  const api = useApi<PmsApi>();
  const start = startValues(props.id);
  const { isWalkIn } = start;
  const today = me.value?.hotel.business_date ?? "";
  const [stay, setStay] = useState<TypedStay | undefined>(() => {
    const arrival = start.arrival ?? today;
    return { arrival, departure: start.departure ?? addDays(arrival, 1) };
  });
  const [adults, setAdults] = useState("1");
  const [children, setChildren] = useState("0");
  const [typeId, setTypeId] = useState<string>();
  const [name, setName] = useState("");
  const [known, setKnown] = useState<Guest>();
  const [email, setEmail] = useState("");
  const [phone, setPhone] = useState("");
  const again = useRead(
    api.readGuest,
    { params: { guest_id: start.guestId ?? "" } },
    { isOn: start.guestId !== undefined },
  );
  useEffect(() => {
    if (again.body === undefined) return;
    setKnown(again.body);
    setName(again.body.name);
  }, [again.body?.guest_id]);
  const stayField = useRef<HTMLInputElement>(null);
  const nameField = useRef<HTMLInputElement>(null);
  const isNameFirst = isWalkIn || start.arrival !== undefined;
  // After the dialog has opened: it gives the focus to its first button.
  useEffect(() => (isNameFirst ? nameField : stayField).current?.focus(), []);
  const isComplete = stay !== undefined && Number(adults) > 0;
  const query = {
    check_in: stay?.arrival ?? today,
    check_out: stay?.departure ?? addDays(today, 1),
    adults: Number(adults),
    children: Number(children),
  };
  const quotes = useRead(api.quoteStay, { query }, { isOn: isComplete, keepsOld: true });
  const offers = isComplete ? (quotes.body?.items ?? []) : [];
  const bookable = offers.filter(({ refused_by: refusals }) => refusals.length === 0);
  const room = useRead(api.readRoom, { params: { room_id: start.roomId ?? "" } }, { isOn: start.roomId !== undefined });
  const wantedType = typeId ?? room.body?.room_type_id;
  const chosen = bookable.find(({ room_type_id: id }) => id === wantedType) ?? bookable[0];
  // A room of the chart is booked as long as its type is chosen.
  const roomInType = room.body?.room_type_id === chosen?.room_type_id ? room.body : undefined;
  const [key, setKey] = useState(() => crypto.randomUUID());
  const book = useAction(async () => {
    // While the quote of other days is shown, the person has not seen the price of these.
    if (stay === undefined || chosen === undefined || quotes.isOld || name.trim() === "") return;
    const guest = { name: name.trim(), ...(email === "" ? {} : { email }), ...(phone === "" ? {} : { phone }) };
    const body = {
      ...(roomInType === undefined ? { room_type_id: chosen.room_type_id } : { room_id: roomInType.room_id }),
      ...(known === undefined ? { guest } : { guest_id: known.guest_id }),
      check_in_at: stay.arrival,
      expected_check_out_at: stay.departure,
      adults: Number(adults),
      children: Number(children),
    };
    try {
      const { body: booking } = await api.createBooking({ body }, { idempotencyKey: key });
      const { undo } = booking;
      const params = { booking_id: booking.booking_id };
      const words = { guest: booking.guest.name, room: booking.room_number };
      if (isWalkIn) {
        const checkedIn = await api.checkIn({ params, body: { accept_dirty_room: true } });
        announce(t("new.walked_in", words), [checkedIn.body.undo, undo]);
      } else announce(t("new.booked", words), undo);
      props.onClose();
    } catch (error) {
      // A refused booking was not made, so the next press is another request. If no answer came, the same key finds
      // the booking that may have been made.
      if (error instanceof Problem && error.status !== 0) setKey(crypto.randomUUID());
      throw error;
    }
  });
  const fault = faultsByField(book.problem);
  const missing = chosen === undefined ? t("new.choose_type") : name.trim() === "" ? t("new.name_guest") : undefined;
  const who = (
    <fieldset class={css["part"]}>
      <legend>{t("new.who")}</legend>
      <Combobox<Guest>
        label={t("new.guest")}
        hint={known === undefined ? t("new.guest_hint") : t("new.known")}
        fault={fault("/guest/name")}
        text={name}
        inputRef={nameField}
        onText={(text) => {
          setName(text);
          setKnown(undefined);
        }}
        search={async (text, signal) => {
          if (text.trim().length < 2) return [];
          const { body } = await api.listGuests({ query: { query: text.trim(), limit: 6 } }, { signal });
          return body.items.map((guest) => ({
            key: guest.guest_id,
            label: guest.name,
            note: [guest.email, guest.phone].filter((one) => one !== null).join(" · "),
            value: guest,
          }));
        }}
        onChoose={({ value }) => {
          setKnown(value);
          setName(value.name);
        }}
        onEnter={() => void book.run()}
      />
      {known === undefined ? (
        <div class={css["pair"]}>
          <TextField
            label={t("new.phone")}
            type="tel"
            value={phone}
            onChange={setPhone}
            fault={fault("/guest/phone")}
          />
          <TextField
            label={t("new.email")}
            type="email"
            value={email}
            onChange={setEmail}
            fault={fault("/guest/email")}
          />
        </div>
      ) : null}
    </fieldset>
  );
  return (
    <Drawer
      title={isWalkIn ? t("new.walk_in") : t("new.booking")}
      onClose={props.onClose}
      onSubmit={book.run}
      actions={
        <Button kind="primary" isSubmit isBusy={book.isRunning} blockedBy={missing}>
          {isWalkIn ? t("new.book_and_check_in") : t("new.book")}
        </Button>
      }
    >
      {book.problem === undefined || book.problem.errors.length > 0 ? null : <ProblemNotice problem={book.problem} />}
      {isWalkIn ? who : null}
      <fieldset class={css["part"]}>
        <legend>{t("new.when")}</legend>
        <div class={css["when"]}>
          <StayField
            label={t("new.days")}
            today={today}
            stay={stay}
            onChange={setStay}
            onEnter={() => nameField.current?.focus()}
            inputRef={stayField}
          />
          <TextField label={t("new.adults")} type="number" min={1} max={20} value={adults} onChange={setAdults} />
          <TextField label={t("new.children")} type="number" min={0} max={20} value={children} onChange={setChildren} />
        </div>
      </fieldset>
      <fieldset class={css["part"]}>
        <legend>{t("new.what")}</legend>
        {quotes.problem === undefined ? null : <ProblemNotice problem={quotes.problem} />}
        <TypeChoice
          offers={offers}
          currency={quotes.body?.currency ?? "EUR"}
          chosen={chosen?.room_type_id}
          isOld={quotes.isOld}
          onChoose={setTypeId}
        />
        {roomInType === undefined ? null : (
          <p class={css["note"]}>{t("new.in_room", { room: roomInType.room_number })}</p>
        )}
        {isComplete && quotes.body !== undefined && bookable.length === 0 ? (
          <p class={css["note"]}>{t("new.none")}</p>
        ) : null}
      </fieldset>
      {isWalkIn ? null : who}
    </Drawer>
  );
}
