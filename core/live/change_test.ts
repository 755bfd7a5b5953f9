import { expect } from "chai";

import { newId } from "../values/ids.ts";
import { announceChange, takePayload } from "./announce.ts";
import { type Change, changesChannel, decodeChanges, encodeChanges, idsOf, topicsOfPath } from "./change.ts";

const change = (more: Partial<Change> = {}): Change => ({
  tenantId: newId(),
  topics: ["notes"],
  ids: [newId()],
  by: "ben?'\\\"",
  at: "2026-11-28T03:00:00.000Z",
  ...more,
});

describe("A change", () => {
  it("Its topics follow from the path: the first part, and the plural of each id", () => {
    expect(topicsOfPath("/notes/")).to.deep.equal(["notes"]);
    expect(topicsOfPath("/notes/{note_id}")).to.deep.equal(["notes"]);
    expect(topicsOfPath("/desk/open/{note_kind_id}")).to.deep.equal(["desk", "note-kinds"]);
    expect(topicsOfPath("/notes/{note_id}/pages/{page_id}")).to.deep.equal(["notes", "pages"]);
  });

  it("Its ids are those of the path, and those of the answer that are of a topic", () => {
    const [path, own, nested, other] = [newId(), newId(), newId(), newId()];
    const answer = { note_id: own, user_id: other, pages: [{ note_id: nested }], text: "note_id" };
    expect(idsOf(["notes"], { page_id: path, word: "open" }, answer)).to.deep.equal([path, own, nested]);
    expect(idsOf(["notes"], undefined, undefined)).to.deep.equal([]);
    const many = Array.from({ length: 21 }, () => ({ note_id: newId() }));
    expect(idsOf(["notes"], undefined, many.slice(1))).to.have.length(20);
    expect(idsOf(["notes"], undefined, many), "more than 20").to.deep.equal([]);
  });

  it("Its payload is read as it was written, and a malformed payload has no changes", () => {
    const changes = [change(), change({ by: null, ids: [] })];
    expect(decodeChanges(encodeChanges(changes))).to.deep.equal(changes);
    for (const payload of ["", "x", "{}", "[1]", '[["a",["b"],["c"],null]]'])
      expect(decodeChanges(payload)).to.deep.equal([]);
  });

  it("A payload stays below the limit of PostgreSQL, and the rest waits for the next one", () => {
    const changes = Array.from({ length: 120 }, () => change());
    const waiting = new Map(changes.map((one, at) => [String(at), one]));
    const read: Change[] = [];
    let payloads = 0;
    for (; waiting.size > 0; payloads += 1) {
      const payload = takePayload(waiting);
      expect(Buffer.byteLength(payload)).to.be.lessThan(8_000);
      read.push(...decodeChanges(payload));
    }
    expect(read).to.deep.equal(changes);
    expect(payloads).to.be.within(2, 10);
  });

  it("A change that alone exceeds the limit names no ids", () => {
    const large = change({ ids: Array.from({ length: 300 }, () => newId()) });
    expect(decodeChanges(takePayload(new Map([["large", large]])))).to.deep.equal([{ ...large, ids: [] }]);
  });
});

describe("The announcements of a process", () => {
  /** A database that answers when the test lets it. */
  const slowDatabase = () => {
    const sent: string[] = [];
    const answers: ((error?: Error) => void)[] = [];
    const knex = {
      raw: (_sql: string, [channel, payload]: [string, string]) => {
        expect(channel).to.equal(changesChannel);
        sent.push(payload);
        return new Promise<void>((resolve, reject) =>
          answers.push((error) => (error === undefined ? resolve() : reject(error))),
        );
      },
    };
    const answer = async (error?: Error) => {
      answers.shift()?.(error);
      await new Promise((resolve) => setImmediate(resolve));
    };
    return { sent, answer, announce: (one: Change) => announceChange(knex as never, one) };
  };

  it("One is under way at a time, and all changes since are the next one", async () => {
    const { sent, answer, announce } = slowDatabase();
    const [first, ...others] = Array.from({ length: 20 }, () => change());
    for (const one of [first as Change, ...others]) announce(one);
    expect(sent.map(decodeChanges)).to.deep.equal([[first]]);
    await answer();
    expect(sent.slice(1).map(decodeChanges)).to.deep.equal([others]);
    await answer();
    expect(sent).to.have.length(2);
  });

  it("Changes of one user and the same topics are merged, and one without ids stays apart", async () => {
    const { sent, answer, announce } = slowDatabase();
    const tenantId = newId();
    announce(change());
    const [one, two] = [change({ tenantId }), change({ tenantId })];
    for (const each of [one, two, change({ tenantId, ids: [] })]) announce(each);
    await answer();
    const ids = decodeChanges(sent[1] ?? "").map((each) => each.ids);
    expect(ids).to.deep.equal([[...one.ids, ...two.ids], []]);
  });

  it("A database that does not answer stops no later announcement", async () => {
    const { sent, answer, announce } = slowDatabase();
    announce(change());
    await answer(new Error("the connection ended"));
    announce(change());
    expect(sent).to.have.length(2);
  });

  it("A change without topics is not announced", () => {
    const { sent, announce } = slowDatabase();
    announce(change({ topics: [] }));
    expect(sent).to.deep.equal([]);
  });
});
