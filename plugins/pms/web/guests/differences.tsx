import type { JSX } from "preact";

import { Button, Notice, useText } from "#web/mod.ts";
import css from "./guests.module.css";
import type en from "./locales/en.json";

/** Shows the fields that another desk has changed meanwhile: both values, and a button that takes the other one. */
export function Differences<N extends string>(props: {
  readonly rows: readonly {
    readonly name: N;
    readonly label: string;
    readonly mine: string;
    readonly theirs: string;
  }[];
  readonly onTake: (name: N) => void;
}): JSX.Element {
  const t = useText<typeof en>();
  const { rows, onTake } = props;
  return (
    <Notice tone="careful">
      <div class={css["conflict"]}>
        <span>{t(rows.length === 0 ? "guests.conflict_none" : "guests.conflict")}</span>
        {rows.map(({ name, label, mine, theirs }) => (
          <div key={name} class={css["difference"]}>
            <b>{label}</b>
            <span>{t("guests.yours", { value: mine === "" ? "–" : mine })}</span>
            <Button isSmall onPress={() => onTake(name)}>
              {t("guests.take", { value: theirs === "" ? "–" : theirs })}
            </Button>
          </div>
        ))}
      </div>
    </Notice>
  );
}
