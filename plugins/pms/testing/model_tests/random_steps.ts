/** Random days at a desk. */
import fc from "fast-check";

import type { Change, Move, Price, Stay, Step, Who } from "./steps.ts";

const nth = fc.nat({ max: 1000 });
const who: fc.Arbitrary<Who> = fc.record({
  same: fc.integer({ min: 0, max: 9 }).map((roll) => roll % 3 === 1),
  // Not at an end of the range: those are drawn more often.
  fits: fc.integer({ min: 0, max: 9 }).map((roll) => roll !== 7),
  nth,
});
const rarely = fc.integer({ min: 0, max: 14 }).map((roll) => roll === 8);
const stay: fc.Arbitrary<Stay> = fc.record({
  in: fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(0, 0, 0, 0, 1, 1, 2, 3) },
    { weight: 1, arbitrary: fc.constant(-1) },
  ),
  nights: fc.oneof(
    { weight: 30, arbitrary: fc.integer({ min: 1, max: 5 }) },
    { weight: 1, arbitrary: fc.constantFrom(0, 400) },
  ),
});
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });
const minor = fc.integer({ min: 0, max: 40_000 });

/** Near the rates, or anywhere. */
const price: fc.Arbitrary<Price> = fc
  .tuple(
    fc.constantFrom("per_night" as const, "total" as const),
    fc.oneof(fc.integer({ min: 9_000, max: 11_500 }), minor),
  )
  .map(([name, amount]): Price => (name === "total" ? { total: 3 * amount } : { per_night: amount }));

const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ departure: fc.integer({ min: -3, max: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ arrival: fc.integer({ min: -2, max: 3 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ arrival: fc.integer({ min: -2, max: 3 }), departure: fc.integer({ min: -2, max: 3 }) }),
  },
  { weight: 2, arbitrary: fc.record({ type: nth, departure: maybe(fc.integer({ min: -2, max: 2 })) }) },
  { weight: 3, arbitrary: fc.record({ room: nth, departure: maybe(fc.integer({ min: -1, max: 3 })) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      price: fc.oneof(
        { weight: 3, arbitrary: price },
        { weight: 1, arbitrary: fc.constant({ withdrawn: true as const }) },
      ),
      departure: maybe(fc.integer({ min: -2, max: 2 })),
    }),
  },
  { weight: 1, arbitrary: fc.record({ adults: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ locked: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ notes: fc.constantFrom("quiet room", "late"), guest: maybe(nth) }) },
);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 14,
    arbitrary: fc.record({
      kind: fc.constant("book" as const),
      by: fc.constantFrom("room" as const, "type" as const),
      nth,
      stay,
      heads: fc.record({ adults: fc.constantFrom(1, 1, 1, 1, 2, 2, 2, 3), children: fc.constantFrom(0, 0, 0, 1) }),
      guest: nth,
      locked: rarely,
      price: fc.option(price, { nil: undefined, freq: 2 }),
      override: rarely,
      receptionist: rarely,
    }),
  },
  {
    weight: 9,
    arbitrary: fc.record({
      kind: fc.constant("amend" as const),
      who,
      change,
      override: rarely,
      receptionist: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("reinstate" as const), who, room: maybe(nth) }),
  },
  {
    weight: 23,
    arbitrary: fc.record({
      kind: fc.constantFrom<Move[]>(
        ...(["check in", "check in", "check in", "check out", "check out", "cancel", "no-show"] as const),
        ...(["undo check-in", "undo check-out", "undo check-out"] as const),
        ...(["waive", "waive", "undo waiver"] as const),
      ),
      who,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("has left" as const),
      who,
      ago: fc.constantFrom(0, 1, 1, 1, 2, 2, 3, -1),
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("move" as const), who, room: nth }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("swap" as const), who, other: who }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom("close" as const, "close" as const, "reopen" as const),
      room: nth,
      stay,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("rates" as const),
      type: nth,
      stay,
      rate: maybe(fc.option(minor)),
      minimum: maybe(fc.option(fc.integer({ min: 1, max: 4 }))),
      closed: maybe(rarely),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("room" as const),
      room: nth,
      status: maybe(fc.constantFrom("available", "available", "out_of_order", "out_of_service")),
      retired: fc.oneof(
        { weight: 3, arbitrary: fc.constantFrom(undefined, undefined, null) },
        { weight: 1, arbitrary: fc.constantFrom(0, 1, 3, 8, -1) },
      ),
      force: maybe(fc.boolean()),
      rate: maybe(fc.option(minor)),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("housekeeping" as const),
      room: nth,
      state: fc.constantFrom("clean", "dirty"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("quote" as const),
      stay,
      type: maybe(nth),
      guests: fc.integer({ min: 1, max: 3 }),
      restricted: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("repack" as const),
      type: nth,
      stay,
      apply: fc.constantFrom("no" as const, "shown" as const, "at once" as const, "another" as const),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("close day" as const),
      day: fc.constantFrom(0, 0, 0, 0, 0, 0, -1, 1),
      early: maybe(fc.boolean()),
      receptionist: maybe(fc.constantFrom(true, false, false)),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("policy" as const),
      charge: maybe(fc.constantFrom("none", "first_night", "full_stay")),
      overstays: maybe(fc.constantFrom("leave", "extend", "extend")),
      percent: maybe(fc.constantFrom(10, 10, 50, 100, 0)),
      closesFrom: maybe(fc.constantFrom(18, 18, 9, 23, 0, null)),
      receptionistsClose: maybe(fc.constantFrom(false, false, true)),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        "change guest" as const,
        "anonymize" as const,
        "merge" as const,
        "merge" as const,
        "unmerge" as const,
      ),
      nth,
      guest: nth,
    }),
  },
);

