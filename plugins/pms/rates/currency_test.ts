import { expect } from "chai";

import { signUpHotel, startTestPlatform, type TestHotel, type TestPlatform, withoutUndo } from "#testing/mod.ts";
import { openDesk } from "../testing/desk.ts";
import { furnishHotel } from "../testing/hotel.ts";

describe("The currency of a hotel", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  const change = ({ managerToken: token }: TestHotel, currency: string, headers: Record<string, string> = {}) =>
    platform.client.call("PUT", "/hotels/me/currency", { currency }, { token, headers });
  const current = async ({ managerToken: token }: TestHotel) =>
    (await platform.client.get("/hotels/me", { token })).body.currency as string;

  it("The currency can be corrected until the first booking, and rates keep their amounts", async () => {
    const hotel = await furnishHotel(platform.client, { rate: "100.00" });
    const token = hotel.managerToken;
    const changed = await change(hotel, "USD");
    expect([changed.status, withoutUndo(changed.body)]).to.deep.equal([200, { currency: "USD" }]);
    expect(await current(hotel)).to.equal("USD");
    expect((await platform.client.get(`/room-types/${hotel.roomTypeId}`, { token })).body.rate).to.equal("100.00");
    const events = await platform.client.get("/audit?kind=pms.currency_changed", { token });
    expect(events.body.items[0].details).to.deep.equal({ currency: ["EUR", "USD"] });
  });

  it("The currency can't be changed after the first booking, even if it is canceled", async () => {
    const desk = await openDesk(platform);
    const { booking_id: id } = await desk.booked(0, 1);
    await desk.operate("cancel", id);
    const refused = await desk.manage("PUT", "/hotels/me/currency", { currency: "USD" });
    expect([refused.status, refused.body.code]).to.deep.equal([409, "HOTEL_HAS_BOOKINGS"]);
    expect((await desk.manage("PUT", "/hotels/me/currency", { currency: "EUR" })).status).to.equal(200);
    expect((await desk.get("/hotels/me")).body.currency).to.equal("EUR");
  });

  it("A change is refused if a rate has more decimals than the new currency", async () => {
    const hotel = await furnishHotel(platform.client, { rate: "99.50" });
    const token = hotel.managerToken;
    const refused = await change(hotel, "JPY");
    expect([refused.status, refused.body.errors[0].pointer]).to.deep.equal([400, "/currency"]);
    await platform.client.patch(`/room-types/${hotel.roomTypeId}`, { rate: "99.00" }, { token });
    expect((await change(hotel, "JPY")).status).to.equal(200);
    expect((await platform.client.get(`/room-types/${hotel.roomTypeId}`, { token })).body.rate).to.equal("99");
  });

  it("A withdrawn currency is refused, and a hotel that has one already is still shown", async () => {
    const hotel = await signUpHotel(platform.client);
    for (const currency of ["BGN", "HRK", "CUC", "ANG", "XAU", "eur", ""])
      expect((await change(hotel, currency)).body.errors[0].pointer, currency).to.equal("/currency");
    const signUp = { name: "x", username: "withdrawn", password: "correct-horse-battery", time_zone: "Europe/Sofia" };
    const refused = await platform.client.post("/hotels/", { ...signUp, currency: "BGN" });
    expect([refused.status, refused.body.errors[0].pointer]).to.deep.equal([400, "/currency"]);
    await platform.owner("identity.hotels").where({ hotel_id: hotel.hotelId }).update({ currency: "BGN" });
    expect(await current(hotel)).to.equal("BGN");
    expect((await change(hotel, "EUR")).status).to.equal(200);
  });

  it("Only currencies of prices are accepted, and each cause of a refusal has one wording", async () => {
    const hotel = await signUpHotel(platform.client);
    const refusal = async (currency: string) => (await change(hotel, currency)).body.errors[0].detail as string;
    for (const currency of ["ANG", "BGN", "CUC", "HRK", "SLL", "ZWL", "DEM"])
      expect(await refusal(currency), currency).to.equal("is a currency that has been withdrawn");
    const notMoney = "BOV CHE CHW CLF COU MXV USN UYI UYW XAG XAU XBA XDR XPT XSU XTS XUA XXX CNH QQQ";
    for (const currency of notMoney.split(" "))
      expect(await refusal(currency), currency).to.equal("is not an ISO 4217 currency that prices are held in");
    for (const currency of ["XCG", "XOF", "ZWG", "SLE", "VES", "CHF", "KWD", "JPY"])
      expect((await change(hotel, currency)).status, currency).to.equal(200);
  });

  it("The Caribbean guilder is accepted, with two decimals from the rate to the bill", async () => {
    const desk = await openDesk(platform, { rate: "99.90" });
    expect((await desk.manage("PUT", "/hotels/me/currency", { currency: "XCG" })).status).to.equal(200);
    expect(await desk.booked(0, 2)).to.include({ currency: "XCG", total_amount: "199.80" });
  });

  it("Only a manager can change the currency, and an outdated version of the hotel is refused", async () => {
    const hotel = await signUpHotel(platform.client);
    const asReceptionist = { ...hotel, managerToken: hotel.receptionistToken };
    expect((await change(asReceptionist, "USD")).status).to.equal(403);
    expect((await change(hotel, "USD", { "If-Match": '"7"' })).status).to.equal(412);
    expect(await current(hotel)).to.equal("EUR");
  });

  it("A change of the currency and a first booking at the same time agree on one currency", async () => {
    for (let round = 0; round < 5; round += 1) {
      const hotel = await furnishHotel(platform.client, { rate: "100.00" });
      const token = hotel.managerToken;
      const booking = {
        room_type_id: hotel.roomTypeId,
        guest: { name: "Racer" },
        adults: 1,
        check_in_at: hotel.day(0),
        expected_check_out_at: hotel.day(1),
      };
      const [changed, booked] = await Promise.all([
        change(hotel, "USD"),
        platform.client.post("/bookings/", booking, { token }),
      ]);
      expect(booked.status).to.equal(201);
      expect(changed.status).to.be.oneOf([200, 409]);
      expect(booked.body.currency).to.equal(changed.status === 200 ? "USD" : "EUR");
      expect(await current(hotel)).to.equal(booked.body.currency);
    }
  });
});
