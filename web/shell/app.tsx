import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import { readSession, session } from "../api/session.ts";
import { textOf } from "../i18n/messages.ts";
import type en from "../i18n/locales/en.json";
import { ProblemNotice } from "../kit/notice.tsx";
import { Frame } from "./frame.tsx";
import { Slot } from "./loaded.tsx";
import { Toasts } from "./undo.tsx";

const t = textOf<typeof en>("shell");

/** Shows the login, the lock, or the pages, by the state of the session. */
export function App(): JSX.Element | null {
  const state = session.value;
  useEffect(() => {
    // A session can end or be locked in another tab.
    const look = (): void => {
      if (document.visibilityState === "visible") void readSession();
    };
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, []);
  switch (state.is) {
    case "unknown":
      return null;
    case "out":
      return <Slot name="shell.login" props={{ onDone: readSession }} />;
    case "locked":
      return <Slot name="shell.lock" props={{ username: state.username, hasPin: state.hasPin, onDone: readSession }} />;
    case "failed":
      return (
        <main>
          <h1 class="visually-hidden">{t("app")}</h1>
          <ProblemNotice problem={state.problem} onRetry={readSession} />
        </main>
      );
    case "in":
      if (state.me.must_change_password) return <Slot name="shell.new_password" props={{ onDone: readSession }} />;
      return (
        <>
          <Frame me={state.me} />
          <Toasts />
        </>
      );
  }
}
