import type { JSX } from "preact";
import { useState } from "preact/hooks";

import {
  Button,
  faultsByField,
  logOut,
  Notice,
  ProblemNotice,
  TextField,
  useAction,
  useApi,
  useText,
} from "#web/mod.ts";
import type { IdentityApi } from "../../api.ts";
import { Card } from "./card.tsx";
import type en from "./locales/en.json";

/** The choice of an own password, after a manager has set one. */
export default function NewPassword({ onDone }: { readonly onDone: () => unknown }): JSX.Element {
  const t = useText<typeof en>();
  const api = useApi<IdentityApi>();
  const [old, setOld] = useState("");
  const [next, setNext] = useState("");
  const change = useAction(async () => {
    await api.changeOwnPassword({ body: { old_password: old, new_password: next } });
    await onDone();
  });
  const fault = faultsByField(change.problem);
  return (
    <Card title={t("login.new_password")} onSubmit={change.run}>
      <Notice>{t("login.must_change")}</Notice>
      {change.problem === undefined || change.problem.errors.length > 0 ? null : (
        <ProblemNotice problem={change.problem} />
      )}
      <TextField
        label={t("login.old_password")}
        type="password"
        value={old}
        onChange={setOld}
        autoComplete="current-password"
        takesFocus
      />
      <TextField
        label={t("login.new_password")}
        type="password"
        value={next}
        onChange={setNext}
        fault={fault("/new_password")}
        autoComplete="new-password"
      />
      <Button kind="primary" isSubmit isBusy={change.isRunning}>
        {t("login.change")}
      </Button>
      <Button kind="quiet" onPress={logOut}>
        {t("login.someone_else")}
      </Button>
    </Card>
  );
}
