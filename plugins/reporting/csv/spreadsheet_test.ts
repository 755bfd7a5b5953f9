import { parse } from "csv-parse/sync";
import { expect } from "chai";

import { startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { type Desk, openDesk } from "../../pms/testing/desk.ts";
import { waitForReport } from "../testing/bookings.ts";

const byteOrderMark = [0xef, 0xbb, 0xbf];

/** Reads a CSV's records as Excel shows them: a formula that only contains a text is that text. */
function shown(bytes: Buffer, delimiter: string): Record<string, string>[] {
  expect([...bytes.subarray(0, 3)]).to.deep.equal(byteOrderMark);
  const rows: Record<string, string>[] = parse(bytes.subarray(3), {
    columns: true,
    delimiter,
    record_delimiter: "\r\n",
  });
  const plain = (cell: string): string => (/^="(.*)"$/s.exec(cell)?.[1] ?? cell).replaceAll('""', '"');
  return rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, plain(cell)])));
}

describe("reports for a spreadsheet", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform();
  });
  after(() => platform.close());

  /** Returns the bytes of a streamed report, and of a built one. */
  const read = async (desk: Desk, kind: string, body: object): Promise<Buffer> => {
    const ask = (accept: string) =>
      fetch(`${platform.client.url}/reports/${kind}`, {
        method: "POST",
        headers: { authorization: `Bearer ${desk.managerToken}`, "content-type": "application/json", accept },
        body: JSON.stringify(body),
      });
    const streamed = await ask("text/csv");
    expect(streamed.status).to.equal(200);
    expect(streamed.headers.get("content-type")).to.equal("text/csv; charset=utf-8; header=present");
    const asked = (await (await ask("application/json")).json()) as { report_id: string };
    const report = await waitForReport(platform, desk, asked.report_id);
    const headers = { authorization: `Bearer ${desk.managerToken}` };
    const file = await fetch(`${platform.client.url}/reports/${report.report_id}/download`, { headers });
    const [stream, built] = [Buffer.from(await streamed.arrayBuffer()), Buffer.from(await file.arrayBuffer())];
    expect(built.equals(stream), "equal bytes").to.equal(true);
    expect(report.bytes).to.equal(built.length);
    return built;
  };

  it("A spreadsheet shows every text as typed, in the form of the country or of the request", async () => {
    const desk = await openDesk(platform, { rooms: 1, rate: "1100.50" });
    for (const room_number of ["007", "1-2", "1E5", "3/4"]) {
      const made = await desk.manage("POST", "/rooms/", { room_number, room_type_id: desk.roomTypeId });
      expect(made.status, made.text).to.equal(201);
      const guest = { name: "Müller; Zoë", phone: "01711234567" };
      await desk.booked(0, 1, { room_id: made.body.room_id, guest, notes: "2, 3 or =4" });
    }
    const range = { from: desk.day(0), to: desk.day(0) };
    for (const [asked, delimiter, amount] of [
      [{}, ";", "1100,50"],
      [{ separator: "comma" }, ",", "1100.50"],
      [{ separator: "semicolon", decimal_mark: "point" }, ";", "1100.50"],
    ] as const) {
      const rows = shown(await read(desk, "bookings", { ...range, ...asked, for: "spreadsheet" }), delimiter);
      expect(rows.map((row) => row["room_number"])).to.deep.equal(["007", "1-2", "1E5", "3/4"]);
      const same = { guest_phone: "01711234567", total_amount: amount, arrival: desk.day(0) };
      // With a comma as the separator, the note would be several cells, and the second one a formula.
      const notes = "2, 3 or =4";
      for (const row of rows) expect(row).to.include({ guest_name: "Müller; Zoë", notes, ...same });
    }
    const [figures] = shown(await read(desk, "occupancy", { ...range, for: "spreadsheet" }), ";");
    expect(figures).to.include({
      date: desk.day(0),
      rooms: "5",
      sold: "4",
      occupancy: "80,00",
      room_revenue: "4402,00",
    });
    const [sums] = shown(await read(desk, "revenue", { ...range, for: "spreadsheet" }), ";");
    expect(sums).to.include({ month: desk.day(0).slice(0, 7), adr: "1100,50", no_show_revenue: "0,00" });
    const movements = shown(await read(desk, "arrivals", { ...range, for: "spreadsheet" }), ";");
    expect(movements.map((row) => row["room_number"])).to.have.members(["007", "1-2", "1E5", "3/4"]);
  });

  it("A report for a spreadsheet is another report than the plain one, whose request is unchanged", async () => {
    const desk = await openDesk(platform);
    const asked = (body: object) => desk.manage("POST", "/reports/occupancy", body);
    const [range, separator] = [{ from: desk.day(0), to: desk.day(1) }, "semicolon"];
    const plain = await asked(range);
    expect(plain.body.request).to.deep.equal(range);
    const spreadsheet = await asked({ ...range, for: "spreadsheet" });
    const form = { for: "spreadsheet", separator, decimal_mark: "comma" };
    expect(spreadsheet.body.request).to.deep.equal({ ...range, ...form });
    expect(spreadsheet.body.report_id).not.to.equal(plain.body.report_id);
    for (const body of [
      { separator },
      { decimal_mark: "comma" },
      { for: "excel" },
      { for: "spreadsheet", separator: "|" },
    ]) {
      expect((await asked(body)).body.code, JSON.stringify(body)).to.equal("VALIDATION_FAILED");
    }
    const options = { for: "spreadsheet", separator };
    const schedule = { kind: "occupancy", every: "night", options };
    expect((await desk.manage("POST", "/reports/schedules", schedule)).body.options).to.deep.equal(options);
  });
});
