import { Big } from "big.js";
import { expect } from "chai";
import fc from "fast-check";
import type { Knex } from "knex";
import { text } from "node:stream/consumers";

import { databaseFor } from "../../../core/db/database.ts";
import { openPool } from "../../../core/db/pool.ts";
import { processVariables } from "../../../core/config/env.ts";
import { loginRole, urlAs } from "../../../core/db/role_names.ts";
import { signUpHotel, startTestPlatform, testSecret } from "#testing/mod.ts";
import { type DeskDatabase, openDeskDatabase } from "../../pms/testing/desk_database.ts";
import { directDesk } from "../../pms/testing/model_tests/direct_desk.ts";
import { dayNumber, dayText } from "../../pms/testing/model_tests/model/data.ts";
import { type HotelKind, hotelKinds, insertHotel, setSubscription } from "../../pms/testing/insert_hotel.ts";
import { momentOf, runHistory } from "../../pms/testing/model_tests/run_history.ts";
import { history } from "../../pms/testing/model_tests/random_steps.ts";
import type { Step } from "../../pms/testing/model_tests/steps.ts";
import { inSnapshot } from "../build/snapshot.ts";
import { readCsv, waitForReport } from "../testing/bookings.ts";
import {
  arrivalRows,
  bookingColumns,
  bookingRows,
  type BookingsRange,
  type ReportedHotel,
  occupancyRows,
  revenueRows,
  type Row,
} from "../testing/report_model.ts";
import { kindOf } from "./mod.ts";

/** TOTALS=2000 runs 2,000 histories. The message of a failed run has its seed, and TOTALS_SEED runs it again. */
const { TOTALS = "36", TOTALS_SEED } = processVariables();
const runs = Number(TOTALS);
/** Shrinking ends after this time (ms), so that mocha still prints the seed. */
const most = { interruptAfterTimeLimit: 20_000 + runs * 1500, markInterruptAsFailure: true };
const parameters = { ...most, ...(TOTALS_SEED === undefined ? {} : { seed: Number(TOTALS_SEED) }) };

const statuses = ["confirmed", "in_house", "checked_out", "canceled", "no_show"];
/** All days that a history can touch. */
const wide = { from: dayText(-60), to: dayText(900) };

type Ends = Readonly<{ from?: string; to?: string }>;

/** Ranges of days around those of a history. Each end can be open. */
const ends: fc.Arbitrary<Ends> = fc
  .tuple(fc.option(fc.integer({ min: -3, max: 20 })), fc.option(fc.nat({ max: 12 })))
  .map(([from, length]) => ({
    ...(from === null ? {} : { from: dayText(from) }),
    ...(length === null ? {} : { to: dayText((from ?? 0) + length) }),
  }));

const question = fc.record({
  ends,
  by: fc.constantFrom("arrival" as const, "departure" as const, "created" as const),
  status: fc.option(fc.subarray(statuses, { minLength: 1 }), { nil: undefined }),
  columns: fc.option(fc.shuffledSubarray(bookingColumns, { minLength: 1 }), { nil: undefined }),
});
type Question = typeof question extends fc.Arbitrary<infer Q> ? Q : never;
const questions = fc.array(question, { minLength: 4, maxLength: 4 });

/** Half hours after the hotel's first day began in UTC, around midnight of many time zones. */
const moments = fc.array(fc.nat({ max: 12 * 48 }), { minLength: 1, maxLength: 20 });
const awkward = ["", "late, with a dog", 'say "hello"', "two\r\nlines", "=1+1", "-", "שלום 🛎️"];

interface Story {
  readonly steps: readonly Step[];
  readonly moments: readonly number[];
}
/** Two parties that use one room on one day, one after the other. Random histories seldom end on such a day. */
const dayUse: fc.Arbitrary<Step[]> = fc.nat({ max: 4 }).map((nth) => {
  const last = { isLatest: true, isSuitable: true, nth };
  const party = { adults: 1, children: 0 };
  const book = { by: "room" as const, nth, stay: { startsIn: 0, nights: 1 }, party, guest: nth, roomLocked: false };
  const comes: Step[] = [
    { kind: "book", ...book },
    { kind: "check in", booking: last },
  ];
  return [...comes, { kind: "check out", booking: last }, ...comes];
});
const steps = fc.tuple(history, fc.option(dayUse, { nil: [] })).map((parts) => parts.flat());
const story: fc.Arbitrary<Story> = fc.record({ steps, moments });

