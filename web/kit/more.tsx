import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { Button } from "./button.tsx";
import css from "./kit.module.css";

/** A button that shows further buttons. It is a disclosure, so each button in it is an ordinary one. */
export function More(props: { readonly label: string; readonly children: ComponentChildren }): JSX.Element {
  const [isOpen, setIsOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!isOpen) return undefined;
    const close = (event: Event): void => {
      if (event instanceof KeyboardEvent && event.key !== "Escape") return;
      const isInside = event.target instanceof Node && root.current?.contains(event.target) === true;
      if (event.type === "pointerdown" && isInside) return;
      event.stopPropagation();
      setIsOpen(false);
      if (event instanceof KeyboardEvent) root.current?.querySelector("button")?.focus();
    };
    document.addEventListener("pointerdown", close, true);
    document.addEventListener("keydown", close, true);
    return () => {
      document.removeEventListener("pointerdown", close, true);
      document.removeEventListener("keydown", close, true);
    };
  }, [isOpen]);
  return (
    <div ref={root} class={css["more"]}>
      <Button
        kind="quiet"
        isSmall
        icon="more"
        label={props.label}
        isExpanded={isOpen}
        onPress={() => setIsOpen(!isOpen)}
      />
      {isOpen ? (
        <div class={css["moreList"]} onClick={() => setIsOpen(false)}>
          {props.children}
        </div>
      ) : null}
    </div>
  );
}
