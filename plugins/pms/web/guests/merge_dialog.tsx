import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { announce, Button, Combobox, Dialog, ProblemNotice, useAction, useApi, useText } from "#web/mod.ts";
import type { PmsApi } from "../../api.ts";
import type { Guest } from "./guest.ts";
import type en from "./locales/en.json";

/** Merges a duplicate into this guest. The merge can be undone. */
export function MergeDialog(props: { readonly guest: Guest; readonly onClose: () => void }): JSX.Element {
  const { guest, onClose } = props;
  const t = useText<typeof en>();
  const api = useApi<PmsApi>();
  const [text, setText] = useState("");
  const [duplicate, setDuplicate] = useState<Guest>();
  const merge = useAction(async () => {
    if (duplicate === undefined) return;
    const params = { guest_id: guest.guest_id };
    const { body } = await api.mergeGuest({ params, body: { duplicate_id: duplicate.guest_id } });
    announce(t("guests.merged", { guest: duplicate.name }), body.undo);
    onClose();
  });
  return (
    <Dialog
      title={t("guests.merge_title", { guest: guest.name })}
      onClose={onClose}
      onSubmit={merge.run}
      actions={
        <Button
          kind="primary"
          isSubmit
          isBusy={merge.isRunning}
          blockedBy={duplicate === undefined ? t("guests.choose") : undefined}
        >
          {t("guests.merge")}
        </Button>
      }
    >
      {merge.problem === undefined ? null : <ProblemNotice problem={merge.problem} />}
      <Combobox<Guest>
        label={t("guests.duplicate")}
        hint={t("guests.merge_hint")}
        autoFocus
        text={text}
        onText={(next) => {
          setText(next);
          setDuplicate(undefined);
        }}
        search={async (wanted, signal) => {
          if (wanted.trim().length < 2) return [];
          const { body } = await api.listGuests({ query: { query: wanted.trim(), limit: 8 } }, { signal });
          return body.items
            .filter(({ guest_id: id, anonymized_at: at }) => id !== guest.guest_id && at === null)
            .map((value) => ({
              key: value.guest_id,
              label: value.name,
              note: [value.email, value.phone].filter((part) => part !== null).join(" · "),
              value,
            }));
        }}
        onChoose={({ value }) => {
          setDuplicate(value);
          setText(value.name);
        }}
      />
    </Dialog>
  );
}
