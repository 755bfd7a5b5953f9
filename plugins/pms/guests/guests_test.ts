import { expect } from "chai";

import { startTestPlatform, type TestPlatform, withoutUndo } from "#testing/mod.ts";
import { openDesk } from "../testing/desk.ts";

describe("Guests", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  const ada = { name: "Ada Lovelace", email: "ada@example.com", phone: "+44 20 7946 0000" };

  it("The name and either the e-mail address or the phone identify a guest, in any spelling", async () => {
    const desk = await openDesk(platform, { rooms: 6 });
    const book = async (room: number, guest: object): Promise<string> =>
      (await desk.booked(0, 1, { room_id: desk.roomIds[room], guest })).guest_id as string;
    const first = await book(0, ada);
    expect(await book(1, { name: "ADA lovelace", email: "Ada@Example.com" })).to.equal(first);
    expect(await book(2, { name: "Ada Lovelace", phone: "+44 (20) 79460000" })).to.equal(first);
    expect(
      await book(3, { name: "William King", email: "ada@example.com" }),
      "another name with the same address",
    ).not.to.equal(first);
    expect(await book(4, { name: "Ada Lovelace" }), "a name alone").not.to.equal(first);
    const { body: profile } = await desk.get(`/guests/${first}`);
    expect(profile).to.deep.include({ ...ada, guest_id: first, stays: 0, bookings: 3 });
  });

  it("A profile counts the stays so far, and a booking can name the guest by id", async () => {
    const desk = await openDesk(platform, { rooms: 2 });
    const { guest_id: id, booking_id: booking } = await desk.booked(0, 1, { guest: ada });
    await desk.operate("check-in", booking);
    const again = await desk.booked(3, 4, { guest: undefined, guest_id: id });
    expect(again.guest).to.deep.equal(ada);
    expect((await desk.get(`/guests/${id}`)).body).to.include({ stays: 1, bookings: 2 });
    const other = await openDesk(platform);
    expect((await other.book(0, 1, { guest: undefined, guest_id: id })).status).to.equal(404);
    expect((await desk.book(5, 6, { guest: ada, guest_id: id })).status).to.equal(400);
  });

  it("The list of bookings can be limited to one guest, together with other filters", async () => {
    const desk = await openDesk(platform, { rooms: 2 });
    const { guest_id: id } = await desk.booked(0, 1, { guest: ada });
    await desk.booked(5, 6, { guest: undefined, guest_id: id });
    await desk.booked(0, 1, { room_id: desk.roomIds[1], guest: { ...ada, name: "William King" } });
    const arrivals = async (query: string): Promise<string[]> =>
      (await desk.get(`/bookings/?${query}`)).body.items.map(({ arrival }: { arrival: string }) => arrival);
    expect(await arrivals(`guest_id=${id}`)).to.deep.equal([desk.day(0), desk.day(5)]);
    expect(await arrivals(`guest_id=${id}&arrival_from=${desk.day(1)}`)).to.deep.equal([desk.day(5)]);
    expect(await arrivals(`guest_id=${id}&departure_from=${desk.day(2)}`)).to.deep.equal([desk.day(5)]);
    expect(await arrivals(`guest_id=${id}&guest=william`)).to.deep.equal([]);
    expect(await arrivals(`guest_id=${id}&guest=ada`)).to.have.length(2);
    const other = await openDesk(platform);
    expect((await other.get(`/bookings/?guest_id=${id}`)).body.items).to.deep.equal([]);
  });

  it("A search matches parts of the name, the address or the phone, in one hotel only", async () => {
    const desk = await openDesk(platform, { rooms: 3 });
    const other = await openDesk(platform);
    await other.booked(0, 1, { guest: ada });
    await desk.booked(0, 1, { guest: ada });
    await desk.booked(0, 1, { room_id: desk.roomIds[1], guest: { name: "Grace Hopper", phone: "0171 22 33" } });
    await desk.booked(0, 1, { room_id: desk.roomIds[2], guest: { name: "Li Wei (100%)" } });
    const search = async (text: string): Promise<string[]> =>
      (await desk.get(`/guests?query=${encodeURIComponent(text)}`)).body.items.map(
        ({ name }: { name: string }) => name,
      ) as string[];
    expect(await search("lovel")).to.deep.equal(["Ada Lovelace"]);
    expect(await search("EXAMPLE.com")).to.deep.equal(["Ada Lovelace"]);
    expect(await search("01712233")).to.deep.equal(["Grace Hopper"]);
    expect(await search("li"), "two letters at the beginning of a word").to.deep.equal(["Li Wei (100%)"]);
    await desk.booked(1, 2, { guest: { name: "東京 太郎" } });
    await desk.booked(2, 3, { guest: { name: "Jürgen MÜLLER" } });
    expect(await search("東京")).to.deep.equal(["東京 太郎"]);
    expect(await search("müll")).to.deep.equal(["Jürgen MÜLLER"]);
    expect(await search("(100%)")).to.deep.equal(["Li Wei (100%)"]);
    expect(await search(".*")).to.deep.equal([]);
    const bookings = await desk.get("/bookings?guest=hopp");
    expect(bookings.body.items.map((item: { guest: { name: string } }) => item.guest.name)).to.deep.equal([
      "Grace Hopper",
    ]);
    expect((await desk.get("/bookings?guest=nobody")).body.items).to.deep.equal([]);
  });

  it("A correction of a guest changes the future bookings, and leaves past bookings as they were", async () => {
    const desk = await openDesk(platform, { rooms: 2 });
    const past = await desk.booked(0, 1, { guest: ada });
    await desk.operate("check-in", past.booking_id);
    await desk.operate("check-out", past.booking_id);
    const ahead = await desk.booked(1, 2, { guest: ada });
    const token = desk.receptionistToken;
    const changed = await platform.client.patch(`/guests/${ahead.guest_id}`, { phone: "112" }, { token });
    expect(changed.body.phone).to.equal("112");
    expect((await desk.get(`/bookings/${ahead.booking_id}`)).body.guest.phone).to.equal("112");
    expect((await desk.get(`/bookings/${past.booking_id}`)).body.guest.phone).to.equal(ada.phone);
  });

  it("A new name in a booking makes another guest, and a new phone changes the same guest", async () => {
    const desk = await openDesk(platform);
    const { booking_id: id, guest_id: first } = await desk.booked(0, 1, { guest: ada });
    const reached = await desk.amend(id, { guest: { phone: "110" } });
    expect(reached.body).to.deep.include({ guest_id: first, guest: { ...ada, phone: "110" } });
    expect((await desk.get(`/guests/${first}`)).body.phone).to.equal("110");
    const handedOn = await desk.amend(id, { guest: { name: "Grace Hopper", email: null } });
    expect(handedOn.body.guest_id).not.to.equal(first);
    expect((await desk.get(`/guests/${first}`)).body.name).to.equal("Ada Lovelace");
  });

  it("A new address in one booking changes the other future bookings, with a line in their histories", async () => {
    const desk = await openDesk(platform, { rooms: 3 });
    const past = await desk.booked(0, 1, { guest: ada });
    await desk.operate("cancel", past.booking_id);
    const first = await desk.booked(1, 2, { guest: ada });
    const second = await desk.booked(1, 2, { guest: ada, room_id: desk.roomIds[1] });
    await desk.amend(first.booking_id, { guest: { email: "countess@example.com" } });
    const guest = { ...ada, email: "countess@example.com" };
    expect((await desk.get(`/guests/${first.guest_id}`)).body).to.include(guest);
    expect((await desk.get(`/bookings/${second.booking_id}`)).body.guest).to.deep.equal(guest);
    expect((await desk.get(`/bookings/${past.booking_id}`)).body.guest).to.deep.equal(ada);
    const actions = async (id: string): Promise<string[]> =>
      (await desk.get(`/bookings/${id}/history`)).body.items.map(
        ({ action }: { action: string }) => action,
      ) as string[];
    expect(await actions(first.booking_id)).to.deep.equal(["book", "amend"]);
    expect(await actions(second.booking_id)).to.deep.equal(["book", "guest"]);
  });

  it("A search finds the same guests in profiles and bookings, however many match", async () => {
    const desk = await openDesk(platform, { rooms: 40 });
    const past = await desk.booked(0, 1, { guest: { name: "İpek Old", email: "old@example.com" } });
    await desk.operate("cancel", past.booking_id);
    await desk.manage("PATCH", `/guests/${past.guest_id}`, { name: "İpek NEW", phone: "0171 22-33" });
    const both = async (text: string) => {
      const query = encodeURIComponent(text);
      const people = (await desk.get(`/guests?query=${query}&limit=200`)).body.items as { guest_id: string }[];
      const stays = (await desk.get(`/bookings?guest=${query}&limit=200`)).body.items as { guest_id: string }[];
      const ids = people.map(({ guest_id: id }) => id);
      expect(new Set(stays.map(({ guest_id: id }) => id)), text).to.deep.equal(new Set(ids));
      return ids.length;
    };
    const texts = { "01712233": 1, "old@": 1, "ipek nobody": 0, İpek: 1, "İPEK NEW": 1, İ: 1 };
    for (const [text, count] of Object.entries(texts)) expect(await both(text), text).to.equal(count);
    // Now half of the hotel has this name, so that the search uses another plan.
    for (let room = 1; room < 40; room += 1) {
      await desk.booked(0, 1, {
        room_id: desk.roomIds[room],
        guest: { name: `İpek New ${room}`, phone: "0171 22/33" },
      });
    }
    const many = { "01712233": 40, "22-33": 40, "ipek nobody": 0, İpek: 40, "İPEK NEW": 40 };
    for (const [text, count] of Object.entries(many)) expect(await both(text), text).to.equal(count);
  });

  it("Eight simultaneous bookings with the same name and contacts belong to one guest", async () => {
    const desk = await openDesk(platform, { rooms: 8 });
    const made = await Promise.all(desk.roomIds.map((room_id) => desk.book(0, 1, { room_id, guest: ada })));
    expect(made.map(({ status }) => status)).to.deep.equal(Array.from({ length: 8 }, () => 201));
    expect(new Set(made.map(({ body }) => body.guest_id as string)).size).to.equal(1);
  });

  it("An anonymized guest disappears from all tables, and the figures of closed days stay", async () => {
    const desk = await openDesk(platform);
    const { booking_id: id, guest_id: guest } = await desk.booked(0, 2, { guest: ada, notes: "Countess" });
    const anonymize = () => desk.manage("POST", `/guests/${guest}/anonymize`, {});
    expect((await anonymize()).body.code, "before the arrival").to.equal("GUEST_EXPECTED");
    await desk.operate("check-in", id);
    await desk.operate("check-out", id, { left_on: desk.day(0) });
    const figures = withoutUndo((await desk.closeDay()).body);
    const forgotten = await anonymize();
    expect(forgotten.status, forgotten.text).to.equal(200);
    expect(forgotten.body).to.include({ name: "Anonymous", email: null, phone: null, stays: 1 });
    const booking = (await desk.get(`/bookings/${id}`)).body;
    expect(booking).to.include({ total_amount: "100.00", arrival: desk.day(0) });
    const { rows } = (await platform.owner.raw(
      `SELECT (SELECT string_agg(t::text, '') FROM pms.bookings t WHERE hotel_id = :id)
         || (SELECT string_agg(t::text, '') FROM pms.guests t WHERE hotel_id = :id)
         || (SELECT string_agg(t::text, '') FROM pms.booking_history t WHERE hotel_id = :id) AS everything`,
      { id: desk.hotelId },
    )) as { rows: { everything: string }[] };
    expect(rows[0]?.everything).to.include(id);
    expect(rows[0]?.everything).not.to.match(/Lovelace|example\.com|7946|Countess/);
    const closed = (await desk.manage("GET", "/operations/closed-days")).body.items[0];
    expect(closed).to.deep.equal(figures);
    expect((await desk.get("/guests?query=lovelace")).body.items).to.deep.equal([]);
  });
});
