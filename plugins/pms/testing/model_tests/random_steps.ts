/** Generates random histories of a desk with fast-check. The weights make most steps succeed, and many be refused. */
import fc from "fast-check";

import type { BookingChoice, Change, Price, Stay, Step, Transition } from "./steps.ts";

const nth = fc.nat({ max: 1000 });
const bookingChoice: fc.Arbitrary<BookingChoice> = fc.record({
  isLatest: fc.integer({ min: 0, max: 9 }).map((roll) => roll % 3 === 1),
  // fast-check draws the ends of a range more often than the rest. So the rare case is a value inside of the range.
  isSuitable: fc.integer({ min: 0, max: 9 }).map((roll) => roll !== 7),
  nth,
});
/** True in one of 15 draws. The rare value is inside of the range for the same reason. */
const rarely = fc.integer({ min: 0, max: 14 }).map((roll) => roll === 8);
const stay: fc.Arbitrary<Stay> = fc.record({
  startsIn: fc.oneof(
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

/** Generates an agreed price. Most are near the rates, because a policy limits the difference. */
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
  { weight: 1, arbitrary: fc.record({ roomLocked: fc.boolean() }) },
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
      party: fc.record({ adults: fc.constantFrom(1, 1, 1, 1, 2, 2, 2, 3), children: fc.constantFrom(0, 0, 0, 1) }),
      guest: nth,
      roomLocked: rarely,
      price: fc.option(price, { nil: undefined, freq: 2 }),
      override: rarely,
      receptionist: rarely,
    }),
  },
  {
    weight: 9,
    arbitrary: fc.record({
      kind: fc.constant("amend" as const),
      booking: bookingChoice,
      change,
      override: rarely,
      receptionist: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("reinstate" as const), booking: bookingChoice, room: maybe(nth) }),
  },
  {
    weight: 23,
    arbitrary: fc.record({
      kind: fc.constantFrom<Transition[]>(
        ...(["check in", "check in", "check in", "check out", "check out", "cancel", "no-show"] as const),
        ...(["undo check-in", "undo check-out", "undo check-out"] as const),
        ...(["waive", "waive", "undo waiver"] as const),
      ),
      booking: bookingChoice,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("check out on day" as const),
      booking: bookingChoice,
      daysAgo: fc.constantFrom(0, 1, 1, 1, 2, 2, 3, -1),
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("move" as const), booking: bookingChoice, room: nth }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("swap" as const), booking: bookingChoice, other: bookingChoice }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom("close room" as const, "close room" as const, "reopen room" as const),
      room: nth,
      stay,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("set rates" as const),
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
      kind: fc.constant("change room" as const),
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
      kind: fc.constant("set housekeeping" as const),
      room: nth,
      state: fc.constantFrom("clean", "dirty"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("find free rooms" as const),
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
      apply: fc.constantFrom("no" as const, "shown plan" as const, "any plan" as const, "other plan" as const),
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
      kind: fc.constant("change policies" as const),
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

/** Generates an amendment of dates or room type, a change of rates, and an amendment back to the earlier stay. */
const undoneAmendment: fc.Arbitrary<Step[]> = fc
  .record({
    booking: bookingChoice,
    nights: fc.integer({ min: 1, max: 3 }),
    byType: fc.boolean(),
    type: nth,
    rate: minor,
  })
  .map(({ booking, nights, byType, type, rate }): Step[] => {
    const amend = (choice: BookingChoice, amended: Change): Step => ({
      kind: "amend",
      booking: choice,
      change: amended,
    });
    const latest = { ...booking, isLatest: true };
    const rates: Step = { kind: "set rates", type, stay: { startsIn: 0, nights: 12 }, rate };
    return byType
      ? [amend(booking, { type }), rates, amend(latest, { type: type + 1 }), amend(latest, { type })]
      : [amend(booking, { departure: -nights }), rates, amend(latest, { departure: nights })];
  });

/** Generates a time at the hotel. The day is mostly the day after the business date. */
const clock: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant("set clock" as const),
  ahead: fc.constantFrom(0, 0, 1, 1, 1, 2, 4),
  hour: fc.constantFrom(1, 9, 17, 18, 23),
});

/** Generates a history of one client, in which the subscription can lapse and come back. */
export const history: fc.Arbitrary<Step[]> = fc
  .array(
    fc.oneof(
      { weight: 70, arbitrary: step.map((single) => [single]) },
      { weight: 4, arbitrary: undoneAmendment },
      { weight: 3, arbitrary: clock.map((single) => [single]) },
      {
        weight: 1,
        arbitrary: fc
          .record({
            kind: fc.constant("set subscription" as const),
            isLapsed: fc.constantFrom(true, false, false, false),
          })
          .map((single): Step[] => [single]),
      },
    ),
    { minLength: 1, maxLength: 120, size: "max" },
  )
  .map((steps) => steps.flat());

/** Generates a list of steps for each of several concurrent clients. @param most the most steps of a client */
export const stepsOfClients = (clients: number, most: number): fc.Arbitrary<Step[][]> =>
  fc.array(fc.array(step, { minLength: 1, maxLength: most, size: "max" }), { minLength: clients, maxLength: clients });
