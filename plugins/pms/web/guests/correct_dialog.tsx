import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";

import {
  announce,
  Button,
  Dialog,
  faultsByField,
  Problem,
  ProblemNotice,
  TextField,
  useAction,
  useApi,
  useText,
} from "#web/mod.ts";
import type { PmsApi } from "../../api.ts";
import { Differences } from "./differences.tsx";
import type { Guest } from "./guest.ts";
import css from "./guests.module.css";
import type en from "./locales/en.json";

const fields = ["name", "email", "phone"] as const;
type Contact = Readonly<Record<(typeof fields)[number], string>>;

const contactOf = ({ name, email, phone }: Guest): Contact => ({ name, email: email ?? "", phone: phone ?? "" });

/**
 * Corrects the contact of a guest. If another desk has changed the guest meanwhile, the dialog shows both values of
 * each field, and the person takes one.
 */
export function CorrectDialog(props: {
  readonly guest: Guest;
  readonly etag: string | undefined;
  readonly onClose: () => void;
}): JSX.Element {
  const { onClose } = props;
  const t = useText<typeof en>();
  const api = useApi<PmsApi>();
  const params = { guest_id: props.guest.guest_id };
  // The read behind this dialog follows other desks. The correction is of what the person saw when it opened.
  const base = useRef({ contact: contactOf(props.guest), etag: props.etag });
  const [contact, setContact] = useState(base.current.contact);
  const [theirs, setTheirs] = useState<Contact>();
  const change = (name: keyof Contact) => (value: string) => setContact((now) => ({ ...now, [name]: value }));
  const save = useAction(async () => {
    const { contact: before, etag } = base.current;
    const changed = {
      ...(contact.name === before.name ? {} : { name: contact.name.trim() }),
      ...(contact.email === before.email ? {} : { email: contact.email === "" ? null : contact.email }),
      ...(contact.phone === before.phone ? {} : { phone: contact.phone === "" ? null : contact.phone }),
    };
    try {
      const { body } = await api.changeGuest({ params, body: changed }, { ifMatch: etag });
      announce(t("guests.corrected", { guest: contact.name }), body.undo);
      onClose();
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== "PRECONDITION_FAILED") throw error;
      const latest = await api.readGuest({ params });
      const next = contactOf(latest.body);
      base.current = { contact: next, etag: latest.etag };
      setTheirs(next);
      // Fields that this person has not touched take the other desk's value.
      setContact((mine) => ({
        name: mine.name === before.name ? next.name : mine.name,
        email: mine.email === before.email ? next.email : mine.email,
        phone: mine.phone === before.phone ? next.phone : mine.phone,
      }));
    }
  });
  const fault = faultsByField(save.problem);
  const isSame = fields.every((name) => contact[name] === base.current.contact[name]);
  const missing = contact.name.trim() === "" ? t("guests.name_missing") : isSame ? t("guests.same") : undefined;
  return (
    <Dialog
      title={t("guests.correct")}
      onClose={onClose}
      onSubmit={() => (missing === undefined ? save.run() : undefined)}
      actions={
        <Button kind="primary" isSubmit isBusy={save.isRunning} blockedBy={missing}>
          {t("guests.save")}
        </Button>
      }
    >
      {save.problem === undefined || save.problem.errors.length > 0 ? null : <ProblemNotice problem={save.problem} />}
      {theirs === undefined ? null : (
        <Differences
          rows={fields
            .filter((name) => contact[name] !== theirs[name])
            .map((name) => ({ name, label: t(`guests.${name}`), mine: contact[name], theirs: theirs[name] }))}
          onTake={(name) => change(name)(theirs[name])}
        />
      )}
      <div class={css["fields"]}>
        <TextField
          label={t("guests.name")}
          takesFocus
          isRequired
          maxLength={200}
          value={contact.name}
          onChange={change("name")}
          fault={fault("/name")}
        />
        <TextField
          label={t("guests.email")}
          type="email"
          value={contact.email}
          onChange={change("email")}
          fault={fault("/email")}
        />
        <TextField
          label={t("guests.phone")}
          type="tel"
          value={contact.phone}
          onChange={change("phone")}
          fault={fault("/phone")}
        />
      </div>
    </Dialog>
  );
}
