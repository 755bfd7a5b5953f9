import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { Button, Notice, ProblemNotice, TextField, useAction, useApi, useText } from "#web/mod.ts";
import type { IdentityApi } from "../../api.ts";
import { Card } from "./card.tsx";
import type en from "./locales/en.json";
import { SignUp } from "./sign_up.tsx";

/** The login. The session is in a cookie that no script can read. */
export default function Login({ onDone }: { readonly onDone: () => unknown }): JSX.Element {
  const t = useText<typeof en>();
  const api = useApi<IdentityApi>();
  const [isNew, setIsNew] = useState(false);
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const login = useAction(async (credentials: { readonly username: string; readonly password: string }) => {
    await api.openBrowserSession({ body: credentials });
    await onDone();
  });
  if (isNew) return <SignUp onDone={login.run} onBack={() => setIsNew(false)} />;
  return (
    <Card title={t("login.title")} onSubmit={() => login.run({ username, password })}>
      {login.problem === undefined ? null : login.problem.code === "INVALID_CREDENTIALS" ? (
        <Notice tone="bad">{t("login.wrong")}</Notice>
      ) : (
        <ProblemNotice problem={login.problem} />
      )}
      <TextField
        label={t("login.username")}
        value={username}
        onChange={setUsername}
        autoComplete="username"
        isRequired
        takesFocus
      />
      <TextField
        label={t("login.password")}
        type="password"
        value={password}
        onChange={setPassword}
        autoComplete="current-password"
        isRequired
      />
      <Button kind="primary" isSubmit isBusy={login.isRunning}>
        {t("login.log_in")}
      </Button>
      <Button kind="quiet" onPress={() => setIsNew(true)}>
        {t("login.new_hotel")}
      </Button>
    </Card>
  );
}
