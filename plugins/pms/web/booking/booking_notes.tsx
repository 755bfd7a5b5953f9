import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { announce, Button, ProblemNotice, TextField, useAction, useApi, useText } from "#web/mod.ts";
import type { PmsApi } from "../../api.ts";
import css from "./booking.module.css";
import type en from "./locales/en.json";

/** The notes of a booking. A change that someone else has made meanwhile is not overwritten. */
export function BookingNotes(props: {
  readonly booking: PmsApi["readBooking"]["result"];
  readonly etag: string | undefined;
}): JSX.Element {
  const t = useText<typeof en>();
  const api = useApi<PmsApi>();
  const { booking, etag } = props;
  const before = booking.notes ?? "";
  const [text, setText] = useState(before);
  const params = { booking_id: booking.booking_id };
  const save = useAction(async () => {
    const done = await api.amendBooking({ params, body: { notes: text === "" ? null : text } }, { ifMatch: etag });
    announce(t("booking.notes_saved"), done.body.undo);
  });
  return (
    <form
      class={css["notes"]}
      onSubmit={(event) => {
        event.preventDefault();
        void save.run();
      }}
    >
      {save.problem === undefined ? null : <ProblemNotice problem={save.problem} />}
      <TextField label={t("booking.notes")} isMultiline value={text} onChange={setText} maxLength={4000} />
      <div>
        <Button isSubmit isBusy={save.isRunning} blockedBy={text === before ? t("booking.notes_same") : undefined}>
          {t("booking.save")}
        </Button>
      </div>
    </form>
  );
}