/** Runs a history at a desk, and then sets the values that the model can't predict: times of creation, and notes. */
async function playStory(owner: Knex, pool: Knex, kind: HotelKind, history: Story, given?: string) {
  const { hotelId, model } = await insertHotel(owner, kind, given);
  const setLapsed = (isLapsed: boolean) => setSubscription(owner, hotelId, isLapsed);
  await runHistory(
    { model, desk: directDesk(pool, hotelId, () => momentOf(model, kind)), tally: new Map(), setLapsed },
    history.steps,
  );
  const typeNames = new Map(model.types.map(({ id }, index) => [id, ['=Suite, "old"', "Twin"][index] as string]));
  for (const [id, name] of typeNames) await owner("pms.room_types").where({ room_type_id: id }).update({ name });
  const first = Date.parse(`${dayText(0)}T00:00:00Z`);
  const madeAt = new Map(
    model.bookings.map(({ id }, index) => {
      const halfHours = history.moments[index % history.moments.length] as number;
      // Some bookings are created a millisecond earlier.
      return [id, new Date(first + halfHours * 1_800_000 - (index % 3 === 0 ? 1 : 0))];
    }),
  );
  const notes = new Map(model.bookings.map(({ id }, index) => [id, awkward[index % awkward.length] as string]));
  for (const { id } of model.bookings) {
    const facts = { created_at: madeAt.get(id), notes: notes.get(id) === "" ? null : notes.get(id) };
    await owner("pms.bookings").where({ hotel_id: hotelId, booking_id: id }).update(facts);
  }
  const neutral = (name: string): string => (/^[=-]/.test(name) ? `'${name}` : name);
  const known: ReportedHotel = {
    model,
    currency: kind.currency,
    timeZone: kind.timeZone,
    madeAt,
    notes: new Map([...notes].map(([id, note]) => [id, neutral(note)])),
    typeNames: new Map([...typeNames].map(([id, name]) => [id, neutral(name)])),
  };
  return { hotelId, known };
}

/** The default request. */
const plain: Question = { ends: {}, by: "arrival", status: undefined, columns: undefined };

/** Generates a body for each kind. */
function bodiesOf({ ends, by, status, columns = bookingColumns }: Question): [kind: string, body: object][] {
  const more = { by, columns, ...(status && { status }) };
  return [
    ["bookings", { ...ends, ...more }],
    ["occupancy", ends],
    ["revenue", ends],
    ["arrivals", ends],
  ];
}

/** Computes the rows by the model. The last day of a month is the day before the next month's first. */
function foretell(known: ReportedHotel, kind: string, body: Ends & Partial<BookingsRange>): Row[] {
  const { from, to } = body;
  const today = dayText(known.model.today);
  if (kind === "bookings") {
    const { by = "arrival", status = statuses, columns = bookingColumns } = body;
    return bookingRows(known, { from: from ?? null, to: to ?? null, by, status, columns });
  }
  const start = (day: string): string => `${day.slice(0, 7)}-01`;
  const end = (day: string): string =>
    new Date(Date.UTC(Number(day.slice(0, 4)), Number(day.slice(5, 7)), 0)).toISOString().slice(0, 10);
  const days =
    kind === "arrivals"
      ? { from: from ?? to ?? today, to: to ?? from ?? today }
      : { from: from ?? start(to ?? today), to: to ?? end(from ?? today) };
  const numbers = { from: dayNumber(days.from), to: dayNumber(days.to) };
  if (kind === "occupancy") return occupancyRows(known, numbers);
  return kind === "revenue" ? revenueRows(known, numbers) : arrivalRows(known, numbers);
}

/** Reads an amount in whole minor units. It must have the currency's decimals. */
function minorOf(amount: string, { decimals }: HotelKind): bigint {
  expect(amount.split(".")[1]?.length ?? 0, amount).to.equal(decimals);
  return BigInt(amount.replace(".", ""));
}

const sumOf = (rows: readonly Row[], kind: HotelKind, ...columns: string[]): bigint =>
  rows.reduce((sum, row) => columns.reduce((more, column) => more + minorOf(row[column] as string, kind), sum), 0n);

