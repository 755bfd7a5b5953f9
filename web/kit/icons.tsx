/** Icons of lucide (https://lucide.dev, ISC license), as paths of a 24 by 24 grid. */
import type { JSX } from "preact";

import paths from "./icons.json" with { type: "json" };

/** The name of an icon. */
export type IconName = keyof typeof paths;

/** An icon in the color of the text. It is decoration: the text beside it, or its button's label, has the meaning. */
export function Icon({ name, size = 16 }: { readonly name: IconName; readonly size?: number }): JSX.Element {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="2"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={paths[name]} />
    </svg>
  );
}
