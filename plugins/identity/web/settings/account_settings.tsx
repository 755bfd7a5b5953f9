import type { JSX } from "preact";
import { useState } from "preact/hooks";

import {
  announce,
  Button,
  faultsByField,
  Panel,
  ProblemNotice,
  readSession,
  TextField,
  useAction,
  useApi,
  useText,
} from "#web/mod.ts";
import type { IdentityApi } from "../../api.ts";
import type en from "./locales/en.json";
import css from "./settings.module.css";

/** The PIN of the user. */
export function AccountSettings(): JSX.Element {
  const t = useText<typeof en>();
  const api = useApi<IdentityApi>();
  const [pin, setPin] = useState("");
  const [password, setPassword] = useState("");
  const set = useAction(async () => {
    await api.setPin({ body: { password, pin } });
    setPin("");
    setPassword("");
    announce(t("settings.pin_is_set"), () => api.removePin({}));
    await readSession();
  });
  const remove = useAction(async () => {
    await api.removePin({});
    announce(t("settings.pin_removed"));
    await readSession();
  });
  const problem = set.problem ?? remove.problem;
  const fault = faultsByField(problem);
  return (
    <Panel label={t("settings.you")}>
      <form
        class={css["section"]}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void set.run();
        }}
      >
        <h2>{t("settings.you")}</h2>
        {problem === undefined || problem.errors.length > 0 ? null : <ProblemNotice problem={problem} />}
        <TextField
          label={t("settings.pin")}
          hint={t("settings.pin_hint")}
          type="password"
          inputMode="numeric"
          value={pin}
          onChange={setPin}
          fault={fault("/pin")}
        />
        <TextField
          label={t("settings.password")}
          type="password"
          value={password}
          onChange={setPassword}
          fault={fault("/password")}
          autoComplete="current-password"
        />
        <div class={css["row"]}>
          <Button isSubmit isBusy={set.isRunning}>
            {t("settings.pin_set")}
          </Button>
          <Button kind="quiet" onPress={remove.run}>
            {t("settings.pin_remove")}
          </Button>
        </div>
      </form>
    </Panel>
  );
}
