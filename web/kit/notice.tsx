import type { ComponentChildren, JSX } from "preact";

import type { Problem } from "../api/problem.ts";
import { textOf } from "../i18n/messages.ts";
import type en from "../i18n/locales/en.json";
import { Button } from "./button.tsx";
import { Icon } from "./icons.tsx";
import css from "./kit.module.css";
import { problemText } from "./problem_text.ts";

const t = textOf<typeof en>("shell");

/** A message in the page. `bad` and `careful` are read at once by a screen reader. */
export function Notice(props: {
  readonly tone?: "good" | "careful" | "bad";
  readonly children: ComponentChildren;
  readonly actions?: ComponentChildren;
}): JSX.Element {
  const tone = props.tone ?? "good";
  return (
    <div class={`${css["notice"]} ${css[tone]}`} role={tone === "good" ? "status" : "alert"}>
      <Icon name={tone === "good" ? "info" : "warning"} />
      <div class={css["noticeBody"]}>
        <div>{props.children}</div>
        {props.actions === undefined ? null : <div class={css["noticeActions"]}>{props.actions}</div>}
      </div>
    </div>
  );
}

/** Says why a call was refused, in the user's language, and offers what can be done. */
export function ProblemNotice(props: {
  readonly problem: Problem;
  readonly onRetry?: (() => unknown) | undefined;
  readonly actions?: ComponentChildren;
}): JSX.Element {
  const { problem, onRetry } = props;
  return (
    <Notice
      tone={problem.status >= 500 || problem.status === 0 ? "careful" : "bad"}
      actions={
        <>
          {props.actions}
          {onRetry === undefined ? null : (
            <Button isSmall onPress={onRetry}>
              {t("try_again")}
            </Button>
          )}
        </>
      }
    >
      {problemText(problem)}
      {problem.status >= 500 && problem.requestId !== "" ? (
        <div class={css["hint"]}>{t("request_id", { id: problem.requestId })}</div>
      ) : null}
    </Notice>
  );
}

/** Says that there is nothing, and what to do next. */
export function Empty(props: { readonly children: ComponentChildren }): JSX.Element {
  return <div class={css["empty"]}>{props.children}</div>;
}

/** Gray shapes where content will be. They appear after 150 ms. */
export function Skeleton(props: { readonly rows?: number; readonly height?: number }): JSX.Element {
  const height = `${props.height ?? 28}px`;
  return (
    <div aria-busy="true" aria-label={t("loading")} role="status" class={css["panelBody"]}>
      {Array.from({ length: props.rows ?? 4 }, (_none, row) => (
        <div key={row} class={css["skeleton"]} style={{ height }} />
      ))}
    </div>
  );
}
