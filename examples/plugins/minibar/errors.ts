import { defineProblems, problems } from "#core/mod.ts";

export const minibarProblems = defineProblems({
  GUEST_NOT_IN_HOUSE: { status: 409, title: "The guest is not in the house" },
});

/** Answers the same for a booking of another hotel and for an unknown id, so it does not reveal which ids exist. */
export const noSuchBooking = () => problems.NOT_FOUND("This hotel has no such booking.");

export const noSuchCharge = () => problems.NOT_FOUND("This hotel has no such charge.");
