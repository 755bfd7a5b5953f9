/** A field that searches while one types, by the ARIA combobox pattern. */
import type { JSX, Ref } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";

import { Field } from "./field.tsx";
import css from "./kit.module.css";

export interface ComboboxOption<V> {
  readonly key: string;
  readonly label: string;
  readonly note?: string | undefined;
  readonly value: V;
}

export interface ComboboxProps<V> {
  readonly label: string;
  readonly hint?: string | undefined;
  readonly fault?: string | undefined;
  readonly text: string;
  readonly onText: (text: string) => void;
  /** Finds the options of a text. */
  readonly search: (text: string, signal: AbortSignal) => Promise<readonly ComboboxOption<V>[]>;
  readonly onChoose: (option: ComboboxOption<V>) => void;
  /** Called for Enter without a chosen option. */
  readonly onEnter?: (() => void) | undefined;
  readonly autoFocus?: boolean;
  readonly inputRef?: Ref<HTMLInputElement>;
}

/** Waits so long after the last letter (ms), so that a word is one search. */
const pauseMs = 120;

/**
 * The options always belong to the current text of the field. An answer for an earlier text is dropped. Enter chooses
 * nothing while the search runs.
 */
export function Combobox<V>(props: ComboboxProps<V>): JSX.Element {
  const { text, search, onChoose, onEnter } = props;
  const [found, setFound] = useState<{ readonly text: string; readonly options: readonly ComboboxOption<V>[] }>();
  const [at, setAt] = useState(-1);
  const [isOpen, setIsOpen] = useState(false);
  const list = useId();
  const latest = useRef(search);
  latest.current = search;
  const options = found?.text === text ? found.options : [];
  const isShown = isOpen && options.length > 0;

  useEffect(() => {
    if (!isOpen || text.trim() === "") return undefined;
    const gone = new AbortController();
    const timer = setTimeout(() => {
      latest.current(text, gone.signal).then(
        (next) => {
          if (gone.signal.aborted) return;
          setFound({ text, options: next });
          setAt(-1);
        },
        () => undefined,
      );
    }, pauseMs);
    return () => {
      clearTimeout(timer);
      gone.abort();
    };
  }, [text, isOpen]);

  const choose = (option: ComboboxOption<V> | undefined): void => {
    if (option === undefined) return;
    setIsOpen(false);
    onChoose(option);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      setIsOpen(true);
      const step = event.key === "ArrowDown" ? 1 : -1;
      setAt((now) => (options.length === 0 ? -1 : (now + step + options.length) % options.length));
    } else if (event.key === "Enter") {
      if (isShown && at >= 0) choose(options[at]);
      else if (onEnter === undefined) return;
      else onEnter();
    } else if (event.key === "Escape" && isShown) {
      event.stopPropagation();
      setIsOpen(false);
    } else return;
    event.preventDefault();
  };
  return (
    <Field label={props.label} hint={props.hint} fault={props.fault}>
      {(wiring) => (
        <div class={css["combobox"]}>
          <input
            {...wiring}
            ref={props.inputRef ?? null}
            type="text"
            role="combobox"
            autoComplete="off"
            // The person has asked for this field by opening its form.
            autofocus={props.autoFocus}
            aria-expanded={isShown}
            aria-controls={list}
            aria-autocomplete="list"
            aria-activedescendant={isShown && at >= 0 ? `${list}-${at}` : undefined}
            value={text}
            onInput={(event) => {
              setIsOpen(true);
              props.onText(event.currentTarget.value);
            }}
            onKeyDown={onKeyDown}
            onBlur={() => setIsOpen(false)}
          />
          {isShown ? (
            <ul role="listbox" id={list} class={css["options"]} aria-label={props.label}>
              {options.map((option, index) => (
                <li
                  key={option.key}
                  id={`${list}-${index}`}
                  role="option"
                  aria-selected={index === at}
                  class={css["option"]}
                  // Before the field loses the focus, which would close the list.
                  onPointerDown={(event) => {
                    event.preventDefault();
                    choose(option);
                  }}
                >
                  {option.label}
                  {option.note === undefined ? null : <span class={css["optionNote"]}>{option.note}</span>}
                </li>
              ))}
            </ul>
          ) : null}
        </div>
      )}
    </Field>
  );
}
