import { expect } from "chai";

import { startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { type Desk, openDesk } from "../testing/desk.ts";
import { checkInvariants } from "../testing/model_tests/invariants.ts";

describe("Two guest profiles of one person", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  const contacts = [
    { name: "José García", email: "jose@example.com", phone: null },
    { name: "Pepe García", email: "pepe@example.org", phone: "+34 600 123 456" },
    { name: "J. García", email: "jg@example.net", phone: null },
  ];
  interface Booked {
    readonly booking_id: string;
    readonly guest_id: string;
  }
  /** Opens a desk with one booking for each of three guests. */
  const open = async () => {
    const desk = await openDesk(platform, { rooms: 6 });
    const made: Booked[] = [];
    for (const [index, guest] of contacts.entries())
      made.push((await desk.booked(0, 1, { guest, room_id: desk.roomIds[index] })) as Booked);
    const [a, b, c] = made as [Booked, Booked, Booked];
    return { desk, a, b, c };
  };
  const post = (desk: Desk, path: string, body: object = {}, headers: Record<string, string> = {}) =>
    platform.client.post(path, body, { token: desk.receptionistToken, headers });
  const merge = (desk: Desk, survivor: string, duplicate: string) =>
    post(desk, `/guests/${survivor}/merge`, { duplicate_id: duplicate });
  const unmerge = (desk: Desk, guest: string) => post(desk, `/guests/${guest}/unmerge`);
  const read = async (desk: Desk, guest: string) => (await desk.get(`/guests/${guest}`)).body;
  const guestOf = async (desk: Desk, booking: string) => (await desk.get(`/bookings/${booking}`)).body.guest_id;
  const find = async (desk: Desk, text: string) =>
    ((await desk.get(`/guests?query=${encodeURIComponent(text)}`)).body.items as { guest_id: string }[]).map(
      ({ guest_id: id }) => id,
    );
  const linesOf = async (desk: Desk, booking: string) =>
    (await desk.get(`/bookings/${booking}/history`)).body.items as {
      action: string;
      by_user: string;
      before: { guest_id: string } | null;
      after: { guest_id: string };
    }[];

  it("A merge gives one guest the bookings of both, and either contact finds and identifies this guest", async () => {
    const { desk, a, b } = await open();
    const merged = await merge(desk, a.guest_id, b.guest_id);
    expect(merged.status, merged.text).to.equal(200);
    expect(merged.body).to.deep.include({
      ...contacts[0],
      guest_id: a.guest_id,
      bookings: 2,
      merged_guests: [b.guest_id],
      other_contacts: [contacts[1]],
    });
    expect(await read(desk, b.guest_id)).to.include({ merged_into: a.guest_id, bookings: 0 });
    expect((await desk.get(`/bookings/${b.booking_id}`)).body).to.deep.include({
      guest_id: a.guest_id,
      guest: contacts[1],
    });
    for (const text of ["pepe", "600123456", "pepe@example.org", "jose"])
      expect(await find(desk, text), text).to.deep.equal([a.guest_id]);
    const again = await desk.booked(3, 4, { guest: { name: "pepe garcia", phone: "600 123 456" } });
    expect(again.guest_id).to.equal(a.guest_id);
    const line = (await linesOf(desk, b.booking_id)).at(-1);
    expect(line).to.include({ action: "merge" });
    expect([line?.before?.guest_id, line?.after.guest_id]).to.deep.equal([b.guest_id, a.guest_id]);
    expect(line?.by_user).to.equal((await linesOf(desk, b.booking_id))[0]?.by_user);
    await checkInvariants(platform.owner, desk.hotelId);
  });

  it("The undo of a merge returns the duplicate's bookings, but not those that were made since", async () => {
    const { desk, a, b } = await open();
    await merge(desk, a.guest_id, b.guest_id);
    const since = await desk.booked(3, 4, { guest: contacts[1] });
    // This booking belongs to another person by then, so it is not returned.
    const moved = await desk.booked(5, 6, { guest: contacts[1] });
    await desk.amend(moved.booking_id, { guest: { name: "Grace Hopper", email: "grace@example.org" } });
    const back = await unmerge(desk, b.guest_id);
    expect(back.status, back.text).to.equal(200);
    expect(back.body).to.deep.include({ ...contacts[1], bookings: 1, merged_into: null, merged_guests: [] });
    expect(await guestOf(desk, b.booking_id)).to.equal(b.guest_id);
    expect(await guestOf(desk, since.booking_id)).to.equal(a.guest_id);
    expect((await linesOf(desk, b.booking_id)).map(({ action }) => action)).to.deep.equal(["book", "merge", "unmerge"]);
    expect((await unmerge(desk, b.guest_id)).body).to.include({ status: 409, code: "GUEST_NOT_MERGED" });
    expect((await merge(desk, b.guest_id, a.guest_id)).status, "the other way round").to.equal(200);
    await checkInvariants(platform.owner, desk.hotelId);
  });

  it("Three profiles can be merged, and the merges can be undone in any order", async () => {
    for (const order of ["last first", "first first"] as const) {
      const { desk, a, b, c } = await open();
      expect((await merge(desk, b.guest_id, c.guest_id)).status).to.equal(200);
      expect((await merge(desk, a.guest_id, b.guest_id)).status).to.equal(200);
      expect((await read(desk, a.guest_id)).merged_guests.sort()).to.deep.equal([b.guest_id, c.guest_id].sort());
      expect((await read(desk, c.guest_id)).merged_into).to.equal(a.guest_id);
      if (order === "last first") {
        expect((await unmerge(desk, b.guest_id)).body).to.deep.include({ bookings: 2, merged_guests: [c.guest_id] });
        expect((await read(desk, c.guest_id)).merged_into).to.equal(b.guest_id);
        await checkInvariants(platform.owner, desk.hotelId);
        expect((await unmerge(desk, c.guest_id)).status).to.equal(200);
      } else {
        expect((await unmerge(desk, c.guest_id)).body).to.include({ bookings: 1 });
        expect((await read(desk, a.guest_id)).merged_guests).to.deep.equal([b.guest_id]);
        await checkInvariants(platform.owner, desk.hotelId);
        expect((await unmerge(desk, b.guest_id)).status).to.equal(200);
      }
      for (const one of [a, b, c]) expect(await guestOf(desk, one.booking_id), order).to.equal(one.guest_id);
      await checkInvariants(platform.owner, desk.hotelId);
    }
  });

  it("An impossible merge is refused with its reason, and a merged duplicate can't be changed or booked", async () => {
    const { desk, a, b, c } = await open();
    const other = await open();
    expect((await merge(desk, a.guest_id, a.guest_id)).body).to.include({ status: 400, code: "VALIDATION_FAILED" });
    expect((await merge(desk, a.guest_id, other.b.guest_id)).status, "a guest of another hotel").to.equal(404);
    expect((await merge(desk, other.a.guest_id, a.guest_id)).status).to.equal(404);
    expect((await unmerge(other.desk, b.guest_id)).status).to.equal(404);
    const tagged = await desk.get(`/guests/${a.guest_id}`);
    await desk.manage("PATCH", `/guests/${a.guest_id}`, { phone: "112" });
    const stale = { "if-match": tagged.headers.get("etag") ?? "" };
    const path = `/guests/${a.guest_id}/merge`;
    expect((await post(desk, path, { duplicate_id: b.guest_id }, stale)).body.code).to.equal("PRECONDITION_FAILED");
    const repeated = { "idempotency-key": "merge-once" };
    expect((await post(desk, path, { duplicate_id: b.guest_id }, repeated)).status).to.equal(200);
    expect((await post(desk, path, { duplicate_id: b.guest_id }, repeated)).status, "the same answer").to.equal(200);
    const refused = { status: 409, code: "GUEST_MERGED", guest_id: a.guest_id };
    expect((await merge(desk, a.guest_id, b.guest_id)).body).to.include(refused);
    expect((await merge(desk, b.guest_id, c.guest_id)).body).to.include(refused);
    expect((await desk.manage("PATCH", `/guests/${b.guest_id}`, { phone: "1" })).body).to.include(refused);
    expect((await desk.manage("POST", `/guests/${b.guest_id}/anonymize`, {})).body).to.include(refused);
    expect((await desk.book(3, 4, { guest: undefined, guest_id: b.guest_id })).body).to.include(refused);
    await checkInvariants(platform.owner, desk.hotelId);
  });

  it("Merged guests are anonymized together, in each profile, booking, history and former contact", async () => {
    const { desk, a, b } = await open();
    await merge(desk, a.guest_id, b.guest_id);
    for (const { booking_id: id } of [a, b]) await desk.operate("cancel", id);
    expect((await desk.manage("POST", `/guests/${a.guest_id}/anonymize`, {})).status).to.equal(200);
    const { rows } = (await platform.owner.raw(
      `SELECT string_agg(t, '') AS everything FROM (
         SELECT t::text AS t FROM pms.guests t WHERE hotel_id = :id
         UNION ALL SELECT t::text FROM pms.guest_contacts t WHERE hotel_id = :id
         UNION ALL SELECT t::text FROM pms.guest_merges t WHERE hotel_id = :id
         UNION ALL SELECT t::text FROM pms.bookings t WHERE hotel_id = :id
         UNION ALL SELECT t::text FROM pms.booking_history t WHERE hotel_id = :id) AS all_rows`,
      { id: desk.hotelId },
    )) as { rows: { everything: string }[] };
    expect(rows[0]?.everything).to.include(b.guest_id);
    expect(rows[0]?.everything).not.to.match(/José|Pepe|pepe|jose@|600 ?123 ?456/);
    expect((await unmerge(desk, b.guest_id)).body.code).to.equal("GUEST_ANONYMOUS");
    await checkInvariants(platform.owner, desk.hotelId);
  });

  it("Simultaneous merges, undone merges, bookings and amendments leave consistent profiles", async () => {
    const { desk, a, b, c } = await open();
    for (let round = 0; round < 4; round += 1) {
      const day = 2 + round * 2;
      const book = (room: number, who: object) =>
        desk.book(day, day + 1, { room_id: desk.roomIds[room], guest: undefined, ...who });
      const answers = await Promise.all([
        merge(desk, a.guest_id, b.guest_id),
        merge(desk, b.guest_id, a.guest_id),
        merge(desk, c.guest_id, b.guest_id),
        book(0, { guest: contacts[1] }),
        book(1, { guest_id: b.guest_id }),
        book(2, { guest: { ...contacts[0], email: `new.${round}@example.com`, phone: "+34 600 123 456" } }),
        desk.amend(b.booking_id, { guest: { name: round % 2 === 0 ? "Pepe Garcia" : "José García" } }),
        unmerge(desk, b.guest_id),
        desk.manage("PATCH", `/guests/${a.guest_id}`, { phone: `+34 600 ${round}` }),
      ]);
      for (const { status, text } of answers) expect(status, text).to.be.oneOf([200, 201, 404, 409]);
      await checkInvariants(platform.owner, desk.hotelId);
    }
  });
});
