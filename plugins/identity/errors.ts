import { defineProblems, problems } from "../../core/mod.ts";

export const identityProblems = defineProblems({
  USERNAME_TAKEN: { status: 409, title: "The username is taken" },
  LAST_MANAGER: { status: 409, title: "A hotel needs a manager" },
  PASSWORD_TOO_WEAK: { status: 400, title: "The password is too easy to guess" },
  OWN_PASSWORD: { status: 403, title: "Your own password needs the old one" },
  PASSWORD_CHANGE_REQUIRED: { status: 403, title: "The password must be changed first" },
  PASSWORD_REQUIRED: { status: 403, title: "Only the password unlocks the session now" },
  INVALID_CREDENTIALS: { status: 401, title: "The login is not valid" },
});

/** The problem for a user of another hotel and for one that does not exist. */
export const noSuchUser = () => problems.NOT_FOUND("This hotel has no such user.");
