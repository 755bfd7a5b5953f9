import { problems } from "../../../core/mod.ts";

/**
 * Returns the problem of a locked session.
 * @param user the name, and the kind of proof that a page asks for
 */
export function sessionLocked(user: { readonly username: string; readonly has_pin: boolean }) {
  const { username, has_pin } = user;
  return problems.SESSION_LOCKED("Unlock it at POST /auth/session/unlock, or log out.", {
    members: { username, has_pin },
  });
}
