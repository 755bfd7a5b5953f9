/** Dialogs and drawers, both native: the browser keeps the focus in them and gives it back. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

import { textOf } from "../i18n/messages.ts";
import type en from "../i18n/locales/en.json";
import { Button } from "./button.tsx";
import css from "./kit.module.css";

const t = textOf<typeof en>("shell");

export interface OverlayProps {
  readonly title: ComponentChildren;
  /** A line below the title. */
  readonly subtitle?: ComponentChildren;
  readonly children: ComponentChildren;
  /** Buttons at the bottom. */
  readonly actions?: ComponentChildren;
  readonly onClose: () => void;
  /** Makes the content a form, so that Enter submits it. */
  readonly onSubmit?: (() => unknown) | undefined;
  readonly isWide?: boolean;
}

function Overlay({ kind, ...props }: OverlayProps & { readonly kind: "dialog" | "drawer" }): JSX.Element {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = element.current;
    if (dialog === null) return undefined;
    // Firefox 115 does not give the focus back when an open dialog is removed from the page.
    const before = document.activeElement;
    dialog.showModal();
    return () => {
      dialog.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  const content = (
    <>
      <header class={css["panelHead"]}>
        <div>
          <h2 id={id}>{props.title}</h2>
          {props.subtitle}
        </div>
        <Button kind="quiet" icon="close" label={t("close")} shortcut="Escape" onPress={props.onClose} />
      </header>
      <div class={css["panelBody"]}>{props.children}</div>
      {props.actions === undefined ? null : <footer class={css["panelFoot"]}>{props.actions}</footer>}
    </>
  );
  return (
    <dialog
      ref={element}
      class={kind === "drawer" ? css["drawer"] : `${css["dialog"]} ${props.isWide === true ? css["wide"] : ""}`}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        props.onClose();
      }}
      onClick={(event) => {
        // A press on the veil hits the dialog itself.
        if (event.target === element.current) props.onClose();
      }}
    >
      {props.onSubmit === undefined ? (
        content
      ) : (
        <form
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            props.onSubmit?.();
          }}
        >
          {content}
        </form>
      )}
    </dialog>
  );
}

/** A question or a form over the page. */
export const Dialog = (props: OverlayProps): JSX.Element => <Overlay kind="dialog" {...props} />;

/** A panel at the side, over whatever page is there. */
export const Drawer = (props: OverlayProps): JSX.Element => <Overlay kind="drawer" {...props} />;
