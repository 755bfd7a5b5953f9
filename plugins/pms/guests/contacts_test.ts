import { expect } from "chai";

import { startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { type Desk, openDesk } from "../testing/desk.ts";
import { checkInvariants } from "../testing/model_tests/invariants.ts";

describe("The contacts of a guest", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  const lena = { name: "Lena Berg", email: "old@example.com", phone: "+49 30 123456" };
  const read = async (desk: Desk, guest: string) => (await desk.get(`/guests/${guest}`)).body;
  const idsBy = async (desk: Desk, text: string) => {
    const query = encodeURIComponent(text);
    const people = (await desk.get(`/guests?query=${query}`)).body.items as { guest_id: string }[];
    const stays = (await desk.get(`/bookings?guest=${query}`)).body.items as { booking_id: string }[];
    return { guests: people.map(({ guest_id: id }) => id), bookings: stays.map(({ booking_id: id }) => id).sort() };
  };
  /** Books a room for each guest, one after another. */
  const bookAll = async (desk: Desk, ...guests: object[]) => {
    const made = [];
    for (const [index, guest] of guests.entries())
      made.push(await desk.booked(0, 1, { guest, room_id: desk.roomIds[index] }));
    return made as { booking_id: string; guest_id: string }[];
  };

  it("The newest booking sets a guest's contacts, and old and new contacts find all bookings", async () => {
    const desk = await openDesk(platform, { rooms: 4 });
    const made = await bookAll(
      desk,
      lena,
      { ...lena, email: "new@example.com" },
      { name: "lena berg", email: "NEW@example.com", phone: "0171 555" },
      // This address is known already, so it does not replace the newer one.
      { ...lena, phone: null },
    );
    const guest = made[0]?.guest_id ?? "";
    expect(made.map(({ guest_id: id }) => id)).to.deep.equal([guest, guest, guest, guest]);
    expect(await read(desk, guest)).to.deep.include({
      name: "Lena Berg",
      email: "new@example.com",
      phone: "0171 555",
      bookings: 4,
    });
    const bookings = made.map(({ booking_id: id }) => id).sort();
    for (const text of ["old@example.com", "new@example.com", "+4930123456", "030 123456", "0171555", "berg old@"])
      expect(await idsBy(desk, text), text).to.deep.equal({ guests: [guest], bookings });
    expect((await desk.get(`/bookings/${made[0]?.booking_id}`)).body.guest, "the contacts at that time").to.deep.equal(
      lena,
    );
    await checkInvariants(platform.owner, desk.hotelId);
  });

  it("A refused booking does not change the contacts", async () => {
    const desk = await openDesk(platform);
    const guest = (await bookAll(desk, lena))[0]?.guest_id ?? "";
    const refused = await desk.book(0, 1, { guest: { ...lena, email: "new@example.com" } });
    expect(refused.body.code).to.equal("ROOM_TAKEN");
    expect(await read(desk, guest)).to.include({ email: lena.email, bookings: 1 });
  });

  it("A former name finds the guest, and a booking under it belongs to the same guest", async () => {
    const desk = await openDesk(platform, { rooms: 2 });
    const past = await desk.booked(0, 1, { guest: { name: "Anna Alt", email: "anna@example.com" } });
    await desk.operate("check-in", past.booking_id);
    await desk.operate("check-out", past.booking_id);
    const guest = past.guest_id as string;
    await desk.manage("PATCH", `/guests/${guest}`, { name: "Anna Neu" });
    const found = { guests: [guest], bookings: [past.booking_id] };
    for (const text of ["Alt", "neu", "anna alt"]) expect(await idsBy(desk, text), text).to.deep.equal(found);
    expect((await read(desk, guest)).other_contacts).to.deep.equal([
      { name: "Anna Alt", email: "anna@example.com", phone: null },
    ]);
    const again = await desk.booked(2, 3, { guest: { name: "anna alt", email: "anna@example.com" } });
    expect(again.guest_id).to.equal(guest);
    expect((await read(desk, guest)).name).to.equal("Anna Neu");
    await checkInvariants(platform.owner, desk.hotelId);
  });

  it("A former name finds the guest however many guests have the same name", async () => {
    const desk = await openDesk(platform, { rooms: 30 });
    const past = await desk.booked(0, 1, { guest: { name: "Anna Quill", email: "anna@example.com" } });
    await desk.operate("cancel", past.booking_id);
    await desk.manage("PATCH", `/guests/${past.guest_id}`, { name: "Anna Neu" });
    await bookAll(desk, ...desk.roomIds.map((_, index) => ({ name: `Quill ${index}` })));
    const { guests, bookings } = await idsBy(desk, "quill");
    expect([guests.length, bookings.length]).to.deep.equal([31, 31]);
    expect(guests).to.include(past.guest_id);
  });

  it("A former name finds the guest when more guests have it than a search can return", async () => {
    const desk = await openDesk(platform);
    const past = await desk.booked(0, 1, { guest: { name: "Anna Quill", email: "anna@example.com" } });
    await desk.operate("cancel", past.booking_id);
    await desk.manage("PATCH", `/guests/${past.guest_id}`, { name: "Anna Neu" });
    // The first 1,000 guests have other names, so that PostgreSQL uses the index. After them, 1,001 guests match.
    await platform.owner.raw(
      `INSERT INTO pms.guests (hotel_id, guest_id, name)
       SELECT :hotel::uuid, (lpad(to_hex(n), 8, '0') || '-0000-7000-8000-000000000000')::uuid, 'Other ' || n
       FROM generate_series(1, 1000) AS n
       UNION ALL
       SELECT :hotel::uuid, ('f' || lpad(to_hex(n), 7, '0') || '-0000-7000-8000-000000000000')::uuid, 'Quill ' || n
       FROM generate_series(1, 1001) AS n`,
      { hotel: desk.hotelId },
    );
    const { guests, bookings } = await idsBy(desk, "quill");
    expect(guests[0]).to.equal(past.guest_id);
    expect(guests.length, "a full page").to.be.greaterThan(1);
    expect(bookings).to.deep.equal([past.booking_id]);
  });

  it("Another spelling in a booking corrects the guest's name, but not in a booking with a former name", async () => {
    const desk = await openDesk(platform, { rooms: 2 });
    const [first, second] = await bookAll(
      desk,
      { name: "maria lopez", email: "m@example.com" },
      { name: "maria lopez", email: "m@example.com" },
    );
    const amended = await desk.amend(first?.booking_id ?? "", { guest: { name: "María López" } });
    expect(amended.body).to.deep.include({ guest_id: first?.guest_id });
    expect(amended.body.guest.name).to.equal("María López");
    expect((await read(desk, first?.guest_id ?? "")).name).to.equal("María López");
    expect((await desk.get(`/bookings/${second?.booking_id}`)).body.guest.name, "the future booking").to.equal(
      "María López",
    );
    await desk.operate("cancel", second?.booking_id ?? "");
    await desk.manage("PATCH", `/guests/${first?.guest_id}`, { name: "María Ruiz" });
    await desk.amend(second?.booking_id ?? "", { guest: { name: "Maria Lopez" } });
    expect((await read(desk, first?.guest_id ?? "")).name).to.equal("María Ruiz");
    await checkInvariants(platform.owner, desk.hotelId);
  });

  it("The last correction of a misspelled guest deletes the profile, unless it has an address of its own", async () => {
    const desk = await openDesk(platform, { rooms: 4 });
    const [typo, owner, alone, twice] = await bookAll(
      desk,
      { name: "Jhon Smith", phone: "+44 20 7946 0000" },
      { name: "Ada Lovelace", email: "ada@example.com", phone: "+44 20 7946 0001" },
      { name: "Nobody Known" },
      { name: "Jhon Smith", phone: "020 7946 0000" },
    );
    expect(twice?.guest_id).to.equal(typo?.guest_id);
    const correct = async (booking: string | undefined, guest: object): Promise<string> => {
      const { status, body, text } = await desk.amend(booking ?? "", { guest });
      expect(status, text).to.equal(200);
      return body.guest_id as string;
    };
    const status = async (guest: string | undefined) => (await desk.get(`/guests/${guest}`)).status;
    const john = await correct(typo?.booking_id, { name: "John Smith" });
    expect(john).not.to.equal(typo?.guest_id);
    expect(await status(typo?.guest_id), "a guest with another booking").to.equal(200);
    expect(await correct(twice?.booking_id, { name: "John Smith" })).to.equal(john);
    expect(await status(typo?.guest_id)).to.equal(404);
    expect((await idsBy(desk, "jhon")).guests).to.deep.equal([]);
    await correct(owner?.booking_id, { name: "Grace Hopper", email: null });
    expect(await status(owner?.guest_id), "a guest whose e-mail address is on no booking").to.equal(200);
    await correct(alone?.booking_id, { name: "Somebody Known" });
    expect(await status(alone?.guest_id)).to.equal(404);
    await checkInvariants(platform.owner, desk.hotelId);
  });
});