/** An amendment that is taken back, while the rates change: by its dates, or by its room type. */
const mistake: fc.Arbitrary<Step[]> = fc
  .record({ who, nights: fc.integer({ min: 1, max: 3 }), byType: fc.boolean(), type: nth, rate: minor })
  .map(({ who: whose, nights, byType, type, rate }): Step[] => {
    const amend = (again: Who, one: Change): Step => ({ kind: "amend", who: again, change: one });
    const same = { ...whose, same: true };
    const rates: Step = { kind: "rates", type, stay: { in: 0, nights: 12 }, rate };
    return byType
      ? [amend(whose, { type }), rates, amend(same, { type: type + 1 }), amend(same, { type })]
      : [amend(whose, { departure: -nights }), rates, amend(same, { departure: nights })];
  });

/** Mostly the morning after; the evening of the business day, the night after it, or days later too. */
const clock: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant("clock" as const),
  ahead: fc.constantFrom(0, 0, 1, 1, 1, 2, 4),
  hour: fc.constantFrom(1, 9, 17, 18, 23),
});

/** A history in one hand: with a subscription that may lapse and come back. */
export const history: fc.Arbitrary<Step[]> = fc
  .array(
    fc.oneof(
      { weight: 70, arbitrary: step.map((one) => [one]) },
      { weight: 4, arbitrary: mistake },
      { weight: 3, arbitrary: clock.map((one) => [one]) },
      {
        weight: 1,
        arbitrary: fc
          .record({ kind: fc.constant("subscription" as const), lapsed: fc.constantFrom(true, false, false, false) })
          .map((one): Step[] => [one]),
      },
    ),
    { minLength: 1, maxLength: 120, size: "max" },
  )
  .map((steps) => steps.flat());

/** What several clients do at once, each in its own order. */
export const clientsSteps = (clients: number, most: number): fc.Arbitrary<Step[][]> =>
  fc.array(fc.array(step, { minLength: 1, maxLength: most, size: "max" }), { minLength: clients, maxLength: clients });
