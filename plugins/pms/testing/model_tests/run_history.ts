/** Runs a history on a desk and on the model, and compares each answer. Then `compareAll` compares the whole hotel. */
import { expect } from "chai";

import { instantOf } from "../../../../core/mod.ts";
import type { Call, Desk, Outcome } from "./direct_desk.ts";
import { isMovable, fewestMoves } from "./model/desk.ts";
import { move } from "./model/move.ts";
import { dayNumber, dayText, type ModelBooking, type ModelFigures, type ModelGuest, Refusal } from "./model/data.ts";
import { type ModelHotel, runsOf } from "./model/hotel.ts";
import { predict, type Prediction } from "./model/answer.ts";
import { callOf, type Step } from "./steps.ts";

/** Returns the present time of a model's hotel. */
export const momentOf = (model: ModelHotel, { timeZone }: { readonly timeZone: string }): Date =>
  instantOf(dayText(model.calendarDay()), `${String(model.clock.hour).padStart(2, "0")}:00`, timeZone);

/** Counts the answers by operation and code, such as `checkIn OK` and `checkIn WRONG_DAY`. */
export type Tally = Map<string, number>;

export interface HistoryRun {
  readonly model: ModelHotel;
  readonly desk: Desk;
  readonly tally: Tally;
  /** Ends or restores the hotel's subscription in the database. */
  setLapsed(isLapsed: boolean): Promise<void>;
}

/** Runs the steps one after the other. @throws AssertionError for the first answer that differs from the model */
export async function runHistory(run: HistoryRun, steps: readonly Step[]): Promise<void> {
  const { model } = run;
  for (const [index, step] of steps.entries()) {
    const at = `step ${index}, ${JSON.stringify(step)}`;
    if (step.kind === "set subscription") {
      await run.setLapsed(step.isLapsed);
      model.isLapsed = step.isLapsed;
      continue;
    }
    if (step.kind === "set clock") {
      model.clock = step;
      continue;
    }
    const call = callOf(step, model);
    if (call === undefined) continue;
    if (call.id === "repackRooms")
      await runRepack(run, call, step.kind === "repack" && step.apply === "shown plan", at);
    else {
      const { today } = model;
      await runCall(run, call, at);
      // A close of the day also moves the calendar by a day, so that it stays as far ahead of the business date.
      model.clock = { ...model.clock, ahead: model.clock.ahead + model.today - today };
    }
  }
}

async function send({ desk, tally }: HistoryRun, call: Call): Promise<Outcome> {
  const outcome = await desk(call);
  count(tally, `${call.id} ${outcome.code}`);
  return outcome;
}

function count(tally: Tally, line: string): void {
  tally.set(line, (tally.get(line) ?? 0) + 1);
}

async function runCall(run: HistoryRun, call: Call, at: string): Promise<void> {
  const { model } = run;
  const expected = predict(model, call);
  const { code, body } = await send(run, call);
  expect(code, `${at}: ${JSON.stringify(body)}`).to.equal(expected.code);
  if (expected.booking !== undefined) {
    adoptIds(model, expected.booking, body);
    model.latestBookingId = expected.booking.id;
    expect(body, at).to.deep.include(viewOf(model, expected.booking));
  }
  if (expected.roomTaken !== undefined) checkRoomTaken(expected, body, at);
  if (expected.rooms !== undefined) {
    const [from, to] = [dayNumber(body.check_in as string), dayNumber(body.check_out as string)];
    const quotes = expected.rooms.map((room) => {
      const nights = Array.from({ length: to - from }, (_, night) => model.price(room, from + night));
      return [room.id, nights.map((rate) => model.text(rate)), model.text(nights.reduce((sum, rate) => sum + rate, 0))];
    });
    const answered = (body.items as Quote[]).map(({ room_id, nights, total_amount }) => [
      room_id,
      nights.map(({ rate }) => rate),
      total_amount,
    ]);
    expect(answered, at).to.deep.equal(quotes);
  }
  if (expected.figures !== undefined) {
    expect(body, at).to.deep.include(figuresView(model, expected.figures));
    for (const name of ["overstays", "overdue"])
      if ((expected.figures[name] ?? 0) > 0) count(run.tally, `${call.id} ${name}`);
  }
  // If no room of the type is free, the answer offers moves that make one free.
  if (code === "NO_ROOM_FREE") checkOffer(model, call, body.repack as Plan, at);
}

