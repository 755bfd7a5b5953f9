import { expect } from "chai";

import { startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { type Desk, openDesk } from "../testing/desk.ts";

describe("The folding of guests' names and phone numbers", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  const fold = async (texts: readonly string[]): Promise<string[]> => {
    const { rows } = (await platform.owner.raw(
      `SELECT pms.fold_text(given.text) AS folded
       FROM unnest(?::text[]) WITH ORDINALITY AS given (text, at) ORDER BY at`,
      [[...texts]],
    )) as { rows: { folded: string }[] };
    return rows.map(({ folded }) => folded);
  };

  /** Texts of the same line are folded to the same text. Texts of different lines are not. */
  const alike = [
    ["José García", " jose\u00a0 GARCIA ", "Jose\u0301 Garci\u0301a", "ＪＯＳＥ ｇａｒｃｉａ", "José\u200b García"],
    ["O’Brien", "O'Brien", "O`Brien", "O´BRIEN", "OʼBrien", "o‘brien", "O＇Brien"],
    ["Anna-Lena", "Anna‑Lena", "anna–lena", "Anna−Lena", "ÁNNA‐LENA"],
    ["Straße", "STRASSE", "strasse", "STRAẞE"],
    ["Łukasz Søren Đặng", "lukasz soren dang", "ŁUKASZ SØREN ĐẶNG"],
    ["Æsa Œuf Þór", "aesa oeuf thor", "ÆSA ŒUF ÞÓR"],
    ["İpek Işık", "ipek isik", "ıpek ISIK"],
    ["Nguyễn", "nguyen", "NGUYE\u0302\u0303N"],
    ["ΣΊΣΥΦΟΣ", "Σίσυφος", "σισυφοσ"],
    ["Семён Ёлкин", "СЕМЕН ЕЛКИН"],
    ["שָׁלוֹם", "שלום"],
    ["مُحَمَّد", "محمد"],
    ["김철수", "김 철수", "김철수".normalize("NFD")],
    ["ガンダム", "ｶﾞﾝﾀﾞﾑ", "ガンダム".normalize("NFD")],
    // In these scripts, a mark makes a different name.
    ["カンタム"],
    ["हिन्दी", "हिन्दी\u200d"],
    ["हनद"],
  ] as const;

  it("All spellings of a name have the same folded text, and different names have different ones", async () => {
    const folded = await Promise.all(alike.map((texts) => fold(texts)));
    folded.forEach((texts, index) => expect(new Set(texts).size, alike[index]?.[0]).to.equal(1));
    expect(new Set(folded.map(([text]) => text)).size).to.equal(alike.length);
  });

  it("Folding a folded text changes nothing, and the encoding of a letter makes no difference", async () => {
    // Tries each letter below U+3100, and one in 50 above. Later planes differ between versions of Unicode.
    const texts: string[] = [];
    for (let code = 0x20; code < 0x1_0000; code += code < 0x3100 ? 1 : 50) {
      const letter = String.fromCodePoint(code);
      if (/^[\p{L}\p{M}\p{N}\p{P}]$/u.test(letter)) texts.push(`x${letter}y`);
    }
    const once = await fold(texts);
    expect(await fold(once)).to.deep.equal(once);
    expect(await fold(texts.map((text) => text.normalize("NFD")))).to.deep.equal(once);
    expect(await fold(texts.map((text) => text.normalize("NFC")))).to.deep.equal(once);
  });

  /** Pairs of phone numbers. `true` marks a pair that is the same number. */
  const phones: readonly (readonly [boolean, string, string])[] = [
    [true, "+49 171 2345678", "+491712345678"],
    [true, "+49 171 2345678", "0049171/2345678"],
    [true, "+49 171 2345678", "491712345678"],
    [true, "+49 171 2345678", "+49 (0)171 2345678"],
    [true, "+49 171 2345678", "(0171) 234-56.78"],
    [true, "+49 171 2345678", "171-2345678"],
    [true, "+49 171 2345678", "＋４９ １７１ ２３４５６７８"],
    [true, "0171 2345678", "00 49 171 2345678"],
    [true, "+353 1 234567", "01 234567"],
    [true, "+1 212 555 0000", "(212) 555-0000"],
    [true, "+1 212 555 0000", "1-212-555-0000"],
    [true, "+39 06 1234567", "06 1234567"],
    [true, "٠١٧١ ٢٣٤٥٦٧٨", "0171 2345678"],
    [false, "+49 171 2345678", "+43 171 2345678"],
    [false, "+49 171 2345678", "0171 2345679"],
    [false, "+49 171 2345678", "1712345678 0"],
    [false, "none", "unknown"],
  ];

  it("Phone numbers are compared by their digits, with and without the country", async () => {
    const { rows } = await platform.owner.raw(
      `SELECT a, b, pms.same_phone(a, b) AS same, pms.same_phone(b, a) AS reverse,
         pms.phone_national(pms.phone_canonical(a)) = ANY (pms.phone_keys(b)) AS found
       FROM unnest(?::text[], ?::text[]) WITH ORDINALITY AS given (a, b, at) ORDER BY at`,
      [phones.map(([, a]) => a), phones.map(([, , b]) => b)],
    );
    for (const [index, [same, a, b]] of phones.entries()) {
      expect(rows[index], `${a} and ${b}`).to.include({ a, b, same, reverse: same });
      if (same) expect(rows[index].found, `${a} by the key of ${b}`).to.equal(true);
    }
  });

  /** Searches guests and bookings, which must have the same names. @returns the names in order */
  const search = async (desk: Desk, text: string): Promise<string[]> => {
    const query = encodeURIComponent(text);
    const people = (await desk.get(`/guests?query=${query}&limit=200`)).body.items as { name: string }[];
    const stays = (await desk.get(`/bookings?guest=${query}&limit=200`)).body.items as { guest: { name: string } }[];
    const names = people.map(({ name }) => name).sort();
    expect(stays.map(({ guest }) => guest.name).sort(), text).to.deep.equal(names);
    return names;
  };

  const stored = [
    { name: "José García", email: "j.garcia@example.com", phone: "+49 171 2345678" },
    { name: "Sean O’Brien", phone: "0171 9999999" },
    { name: "Peter O'Brien-Smith" },
    { name: "Nguyễn Văn An" },
    { name: "Łukasz Müller" },
    { name: "Søren Weiß", phone: "030 123456 ext. 12" },
    { name: "王小明" },
    { name: "佐藤 花子" },
    { name: "김철수" },
    { name: "Guest 77", email: "guest77@example.org" },
  ];
  const found: Readonly<Record<string, readonly string[]>> = {
    jose: ["José García"],
    "GARCIA jose": ["José García"],
    "garcia  j.g": ["José García"],
    "o'brien": ["Peter O'Brien-Smith", "Sean O’Brien"],
    "O’BRIEN": ["Peter O'Brien-Smith", "Sean O’Brien"],
    "sean o`b": ["Sean O’Brien"],
    "o'brien–smith": ["Peter O'Brien-Smith"],
    nguyen: ["Nguyễn Văn An"],
    "an van": ["Nguyễn Văn An"],
    lukasz: ["Łukasz Müller"],
    Muller: ["Łukasz Müller"],
    soren: ["Søren Weiß"],
    WEISS: ["Søren Weiß"],
    明: ["王小明"],
    小明: ["王小明"],
    王明: [],
    花: ["佐藤 花子"],
    藤花: ["佐藤 花子"],
    수: ["김철수"],
    철수: ["김철수"],
    "+491712345678": ["José García"],
    "+49171 2345678": ["José García"],
    "+49 (0)171 / 2345678": ["José García"],
    "0049 171 2345678": ["José García"],
    "0171 2345678": ["José García"],
    "171-2345678": ["José García"],
    "491712345678": ["José García"],
    "(0171) 23": ["José García"],
    "garcia 0171 23": ["José García"],
    "+49 171 9999999": ["Sean O’Brien"],
    "491719999999": ["Sean O’Brien"],
    "+43 171 2345678": [],
    "5678": ["José García"],
    "ext. 12": ["Søren Weiß"],
    "77": ["Guest 77"],
    "guest 77": ["Guest 77"],
    "garcia nobody": [],
  };

  it("A search finds the guests and bookings that contain each of its words, in any spelling", async () => {
    const desk = await openDesk(platform, { rooms: stored.length });
    for (const [index, guest] of stored.entries()) await desk.booked(0, 1, { guest, room_id: desk.roomIds[index] });
    for (const [text, names] of Object.entries(found)) expect(await search(desk, text), text).to.deep.equal(names);
  });

  it("Any spelling of the name, with the e-mail address or the phone, identifies a guest", async () => {
    const desk = await openDesk(platform, { rooms: 12 });
    let room = 0;
    const book = async (guest: object): Promise<string> =>
      (await desk.booked(0, 1, { room_id: desk.roomIds[room++], guest })).guest_id as string;
    const known = { name: "José García", email: "jose@example.com", phone: "+49 171 2345678" };
    const first = await book(known);
    const same = [
      { name: "José  García", email: known.email },
      { name: "Jose Garcia", email: "JOSE@EXAMPLE.COM" },
      { name: known.name, phone: "0171 2345678" },
      { name: known.name, phone: "0171-2345678" },
      { name: "JOSE GARCIA", phone: "491712345678" },
      { name: known.name, phone: "+49 (0)171 2345678" },
    ];
    for (const guest of same) expect(await book(guest), JSON.stringify(guest)).to.equal(first);
    const others = [
      { name: "José Garcías", email: known.email },
      { name: known.name, phone: "+43 171 2345678" },
      { name: known.name },
    ];
    for (const guest of others) expect(await book(guest), JSON.stringify(guest)).not.to.equal(first);
  });
});
