import type { ComponentChildren, JSX } from "preact";

import { Empty } from "#web/mod.ts";
import type { Entry } from "./entry.ts";
import { StayRow } from "./stay_row.tsx";
import css from "./today.module.css";

/** A list of stays with a heading. */
export function StayList(props: {
  readonly title: string;
  readonly count?: string;
  readonly entries: readonly Entry[];
  readonly empty?: string;
  readonly tools?: ComponentChildren;
  readonly today: string;
  readonly chosen: string | undefined;
  readonly onChoose: (id: string) => void;
}): JSX.Element {
  const { title, count, entries, empty, tools, today, chosen, onChoose } = props;
  return (
    <section class={css["list"]} aria-label={title}>
      <header class={css["head"]}>
        <h2>{title}</h2>
        <span class={css["count"]}>{count ?? entries.length}</span>
        {tools}
      </header>
      {entries.length === 0 && empty !== undefined ? <Empty>{empty}</Empty> : null}
      <ul>
        {entries.map((entry) => (
          <StayRow
            key={entry.booking_id}
            entry={entry}
            today={today}
            isChosen={entry.booking_id === chosen}
            onChoose={() => onChoose(entry.booking_id)}
          />
        ))}
      </ul>
    </section>
  );
}
