import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { Button, faultsByField, ProblemNotice, TextField, useAction, useApi, useText } from "#web/mod.ts";
import type { IdentityApi } from "../../api.ts";
import { Card } from "./card.tsx";
import type en from "./locales/en.json";

/** The currency of a region, for the countries that most hotels of a browser's language are in. */
const currencies: Readonly<Record<string, string>> = {
  GB: "GBP",
  US: "USD",
  CH: "CHF",
  CA: "CAD",
  AU: "AUD",
  JP: "JPY",
};

function guessCurrency(): string {
  const region = new Intl.Locale(navigator.language).maximize().region ?? "";
  return currencies[region] ?? "EUR";
}

/** The sign-up of a hotel. It logs the new manager in. */
export function SignUp(props: {
  readonly onDone: (credentials: { readonly username: string; readonly password: string }) => unknown;
  readonly onBack: () => void;
}): JSX.Element {
  const t = useText<typeof en>();
  const api = useApi<IdentityApi>();
  const [form, setForm] = useState({
    name: "",
    username: "",
    password: "",
    time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    currency: guessCurrency(),
  });
  const change = (name: keyof typeof form) => (value: string) => setForm({ ...form, [name]: value });
  const signUp = useAction(async () => {
    await api.signUpHotel({ body: form });
    await props.onDone({ username: form.username, password: form.password });
  });
  const fault = faultsByField(signUp.problem);
  return (
    <Card title={t("login.sign_up")} onSubmit={signUp.run}>
      <p>{t("login.sign_up_hint")}</p>
      {signUp.problem === undefined || signUp.problem.errors.length > 0 ? null : (
        <ProblemNotice problem={signUp.problem} />
      )}
      <TextField
        label={t("login.hotel_name")}
        value={form.name}
        onChange={change("name")}
        fault={fault("/name")}
        takesFocus
      />
      <TextField
        label={t("login.username")}
        value={form.username}
        onChange={change("username")}
        fault={fault("/username")}
        autoComplete="username"
      />
      <TextField
        label={t("login.password")}
        type="password"
        value={form.password}
        onChange={change("password")}
        fault={fault("/password")}
        autoComplete="new-password"
      />
      <TextField
        label={t("login.time_zone")}
        value={form.time_zone}
        onChange={change("time_zone")}
        fault={fault("/time_zone")}
      />
      <TextField
        label={t("login.currency")}
        value={form.currency}
        onChange={change("currency")}
        fault={fault("/currency")}
        maxLength={3}
      />
      <Button kind="primary" isSubmit isBusy={signUp.isRunning}>
        {t("login.sign_up")}
      </Button>
      <Button kind="quiet" onPress={props.onBack}>
        {t("login.back")}
      </Button>
    </Card>
  );
}
