import { defineProblems, problems } from "#core/mod.ts";

export const minibarProblems = defineProblems({
  GUEST_NOT_IN_HOUSE: { status: 409, title: "The guest is not in the house" },
});

/** The same for a booking of another hotel and for one that nobody has: the answer tells nothing about existence. */
export const noSuchBooking = () => problems.NOT_FOUND("This hotel has no such booking.");
