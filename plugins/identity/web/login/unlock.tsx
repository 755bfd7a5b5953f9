import type { JSX } from "preact";
import { useState } from "preact/hooks";

import {
  Button,
  logOut,
  Notice,
  type Problem,
  ProblemNotice,
  TextField,
  useAction,
  useApi,
  useText,
} from "#web/mod.ts";
import type { IdentityApi } from "../../api.ts";
import { Card } from "./card.tsx";
import type en from "./locales/en.json";

/** The question for the PIN or the password of the user whose session is locked. */
export default function Unlock(props: {
  readonly username: string;
  readonly hasPin: boolean;
  readonly onDone: () => unknown;
}): JSX.Element {
  const t = useText<typeof en>();
  const api = useApi<IdentityApi>();
  const [byPin, setByPin] = useState(props.hasPin);
  const [value, setValue] = useState("");
  const unlock = useAction(async () => {
    try {
      await api.unlockSession({ body: byPin ? { pin: value } : { password: value } });
      await props.onDone();
    } finally {
      setValue("");
    }
  });
  return (
    <Card title={t("login.locked", { name: props.username })} onSubmit={unlock.run}>
      {unlock.problem === undefined ? null : <Refusal problem={unlock.problem} byPin={byPin} />}
      <TextField
        key={byPin ? "pin" : "password"}
        label={byPin ? t("login.pin") : t("login.password")}
        type="password"
        inputMode={byPin ? "numeric" : "text"}
        value={value}
        onChange={setValue}
        autoComplete={byPin ? "off" : "current-password"}
        takesFocus
      />
      <Button kind="primary" isSubmit isBusy={unlock.isRunning}>
        {t("login.unlock")}
      </Button>
      {props.hasPin ? (
        <Button kind="quiet" onPress={() => setByPin(!byPin)}>
          {byPin ? t("login.use_password") : t("login.use_pin")}
        </Button>
      ) : null}
      <Button kind="quiet" onPress={logOut}>
        {t("login.someone_else")}
      </Button>
    </Card>
  );
}

function Refusal({ problem, byPin }: { readonly problem: Problem; readonly byPin: boolean }): JSX.Element {
  const t = useText<typeof en>();
  if (problem.code === "PASSWORD_REQUIRED") return <Notice tone="bad">{t("login.pin_wrong", { left: 0 })}</Notice>;
  if (problem.code !== "INVALID_CREDENTIALS") return <ProblemNotice problem={problem} />;
  const left = Number(problem.members["attempts_left"] ?? 0);
  return <Notice tone="bad">{byPin ? t("login.pin_wrong", { left }) : t("login.password_wrong")}</Notice>;
}