describe("the totals of reports", function () {
  this.timeout(40_000 + runs * 2000);
  let database: DeskDatabase;
  let owner: Knex;
  let pool: Knex;
  before(async () => {
    database = await openDeskDatabase({ owner: 4, pool: 8 });
    ({ owner, pool } = database);
  });
  after(() => database.close());

  /** Reads the records of a report, and the count that was made before them. */
  const report = async (hotelId: string, { model }: ReportedHotel, kind: string, sent: object) => {
    const { body, normalize } = kindOf(kind);
    const asked = { kind, request: normalize(body.parse(sent), dayText(model.today)) };
    return inSnapshot({ db: databaseFor(pool, "reporting", true) }, hotelId, asked, async (snapshot) => {
      const count = await snapshot.count();
      return { count, rows: readCsv(await text(await snapshot.csv())) };
    });
  };

  /** Reads the sums in the database as its owner, without row-level security. */
  const books = async (hotelId: string, kind: HotelKind) => {
    const { rows } = (await owner.raw(
      `SELECT
         (SELECT coalesce(sum(total_amount), 0)::text FROM pms.bookings WHERE hotel_id = h.hotel_id) AS totals,
         (SELECT count(*)::int FROM pms.bookings WHERE hotel_id = h.hotel_id) AS bookings,
         (SELECT coalesce(sum(n.rate), 0)::text
          FROM pms.booking_nights n JOIN pms.bookings b USING (hotel_id, booking_id)
          WHERE n.hotel_id = h.hotel_id AND n.released IS NULL AND b.status <> 'canceled'
            AND NOT (b.status = 'confirmed' AND n.date < h.business_date)) AS nights,
         (SELECT coalesce(sum(room_revenue), 0)::text FROM pms.daily_figures WHERE hotel_id = h.hotel_id) AS closed
       FROM identity.hotels h WHERE h.hotel_id = ?`,
      [hotelId],
    )) as { rows: { totals: string; bookings: number; nights: string; closed: string }[] };
    const { totals = "0", bookings, nights = "0", closed = "0" } = rows[0] ?? {};
    const minor = (amount: string): bigint => BigInt(new Big(amount).times(10 ** kind.decimals).toFixed());
    return { bookings, totals: minor(totals), nights: minor(nights), closed: minor(closed) };
  };

  const lane = (kind: HotelKind) =>
    fc.assert(
      fc.asyncProperty(story, questions, async (history, asked) => {
        const { hotelId, known } = await playStory(owner, pool, kind, history);
        for (const [kind, body] of [...asked, plain].flatMap(bodiesOf)) {
          const { count, rows } = await report(hotelId, known, kind, body);
          const expected = foretell(known, kind, body);
          const title = `${kind} ${JSON.stringify(body)} on ${dayText(known.model.today)}`;
          expect(rows, title).to.deep.equal(expected);
          expect(Object.keys(rows[0] ?? {}), title).to.deep.equal(Object.keys(expected[0] ?? {}));
          expect(count, title).to.equal(rows.length);
        }
        const inBooks = await books(hotelId, kind);
        const all = (await report(hotelId, known, "bookings", {})).rows;
        expect([all.length, sumOf(all, kind, "total_amount")]).to.deep.equal([inBooks.bookings, inBooks.totals]);
        const months = (await report(hotelId, known, "revenue", wide)).rows;
        expect(sumOf(months, kind, "room_revenue", "no_show_revenue"), "nights on bills").to.equal(inBooks.nights);
        const days = (await report(hotelId, known, "occupancy", wide)).rows;
        const closed = days.filter((day) => day["closed"] === "true");
        expect(sumOf(closed, kind, "room_revenue"), "closed days").to.equal(inBooks.closed);
      }),
      { numRuns: Math.ceil(runs / hotelKinds.length), ...parameters },
    );

  it("After any history, every row equals the database and a model of the hotel to the cent", async () => {
    await Promise.all(hotelKinds.map(lane));
  });

  it("A built file and a stream have the same bytes", async () => {
    const platform = await startTestPlatform();
    const desks = openPool({ url: urlAs(platform.databaseUrl, loginRole, testSecret), max: 4, name: "test desks" });
    try {
      for (const kind of hotelKinds) {
        const settings = { currency: kind.currency, time_zone: kind.timeZone };
        const hotel = await signUpHotel(platform.client, settings);
        const [history] = fc.sample(story, { numRuns: 1, ...parameters });
        await playStory(platform.owner, desks, kind, history as Story, hotel.hotelId);
        const token = hotel.managerToken;
        const get = (path: string) => platform.client.get(path, { token });
        for (const [kind, body] of [
          ["bookings", {}],
          ["bookings", { by: "created", from: dayText(1), columns: ["notes", "created_at", "total_amount"] }],
          ["occupancy", wide],
          ["revenue", wide],
          ["arrivals", wide],
        ] as const) {
          const { body: asked } = await platform.client.post(`/reports/${kind}`, body, { token });
          const built = await waitForReport(platform, hotel, asked.report_id as string);
          const file = await get(`/reports/${String(built.report_id)}/download`);
          const headers = { accept: "text/csv" };
          const stream = await platform.client.post(`/reports/${kind}`, body, { token, headers });
          expect([file.status, stream.status], kind).to.deep.equal([200, 200]);
          expect(stream.text === file.text, `${kind} ${JSON.stringify(body)}`).to.equal(true);
          expect(readCsv(file.text), kind).to.have.length(built.progress.rows_total as number);
        }
      }
    } finally {
      await desks.destroy();
      await platform.close();
    }
  });
});
