import type { ComponentChildren, JSX } from "preact";

import css from "./kit.module.css";

/** The content of a page: its heading, buttons beside it, and what it shows. */
export function Page(props: {
  readonly title: string;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <div class={css["page"]}>
      <div class={css["pageHead"]}>
        <h1>{props.title}</h1>
        {props.actions === undefined ? null : <div class={css["noticeActions"]}>{props.actions}</div>}
      </div>
      {props.children}
    </div>
  );
}

/** A part of a page with a border. */
export function Panel(props: { readonly label?: string; readonly children: ComponentChildren }): JSX.Element {
  return (
    <section class={css["panel"]} aria-label={props.label}>
      {props.children}
    </section>
  );
}