interface Quote {
  readonly room_id: string;
  readonly nights: readonly { readonly rate: string }[];
  readonly total_amount: string;
}

/** Copies the ids of a new booking and a new guest from the answer into the model. */
function adoptIds(model: ModelHotel, booking: ModelBooking, body: { booking_id: string; guest_id: string }): void {
  if (booking.id === "") booking.id = body.booking_id;
  if (booking.guest.id !== "") return;
  expect(model.guests.map(({ id }) => id)).not.to.include(body.guest_id);
  booking.guest = { ...booking.guest, id: body.guest_id };
  model.guests.push(booking.guest);
}

/** Returns the booking as an answer shows it. */
function viewOf(model: ModelHotel, booking: ModelBooking): Record<string, unknown> {
  return {
    booking_id: booking.id,
    guest_id: booking.guest.id,
    guest: { name: booking.name, email: booking.email, phone: null },
    room_id: booking.room.id,
    room_number: booking.room.number,
    room_locked: booking.roomLocked,
    status: booking.status,
    arrival: dayText(booking.arrival),
    departure: dayText(booking.departure),
    adults: booking.adults,
    children: booking.children,
    nights: [...booking.nights]
      .sort(([a], [b]) => a - b)
      .map(([day, { room, rate, rackRate, hasAgreedPrice }]) => ({
        date: dayText(day),
        room_id: room.id,
        rate: model.text(rate),
        rack_rate: hasAgreedPrice ? model.text(rackRate) : null,
      })),
    total_amount: model.text(model.total(booking)),
    waived_amount: waivedOf(model, booking),
    rack_amount: model.rackTotal(booking) === null ? null : model.text(model.rackTotal(booking) ?? 0),
  };
}

function waivedOf(model: ModelHotel, { waivedNights }: ModelBooking): string | null {
  return waivedNights === undefined
    ? null
    : model.text([...waivedNights.values()].reduce((sum, { rate }) => sum + rate, 0));
}

function figuresView(model: ModelHotel, figures: ModelFigures): Record<string, unknown> {
  const isMoney = (name: string): boolean => name.endsWith("revenue");
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [name, isMoney(name) ? model.text(value) : value]),
  );
}

function checkRoomTaken(
  { roomTaken }: Prediction,
  body: { nights: string[]; free_rooms: { room_id: string }[] },
  at: string,
) {
  expect(body.nights, at).to.deep.equal(roomTaken?.nights.map(dayText));
  expect(
    body.free_rooms.map(({ room_id }) => room_id),
    at,
  ).to.deep.equal(roomTaken?.offeredRoomIds);
}

type Plan =
  | {
      readonly room_id: string;
      readonly moves: readonly { booking_id: string; from_room_id: string; to_room_id: string }[];
    }
  | undefined;

/**
 * Sends a preview of repacking and checks its plan. If the call applies the plan, it sends that too.
 * @param afterPreview whether to apply exactly the plan of the preview
 */
async function runRepack(run: HistoryRun, call: Call, afterPreview: boolean, at: string): Promise<void> {
  const { model } = run;
  const stay = call.body as unknown as { check_in: string; check_out: string; room_type_id: unknown; apply: boolean };
  const preview = await send(run, { id: call.id, body: { ...call.body, apply: false, plan: undefined } });
  const refusal = stayRefusal(model, stay);
  if (refusal !== undefined) return void expect(preview.code, at).to.equal(refusal);
  const plan = preview.code === "OK" ? (preview.body as Plan) : undefined;
  expect(preview.code, at).to.equal(plan === undefined ? "NO_ROOM_FREE" : "OK");
  checkRepack(model, stay, plan, at);
  if (!stay.apply || plan === undefined) return;
  const applied = await send(
    run,
    afterPreview ? { id: call.id, body: { ...call.body, plan: preview.body.plan } } : call,
  );
  const isStale = call.body?.["plan"] !== undefined;
  expect(applied.code, at).to.equal(model.isLapsed ? "SUBSCRIPTION_LAPSED" : isStale ? "REPACK_CHANGED" : "OK");
  if (applied.code !== "OK") return;
  expect(applied.body, at).to.deep.equal({ ...preview.body, applied: true });
  applyPlan(model, plan);
  expect(model.isFree(model.roomOf(plan.room_id), dayNumber(stay.check_in), dayNumber(stay.check_out)), at).to.equal(
    true,
  );
}

