import type { JSX, Ref } from "preact";
import { useState } from "preact/hooks";

import { daysBetween } from "../i18n/days.ts";
import { day } from "../i18n/format.ts";
import type en from "../i18n/locales/en.json";
import { locale, textOf } from "../i18n/messages.ts";
import { TextField } from "./field.tsx";
import { parseStay, type TypedStay } from "./typed_days.ts";

const t = textOf<typeof en>("shell");

/** A field that reads a typed stay, such as `fri 2n`, and says below which days it has understood. */
export function StayField(props: {
  readonly label: string;
  readonly today: string;
  readonly stay: TypedStay | undefined;
  /** Called with undefined until the text is understood as a stay from today on. */
  readonly onChange: (stay: TypedStay | undefined) => void;
  readonly onEnter: () => void;
  readonly inputRef?: Ref<HTMLInputElement>;
}): JSX.Element {
  const { label, today, stay, onChange } = props;
  const [typed, setTyped] = useState<{ readonly text: string; readonly stay: TypedStay | undefined }>();
  // A stay that was chosen elsewhere, such as in a grid, replaces the text.
  const text = typed !== undefined && isSameStay(typed.stay, stay) ? typed.text : "";
  return (
    <TextField
      label={label}
      value={text}
      placeholder={t("stay_example")}
      hint={
        stay === undefined
          ? undefined
          : t("stay", {
              arrival: day(stay.arrival, "weekday"),
              departure: day(stay.departure, "weekday"),
              nights: daysBetween(stay.arrival, stay.departure),
            })
      }
      fault={text !== "" && stay === undefined ? faultOf(text, today) : undefined}
      {...(props.inputRef === undefined ? {} : { inputRef: props.inputRef })}
      onEnter={props.onEnter}
      onChange={(next) => {
        const found = parseStay(next, today, locale.value);
        const ahead = found !== undefined && found.arrival >= today ? found : undefined;
        setTyped({ text: next, stay: ahead });
        onChange(ahead);
      }}
    />
  );
}

function faultOf(text: string, today: string): string {
  return parseStay(text, today, locale.value) === undefined ? t("stay_unknown") : t("stay_past");
}

function isSameStay(one: TypedStay | undefined, other: TypedStay | undefined): boolean {
  return one?.arrival === other?.arrival && one?.departure === other?.departure;
}
