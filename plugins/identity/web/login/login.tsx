import { useState } from "preact/hooks";
import type { JSX } from "preact";

import { Button, Notice, ProblemNotice, TextField, useAction, useApi, useText } from "#web/mod.ts";
import type { IdentityApi } from "../../api.ts";
import type en from "../locales/en.json";
import css from "./login.module.css";

/** The login. The session is in a cookie that no script can read. */
export default function Login({ onDone }: { readonly onDone: () => unknown }): JSX.Element {
  const t = useText<typeof en>();
  const api = useApi<IdentityApi>();
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const login = useAction(async () => {
    await api.openBrowserSession({ body: { username, password } });
    onDone();
  });
  return (
    <main class={css["page"]}>
      <form
        class={css["card"]}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void login.run();
        }}
      >
        <h1>Keyrack</h1>
        {login.problem === undefined ? null : login.problem.code === "INVALID_CREDENTIALS" ? (
          <Notice tone="bad">{t("wrong")}</Notice>
        ) : (
          <ProblemNotice problem={login.problem} />
        )}
        <TextField label={t("username")} value={username} onChange={setUsername} autoComplete="username" isRequired />
        <TextField
          label={t("password")}
          type="password"
          value={password}
          onChange={setPassword}
          autoComplete="current-password"
          isRequired
        />
        <Button kind="primary" isSubmit isBusy={login.isRunning}>
          {t("log_in")}
        </Button>
      </form>
    </main>
  );
}
