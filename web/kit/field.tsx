import type { ComponentChildren, JSX, Ref } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

import css from "./kit.module.css";

interface FieldProps {
  readonly label: string;
  readonly hint?: string | undefined;
  /** Why the value was refused. */
  readonly fault?: string | undefined;
}

interface Wiring {
  readonly id: string;
  readonly "aria-describedby": string | undefined;
  readonly "aria-invalid": "true" | undefined;
  readonly class: string | undefined;
}

/** A label, a control, a hint and a fault that belong together. */
export function Field({
  label,
  hint,
  fault,
  children,
}: FieldProps & { readonly children: (wiring: Wiring) => ComponentChildren }): JSX.Element {
  const id = useId();
  const described = [hint === undefined ? [] : [`${id}-hint`], fault === undefined ? [] : [`${id}-fault`]].flat();
  return (
    <div class={css["field"]}>
      <label class={css["label"]} for={id}>
        {label}
      </label>
      {children({
        id,
        "aria-describedby": described.length === 0 ? undefined : described.join(" "),
        "aria-invalid": fault === undefined ? undefined : "true",
        class: css["input"],
      })}
      {hint === undefined ? null : (
        <span class={css["hint"]} id={`${id}-hint`}>
          {hint}
        </span>
      )}
      {fault === undefined ? null : (
        <span class={css["fault"]} id={`${id}-fault`}>
          {fault}
        </span>
      )}
    </div>
  );
}

export interface TextFieldProps extends FieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly type?: "text" | "password" | "email" | "tel" | "number" | "date" | "time" | "search";
  readonly isRequired?: boolean;
  readonly maxLength?: number;
  readonly min?: string | number;
  readonly max?: string | number;
  readonly step?: number;
  readonly autoComplete?: string;
  readonly inputMode?: "numeric" | "decimal" | "text";
  readonly placeholder?: string;
  readonly isMultiline?: boolean;
  readonly inputRef?: Ref<HTMLInputElement>;
  /** Gets the focus when it appears: the first field of a form that the person has opened. */
  readonly takesFocus?: boolean;
  /** Replaces the submit of the form by Enter. */
  readonly onEnter?: () => void;
}

/** Preact's types have one case for each type of input. This one is chosen at run time. */
const typeOf = (type: string | undefined): "text" => (type ?? "text") as "text";

/** A field of text. */
export function TextField(props: TextFieldProps): JSX.Element {
  const { label, hint, fault, value, onChange, isRequired, isMultiline, inputRef, autoComplete, inputMode, ...more } =
    props;
  const { takesFocus, onEnter, ...rest } = more;
  const own = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (takesFocus === true) own.current?.focus();
  }, []);
  return (
    <Field label={label} hint={hint} fault={fault}>
      {(wiring) =>
        isMultiline === true ? (
          <textarea
            {...wiring}
            value={value}
            required={isRequired}
            maxLength={rest.maxLength}
            onInput={(event) => onChange(event.currentTarget.value)}
          />
        ) : (
          <input
            {...wiring}
            {...rest}
            type={typeOf(rest.type)}
            ref={inputRef ?? own}
            value={value}
            required={isRequired}
            autoComplete={autoComplete ?? "off"}
            inputMode={inputMode}
            onKeyDown={(event) => {
              if (event.key !== "Enter" || onEnter === undefined) return;
              event.preventDefault();
              onEnter();
            }}
            onInput={(event) => onChange(event.currentTarget.value)}
          />
        )
      }
    </Field>
  );
}

export interface SelectFieldProps<V extends string> extends FieldProps {
  readonly value: V;
  readonly options: readonly { readonly value: V; readonly label: string }[];
  readonly onChange: (value: V) => void;
}

/** A choice of a few values. */
export function SelectField<V extends string>(props: SelectFieldProps<V>): JSX.Element {
  const { label, hint, fault, value, options, onChange } = props;
  return (
    <Field label={label} hint={hint} fault={fault}>
      {(wiring) => (
        <select
          {...wiring}
          value={value}
          onChange={(event) => {
            const chosen = options[event.currentTarget.selectedIndex];
            if (chosen !== undefined) onChange(chosen.value);
          }}
        >
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

/** A value that is on or off. */
export function CheckField(props: {
  readonly label: string;
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
}): JSX.Element {
  return (
    <label class={css["check"]}>
      <input type="checkbox" checked={props.isOn} onChange={(event) => props.onChange(event.currentTarget.checked)} />
      {props.label}
    </label>
  );
}
