import type { ComponentChildren, JSX } from "preact";

import css from "./login.module.css";

/** A form in the middle of the page, before anyone is logged in. */
export function Card(props: {
  readonly title: string;
  readonly children: ComponentChildren;
  readonly onSubmit: () => unknown;
}): JSX.Element {
  return (
    <main class={css["page"]}>
      <form
        class={css["card"]}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          props.onSubmit();
        }}
      >
        <h1>{props.title}</h1>
        {props.children}
      </form>
    </main>
  );
}