/** Returns the code of the refusal that a booking of the same stay would get, or undefined. */
function stayRefusal(
  model: ModelHotel,
  { check_in, check_out, room_type_id }: { check_in: string; check_out: string; room_type_id: unknown },
): string | undefined {
  const [from, to] = [dayNumber(check_in), dayNumber(check_out)];
  if (to <= from || to > from + 366 || from < model.today) return "VALIDATION_FAILED";
  try {
    model.requireArrival(model.typeOf(room_type_id), from, to);
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
  return undefined;
}

function applyPlan(model: ModelHotel, plan: NonNullable<Plan>): void {
  move(
    model,
    plan.moves.map(({ booking_id, to_room_id }) => ({ booking: model.bookingOf(booking_id), to: to_room_id })),
  );
}

/** Checks the moves that the refusal of a booking or an amendment offers. An omitted date is the booking's own. */
function checkOffer(model: ModelHotel, { params = {}, body = {} }: Call, plan: Plan, at: string): void {
  const amended = model.bookings.find(({ id }) => id === params["booking_id"]);
  const {
    room_type_id,
    check_in_at: check_in = dayText(amended?.arrival ?? 0),
    expected_check_out_at: check_out = dayText(amended?.departure ?? 0),
  } = body;
  // The desk offers no moves for a stay that begins before the business date.
  if (dayNumber(check_in as string) < model.today) expect(plan, at).to.equal(undefined);
  else checkRepack(model, { room_type_id, check_in, check_out }, plan, at);
}

/**
 * Checks a plan of repacking. All its moves must be possible and make a room free. If one move is enough, the plan must
 * not have more.
 */
function checkRepack(
  model: ModelHotel,
  stay: { readonly room_type_id: unknown; readonly check_in: unknown; readonly check_out: unknown },
  plan: Plan,
  at: string,
): void {
  const [from, to] = [dayNumber(stay.check_in as string), dayNumber(stay.check_out as string)];
  const fewest = fewestMoves(model, model.typeOf(stay.room_type_id), from, to);
  if (plan === undefined) return void expect(fewest, at).to.equal("more");
  if (fewest === "more") expect(plan.moves.length, at).to.be.greaterThan(1);
  else expect(plan.moves.length, at).to.equal(fewest);
  const before = model.bookings.map((booking) => ({ booking, room: booking.room, nights: booking.nights }));
  const room = model.roomOf(plan.room_id);
  expect([room.type.id, model.canBeSold(room, to)], at).to.deep.equal([stay.room_type_id, true]);
  for (const { booking_id, from_room_id, to_room_id } of plan.moves) {
    const booking = model.bookingOf(booking_id);
    expect(isMovable(model, booking), at).to.equal(true);
    expect([booking.room.id, model.roomOf(to_room_id).type.id], at).to.deep.equal([from_room_id, room.type.id]);
  }
  try {
    applyPlan(model, plan);
    expect(model.isFree(room, from, to), at).to.equal(true);
  } catch (error) {
    if (error instanceof Refusal) expect.fail(`${at}: the plan is refused as ${error.code}`);
    throw error;
  } finally {
    for (const { booking, ...former } of before) Object.assign(booking, former);
  }
}

/** Compares the bookings, the guests, the tape chart, the board and the closed days with the model. */
export async function compareAll({ model, desk }: HistoryRun): Promise<void> {
  const list = await desk({ id: "listBookings", query: { limit: "200" } });
  const byId = <T extends { booking_id: string }>(items: readonly T[]): T[] =>
    [...items].sort((a, b) => (a.booking_id < b.booking_id ? -1 : 1));
  const expected = byId(model.bookings.map((booking) => viewOf(model, booking) as { booking_id: string }));
  const listed = byId(list.body.items as { booking_id: string }[]);
  expect(listed).to.have.length(expected.length);
  for (const [index, booking] of expected.entries()) expect(listed[index]).to.deep.include(booking);
  await compareGuests(model, desk);
  const chart = await desk({ id: "readChart", query: { from: dayText(-5), to: dayText(80) } });
  expect(chartLines(chart.body.rooms as ChartRoom[])).to.deep.equal(modelLines(model));
  const board = await desk({ id: "readBoard" });
  const lists = ["arrivals", "departures", "in_house", "overdue", "arrived", "left"] as const;
  expect(
    lists.map((name) => (board.body[name] as { booking_id: string }[]).map((one) => one.booking_id).sort()),
  ).to.deep.equal(modelBoard(model).map((bookings) => bookings.map(({ id }) => id).sort()));
  expect((board.body.dirty_rooms as { room_number: string }[]).map((room) => room.room_number)).to.deep.equal(
    model.rooms
      .filter(({ isDirty, retiredFrom }) => isDirty && (retiredFrom === null || model.today < retiredFrom))
      .map(({ number }) => number),
  );
  const closed = await desk({ id: "listDailyFigures", query: { limit: "200" } });
  const figures = [...model.closedDays].sort(([a], [b]) => b - a);
  expect(closed.body.items).to.have.length(figures.length);
  for (const [index, [day, facts]] of figures.entries()) {
    expect(closed.body.items[index]).to.deep.include({ business_date: dayText(day), ...figuresView(model, facts) });
  }
}

/** Compares the list of guests, which has no merged guest, and the profile of each guest. */
async function compareGuests(model: ModelHotel, desk: Desk): Promise<void> {
  const ids = (guests: readonly { readonly id: string }[]): string[] => guests.map(({ id }) => id).sort();
  const profileOf = (guest: ModelGuest): Record<string, unknown> => ({
    guest_id: guest.id,
    name: guest.name,
    email: guest.email,
    merged_into: guest.mergedInto?.id ?? null,
    merged_guests: ids(model.guests.filter(({ mergedInto }) => mergedInto === guest)),
    bookings: model.bookings.filter((booking) => booking.guest === guest).length,
  });
  const list = await desk({ id: "listGuests", query: { limit: "200" } });
  const profiles = list.body.items as { guest_id: string }[];
  const unmerged = model.guests.filter(({ mergedInto }) => mergedInto === null);
  expect(profiles.map(({ guest_id: id }) => id).sort()).to.deep.equal(ids(unmerged));
  for (const guest of model.guests) {
    const listed = profiles.find(({ guest_id: id }) => id === guest.id);
    const body = listed ?? (await desk({ id: "readGuest", params: { guest_id: guest.id } })).body;
    expect(body).to.deep.include(profileOf(guest));
  }
}

interface ChartRoom {
  readonly room_number: string;
  readonly stays: readonly { booking_id: string; status: string; from: string; to: string }[];
  readonly closures: readonly { from: string; to: string }[];
}

const chartLine = (room: string, content: string, from: string, to: string): string =>
  [room, from, to, content].join(" ");

/** Writes each stay and each closure of the tape chart as a line. */
function chartLines(rooms: readonly ChartRoom[]): string[] {
  return rooms
    .flatMap(({ room_number: room, stays, closures }) => [
      ...stays.map(({ booking_id, status, from, to }) => chartLine(room, `${status} ${booking_id}`, from, to)),
      ...closures.map(({ from, to }) => chartLine(room, "closed", from, to)),
    ])
    .sort();
}

/** Writes the same lines from the model. */
function modelLines({ bookings, closures }: ModelHotel): string[] {
  const stays = bookings.flatMap(({ id, status, nights, allocatedNights }) =>
    runsOf(new Map([...nights].filter(([day]) => allocatedNights.has(day)))).map(({ room, from, to }) =>
      chartLine(room.number, `${status} ${id}`, dayText(from), dayText(to)),
    ),
  );
  const closed = closures.map(({ room, from, to }) => chartLine(room.number, "closed", dayText(from), dayText(to)));
  return [...stays, ...closed].sort();
}

/** Returns the lists of the board: arrivals, departures, in house, overdue, arrived, left. */
function modelBoard({ bookings, today }: ModelHotel): ModelBooking[][] {
  const inHouse = bookings.filter(({ status }) => status === "in_house");
  const expected = bookings.filter(({ status, arrival }) => status === "confirmed" && arrival <= today);
  return [
    expected.filter(({ arrival }) => arrival === today),
    inHouse.filter(({ departure }) => departure === today),
    inHouse,
    [...inHouse.filter(({ departure }) => departure < today), ...expected.filter(({ arrival }) => arrival < today)],
    bookings.filter(({ checkedInOn }) => checkedInOn === today),
    bookings.filter(({ status, statusOn }) => status === "checked_out" && statusOn === today),
  ];
}
