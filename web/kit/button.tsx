import type { ComponentChildren, JSX } from "preact";

import { Icon, type IconName } from "./icons.tsx";
import css from "./kit.module.css";

export interface ButtonProps {
  readonly children?: ComponentChildren;
  readonly kind?: "plain" | "primary" | "danger" | "quiet";
  readonly isSmall?: boolean;
  readonly icon?: IconName;
  /** The name of a button that shows only an icon. */
  readonly label?: string;
  /** The key that does the same, such as `i`. */
  readonly shortcut?: string | undefined;
  /** Why the button can't be used now. The button stays in the tab order, so that a screen reader can read it. */
  readonly blockedBy?: string | undefined;
  readonly isBusy?: boolean;
  readonly isSubmit?: boolean;
  readonly isPressed?: boolean;
  /** For a button that shows and hides further content. */
  readonly isExpanded?: boolean;
  readonly onPress?: ((event: MouseEvent) => unknown) | undefined;
  readonly class?: string | undefined;
}

/** A button. Its tooltip names its key. */
export function Button(props: ButtonProps): JSX.Element {
  const {
    children,
    kind = "plain",
    isSmall,
    icon,
    label,
    shortcut,
    blockedBy,
    isBusy,
    isSubmit,
    isPressed,
    onPress,
  } = props;
  const isBlocked = blockedBy !== undefined || isBusy === true;
  const classes = [
    css["button"],
    kind === "plain" ? undefined : css[kind],
    isSmall === true ? css["small"] : undefined,
    children === undefined ? css["iconOnly"] : undefined,
    props.class,
  ];
  return (
    <button
      type={isSubmit === true ? "submit" : "button"}
      class={classes.filter((name) => name !== undefined).join(" ")}
      aria-label={label}
      aria-disabled={isBlocked ? "true" : undefined}
      aria-pressed={isPressed}
      aria-expanded={props.isExpanded}
      aria-busy={isBusy}
      aria-keyshortcuts={shortcut}
      title={blockedBy ?? titleOf(label, shortcut)}
      onClick={(event) => {
        if (isBlocked) event.preventDefault();
        else onPress?.(event);
      }}
    >
      {icon === undefined ? null : <Icon name={icon} />}
      {children}
    </button>
  );
}

function titleOf(label: string | undefined, shortcut: string | undefined): string | undefined {
  const key = shortcut === undefined ? undefined : `(${shortcut})`;
  const parts = [label, key].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.join(" ");
}
