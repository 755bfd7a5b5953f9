import { expect } from "chai";

import { furnishHotel, type FurnishedHotel } from "../../plugins/pms/testing/hotel.ts";
import { query } from "../db/query.ts";
import { openPool } from "../db/pool.ts";
import { startTestPlatform, type TestPlatform } from "../../testing/platform.ts";

const dry = { Prefer: "dry-run" };

describe("A dry run", () => {
  let platform: TestPlatform;
  let hotel: FurnishedHotel;
  let bookingId: string;
  const call = (method: string, path: string, body: unknown, headers: Record<string, string> = dry) =>
    platform.client.call(method, path, body, { token: hotel.managerToken, headers });
  const reservation = (room: number, name = "Ada Lovelace") => ({
    room_id: hotel.roomIds[room],
    guest: { name },
    check_in_at: hotel.day(0),
    expected_check_out_at: hotel.day(2),
  });

  before(async () => {
    platform = await startTestPlatform({ worker: false });
    hotel = await furnishHotel(platform.client, { rooms: 2 });
    bookingId = (await call("POST", "/bookings/", reservation(0), {})).body.booking_id;
  });
  after(() => platform.close());

  const readBooking = async () => (await call("GET", `/bookings/${bookingId}`, undefined, {})).text;
  const tablesOf = ({ body }: { body: { changes: { table: string }[] } }) => body.changes.map(({ table }) => table);

  it("A new booking's dry run answers its price and its new rows, and books nothing", async () => {
    const answer = await call("POST", "/bookings/", reservation(1, "Ben Bitdiddle"));
    expect(answer.status).to.equal(200);
    expect(answer.headers.get("preference-applied")).to.equal("dry-run");
    expect(answer.headers.get("content-type")).to.include("application/vnd.keyrack.dry-run+json");
    expect(answer.headers.get("location")).to.equal(null);
    expect(answer.body).to.include({ status: 201 });
    expect(answer.body.body.total_amount).to.equal("200.00");
    expect(tablesOf(answer)).to.include.members([
      "pms.bookings",
      "pms.booking_nights",
      "pms.occupancies",
      "pms.guests",
    ]);
    expect(answer.body.total_changes).to.equal(answer.body.changes.length);
    const night = answer.body.changes.find(({ table }: { table: string }) => table === "pms.booking_nights");
    expect(night.before).to.equal(null);
    expect(Number(night.after.rate)).to.equal(100);
    expect(night.after.rate).to.be.a("string");
    const found = await call("GET", "/bookings/?guest=Bitdiddle", undefined, {});
    expect(found.body.items).to.deep.equal([]);
  });

  it("A check-in's dry run answers each row once, before and after, and leaves the booking as it was", async () => {
    const before = await readBooking();
    const answer = await call("PATCH", `/operations/check-in/${bookingId}`, {});
    const change = answer.body.changes.find(({ table }: { table: string }) => table === "pms.bookings");
    expect([change.before.status, change.after.status]).to.deep.equal(["confirmed", "in_house"]);
    expect(tablesOf(answer).filter((table) => table === "pms.bookings")).to.have.length(1);
    expect(answer.body.body.undo).to.include({ operation: "undoCheckIn" });
    expect(await readBooking()).to.equal(before);
  });

  it("A request that would be refused answers the problem that the request would get", async () => {
    const dryRun = await call("POST", "/bookings/", reservation(0, "Eve"));
    const real = await call("POST", "/bookings/", reservation(0, "Eve"), {});
    expect([dryRun.status, dryRun.body.status, dryRun.body.changes]).to.deep.equal([200, 409, []]);
    expect({ ...dryRun.body.body, request_id: "" }).to.deep.equal({ ...real.body, request_id: "" });
    expect(real.body.code).to.equal("ROOM_TAKEN");
    const invalid = await call("POST", "/bookings/", {});
    expect([invalid.status, invalid.body.code]).to.deep.equal([400, "VALIDATION_FAILED"]);
  });

  it("A booking of another hotel is not found, and nothing of it is shown", async () => {
    const other = await furnishHotel(platform.client);
    const options = { token: other.managerToken, headers: dry };
    const { body } = await platform.client.patch(`/operations/check-in/${bookingId}`, {}, options);
    expect([body.status, body.body.code, body.changes]).to.deep.equal([404, "NOT_FOUND", []]);
    const from = await platform.client.post("/bookings/", reservation(0), options);
    expect([from.body.status, from.text.includes(hotel.hotelId)]).to.deep.equal([404, false]);
  });

  it("An Idempotency-Key of a dry run is not used up", async () => {
    const key = { "Idempotency-Key": "one-key" };
    await call("POST", "/bookings/", reservation(1, "Carol"), { ...dry, ...key });
    const real = await call("POST", "/bookings/", reservation(1, "Carol"), key);
    expect(real.status).to.equal(201);
    expect(real.headers.get("idempotency-replayed")).to.equal(null);
    const again = await call("POST", "/bookings/", reservation(1, "Carol"), key);
    expect(again.body.booking_id).to.equal(real.body.booking_id);
    await call("PATCH", `/operations/cancel/${real.body.booking_id}`, {}, {});
  });

  it("The hash of a password is left out", async () => {
    const username = `new-${hotel.hotelId.slice(0, 8)}`;
    const user = { username, password: "correct-horse-battery", role: "receptionist" };
    const answer = await call("POST", "/users/", user);
    expect(answer.body.status).to.equal(201);
    const row = answer.body.changes.find(({ table }: { table: string }) => table === "identity.users").after;
    expect(Object.keys(row)).to.include("username").and.not.to.include("password_hash");
    expect(answer.text).not.to.include("argon2");
  });

  it("A close of the day shows the figures that it would write, and the day stays open", async () => {
    const day = hotel.day(0);
    const answer = await call("POST", "/operations/close-day", { business_date: day, early: true });
    expect(tablesOf(answer)).to.include("pms.daily_figures");
    const board = await call("GET", "/operations/today", undefined, {});
    expect(board.body.business_date).to.equal(day);
  });

  it("A write that one transaction can't take back is refused, and does not happen", async () => {
    const answer = await platform.client.post(
      "/auth/token",
      { username: hotel.username, password: "correct-horse-battery" },
      { headers: dry },
    );
    expect([answer.status, answer.body.code]).to.deep.equal([400, "DRY_RUN_NOT_SUPPORTED"]);
  });

  it("A read ignores the preference, and another preference does not make a dry run", async () => {
    const read = await call("GET", `/bookings/${bookingId}`, undefined);
    expect(read.body.booking_id).to.equal(bookingId);
    const note = { notes: "late" };
    const real = await call("PATCH", `/bookings/${bookingId}`, note, { Prefer: "respond-async, wait=10" });
    expect(real.body.notes).to.equal("late");
    const mixed = await call("PATCH", `/bookings/${bookingId}`, { notes: "later" }, { Prefer: "wait=10, Dry-Run" });
    expect(mixed.headers.get("preference-applied")).to.equal("dry-run");
  });

  it("A caller whose role has no permission is refused", async () => {
    const answer = await platform.client.patch(
      `/policies`,
      { overstays: "leave" },
      {
        token: hotel.receptionistToken,
        headers: dry,
      },
    );
    expect(answer.status).to.equal(403);
  });

  it("Dry runs leave no row behind for other transactions", async () => {
    const owner = openPool({ url: platform.databaseUrl, max: 1, name: "test dry runs" });
    try {
      const rows = await query<{ count: string }>(owner, "SELECT count(*) FROM core.dry_run_changes", []);
      expect(Number(rows[0]?.count)).to.equal(0);
    } finally {
      await owner.destroy();
    }
  });
});
