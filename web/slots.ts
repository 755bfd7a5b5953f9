/**
 * The places where plugins add to each other's screens, with what a widget gets there. A plugin that offers places
 * adds them: `declare module "#web/slots.ts" { interface Slots { "pms.booking.panel": { … } } }`.
 */
export interface Slots {
  /** The login, shown without a session. */
  "shell.login": { readonly onDone: () => unknown };
  /** The question for a PIN or password, shown over a locked session. */
  "shell.lock": { readonly username: string; readonly hasPin: boolean; readonly onDone: () => unknown };
  /** The choice of an own password, for a user whose password a manager has set. */
  "shell.new_password": { readonly onDone: () => unknown };
  /** Sections of the settings page. */
  "shell.settings": Readonly<Record<never, never>>;
  /** Below the top bar, across the page: what everyone at the desk must know. */
  "shell.banner": Readonly<Record<never, never>>;
}
