import type { JSX } from "preact";
import { useId } from "preact/hooks";

import css from "./kit.module.css";

export interface Tab<K extends string> {
  readonly key: K;
  readonly label: string;
  readonly content: () => JSX.Element | null;
}

/** Tabs by the ARIA pattern: the arrows change the tab, and Tab goes on to its content. */
export function Tabs<K extends string>(props: {
  readonly label: string;
  readonly tabs: readonly Tab<K>[];
  readonly current: K;
  readonly onChange: (key: K) => void;
}): JSX.Element {
  const id = useId();
  const at = Math.max(
    props.tabs.findIndex(({ key }) => key === props.current),
    0,
  );
  const go = (step: number): void => {
    const next = props.tabs[(at + step + props.tabs.length) % props.tabs.length];
    if (next === undefined) return;
    props.onChange(next.key);
    document.getElementById(`${id}-${next.key}`)?.focus();
  };
  const shown = props.tabs[at];
  return (
    <div>
      <div role="tablist" aria-label={props.label} class={css["tabs"]}>
        {props.tabs.map(({ key, label }) => (
          <button
            key={key}
            type="button"
            role="tab"
            id={`${id}-${key}`}
            class={css["tab"]}
            aria-selected={key === shown?.key}
            aria-controls={`${id}-panel`}
            tabIndex={key === shown?.key ? 0 : -1}
            onClick={() => props.onChange(key)}
            onKeyDown={(event) => {
              if (event.key === "ArrowRight") go(1);
              else if (event.key === "ArrowLeft") go(-1);
              else return;
              event.preventDefault();
            }}
          >
            {label}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${shown?.key ?? ""}`}>
        {shown?.content()}
      </div>
    </div>
  );
}
