/** The parts that a plugin adds to the browser app. They are the default export of its `web/mod.tsx`. */
import type { ComponentType } from "preact";

import type { Slots } from "../slots.ts";
import type { IconName } from "../kit/icons.tsx";

/** A module that is loaded when its component is shown for the first time. */
export type Load<P> = () => Promise<{ readonly default: ComponentType<P> }>;

/** An entry of the navigation at the side. */
export interface NavItem {
  /** Below `/app`, such as `/today`. */
  readonly path: string;
  /** A key of the plugin's messages. */
  readonly label: string;
  readonly icon: IconName;
  /** Its place: 10 is above 20. */
  readonly order: number;
  /** The id of the operation that the page can't do without. The entry is there for the roles that can call it. */
  readonly needs: string;
  /** The second letter after `g`, such as `t` for `g t`. */
  readonly key?: string;
}

export interface PageEntry {
  /** Below `/app`. May have parameters, such as `/print/:what`. */
  readonly path: string;
  readonly load: Load<Readonly<Record<string, string>>>;
}

/** A drawer over whatever page is there, while the address has its parameter: `?booking=<id>`. */
export interface DrawerEntry {
  readonly parameter: string;
  readonly load: Load<{ readonly id: string; readonly onClose: () => void }>;
}

export type Widget = {
  readonly [S in keyof Slots]: {
    readonly slot: S;
    /** Its place among the widgets of the slot: 10 is above 20. Default: 50. */
    readonly order?: number;
    readonly load: Load<Slots[S]>;
  };
}[keyof Slots];

/** A command of the palette, and a key everywhere if it has one. */
export interface Command {
  readonly id: string;
  /** A key of the plugin's messages. */
  readonly label: string;
  readonly key?: string;
  readonly icon?: IconName;
  /** Shows the command as a button in the bar at the top. */
  readonly isInBar?: boolean;
  /** Makes the business date in the bar a button that runs the command. */
  readonly isOnDate?: boolean;
  /** The id of the operation that the command needs. */
  readonly needs: string;
  readonly run: () => unknown;
}

/** Finds what a text of the palette can mean, such as guests by their names. */
export interface Finder {
  readonly needs: string;
  readonly find: (text: string, signal: AbortSignal) => Promise<readonly Finding[]>;
}

export interface Finding {
  readonly key: string;
  readonly label: string;
  readonly note?: string;
  readonly icon: IconName;
  readonly open: () => unknown;
}

export interface ScreensOfPlugin {
  readonly nav?: readonly NavItem[];
  readonly pages?: readonly PageEntry[];
  readonly drawers?: readonly DrawerEntry[];
  readonly widgets?: readonly Widget[];
  readonly commands?: readonly Command[];
  readonly finders?: readonly Finder[];
}

/** Declares the screens of a plugin. */
export function defineScreens(screens: ScreensOfPlugin): ScreensOfPlugin {
  return screens;
}
