import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import css from "./kit.module.css";

/** Waits so long after the last letter (ms), so that a word is one search. */
const pauseMs = 200;

/** A field that narrows a list. It reports a text after a short pause, and at once after Enter. */
export function FindField(props: {
  readonly label: string;
  /** The text by which the list is narrowed now. */
  readonly value: string;
  readonly onFind: (text: string) => void;
}): JSX.Element {
  const { label, value, onFind } = props;
  const [text, setText] = useState(value);
  // The address can change without this field: by the browser's back button.
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text.trim() === value) return undefined;
    const timer = setTimeout(() => onFind(text.trim()), pauseMs);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <input
      class={css["input"]}
      type="search"
      aria-label={label}
      placeholder={label}
      value={text}
      onInput={(event) => setText(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === "Enter") onFind(text.trim());
      }}
    />
  );
}
