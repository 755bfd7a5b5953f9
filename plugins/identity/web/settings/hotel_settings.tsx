import type { JSX } from "preact";
import { useState } from "preact/hooks";

import {
  announce,
  Button,
  faultsByField,
  Panel,
  ProblemNotice,
  readSession,
  Skeleton,
  TextField,
  useAction,
  useApi,
  useRead,
  useText,
} from "#web/mod.ts";
import type { IdentityApi } from "../../api.ts";
import type en from "./locales/en.json";
import css from "./settings.module.css";

type Hotel = IdentityApi["readHotel"]["result"];

/** The hotel's name, times and terms, for a manager. */
export function HotelSettings(): JSX.Element {
  const t = useText<typeof en>();
  const api = useApi<IdentityApi>();
  const hotel = useRead(api.readHotel, {});
  return (
    <Panel label={t("settings.hotel")}>
      <div class={css["section"]}>
        <h2>{t("settings.hotel")}</h2>
        {hotel.problem === undefined ? null : <ProblemNotice problem={hotel.problem} onRetry={hotel.refresh} />}
        {hotel.isLoading ? <Skeleton /> : null}
        {hotel.body === undefined ? null : <HotelForm key={hotel.etag} hotel={hotel.body} etag={hotel.etag} />}
      </div>
    </Panel>
  );
}

function HotelForm({ hotel, etag }: { readonly hotel: Hotel; readonly etag: string | undefined }): JSX.Element {
  const t = useText<typeof en>();
  const api = useApi<IdentityApi>();
  const before = {
    name: hotel.name,
    check_in_time: hotel.check_in_time,
    check_out_time: hotel.check_out_time,
    time_zone: hotel.time_zone,
    terms_and_conditions: hotel.terms_and_conditions ?? "",
    desk_locks_after_minutes: String(hotel.desk_locks_after_minutes),
  };
  const [form, setForm] = useState(before);
  const change = (name: keyof typeof form) => (value: string) => setForm({ ...form, [name]: value });
  const bodyOf = (from: typeof form) => ({
    ...from,
    terms_and_conditions: from.terms_and_conditions === "" ? null : from.terms_and_conditions,
    desk_locks_after_minutes: Number(from.desk_locks_after_minutes),
  });
  const save = useAction(async () => {
    await api.changeHotel({ body: bodyOf(form) }, { ifMatch: etag });
    announce(t("settings.saved"), async () => {
      await api.changeHotel({ body: bodyOf(before) });
      await readSession();
    });
    await readSession();
  });
  const fault = faultsByField(save.problem);
  return (
    <form
      class={css["section"]}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void save.run();
      }}
    >
      {save.problem === undefined || save.problem.errors.length > 0 ? null : <ProblemNotice problem={save.problem} />}
      <TextField label={t("settings.name")} value={form.name} onChange={change("name")} fault={fault("/name")} />
      <div class={css["pair"]}>
        <TextField
          label={t("settings.check_in_time")}
          type="time"
          value={form.check_in_time}
          onChange={change("check_in_time")}
          fault={fault("/check_in_time")}
        />
        <TextField
          label={t("settings.check_out_time")}
          type="time"
          value={form.check_out_time}
          onChange={change("check_out_time")}
          fault={fault("/check_out_time")}
        />
      </div>
      <TextField
        label={t("settings.time_zone")}
        value={form.time_zone}
        onChange={change("time_zone")}
        fault={fault("/time_zone")}
      />
      <TextField
        label={t("settings.lock_after")}
        inputMode="numeric"
        value={form.desk_locks_after_minutes}
        onChange={change("desk_locks_after_minutes")}
        fault={fault("/desk_locks_after_minutes")}
      />
      <TextField
        label={t("settings.terms")}
        isMultiline
        value={form.terms_and_conditions}
        onChange={change("terms_and_conditions")}
        fault={fault("/terms_and_conditions")}
      />
      <div class={css["row"]}>
        <Button kind="primary" isSubmit isBusy={save.isRunning}>
          {t("settings.save")}
        </Button>
      </div>
    </form>
  );
}
