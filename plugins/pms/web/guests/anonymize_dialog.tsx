import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { announce, Button, Dialog, Notice, ProblemNotice, TextField, useAction, useApi, useText } from "#web/mod.ts";
import type { PmsApi } from "../../api.ts";
import type { Guest } from "./guest.ts";
import type en from "./locales/en.json";

/** Asks for the guest's name before it removes the personal data, because there is no way back. */
export function AnonymizeDialog(props: {
  readonly guest: Guest;
  readonly etag: string | undefined;
  readonly onClose: () => void;
}): JSX.Element {
  const { guest, etag, onClose } = props;
  const t = useText<typeof en>();
  const api = useApi<PmsApi>();
  const [typed, setTyped] = useState("");
  const isConfirmed = typed.trim().toLocaleLowerCase() === guest.name.trim().toLocaleLowerCase();
  const anonymize = useAction(async () => {
    await api.anonymizeGuest({ params: { guest_id: guest.guest_id }, body: {} }, { ifMatch: etag });
    announce(t("guests.anonymized"));
    onClose();
  });
  return (
    <Dialog
      title={t("guests.anonymize_title", { guest: guest.name })}
      onClose={onClose}
      onSubmit={() => (isConfirmed ? anonymize.run() : undefined)}
      actions={
        <Button
          kind="danger"
          isSubmit
          isBusy={anonymize.isRunning}
          blockedBy={isConfirmed ? undefined : t("guests.type_name", { guest: guest.name })}
        >
          {t("guests.anonymize")}
        </Button>
      }
    >
      {anonymize.problem === undefined ? null : <ProblemNotice problem={anonymize.problem} />}
      <Notice tone="careful">{t("guests.no_way_back")}</Notice>
      <TextField label={t("guests.type_name", { guest: guest.name })} takesFocus value={typed} onChange={setTyped} />
    </Dialog>
  );
}
