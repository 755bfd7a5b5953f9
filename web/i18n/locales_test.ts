import { parse, type MessageFormatElement, TYPE } from "@formatjs/icu-messageformat-parser";
import { expect } from "chai";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";

const root = path.join(import.meta.dirname, "..", "..");

/** The languages of every screen, beside English. */
const languages = ["de", "fr", "es"];

/** The arguments of a message, with their kinds. */
function argumentsOf(elements: readonly MessageFormatElement[]): string[] {
  return elements.flatMap((element) => {
    switch (element.type) {
      case TYPE.literal:
      case TYPE.pound:
        return [];
      case TYPE.plural:
      case TYPE.select:
        return [
          `${element.value} ${element.type}`,
          ...Object.values(element.options).flatMap(({ value }) => argumentsOf(value)),
        ];
      case TYPE.tag:
        return [`<${element.value}>`, ...argumentsOf(element.children)];
      case TYPE.argument:
      case TYPE.number:
      case TYPE.date:
      case TYPE.time:
        return [`${element.value} ${element.type}`];
    }
  });
}

const read = (file: string): Record<string, string> => JSON.parse(readFileSync(file, "utf8")) as Record<string, string>;

/** The faults of a folder of messages: what a language lacks, has too much, or says with other arguments. */
function faultsOf(folder: string): string[] {
  const english = read(path.join(folder, "en.json"));
  return languages.flatMap((language) => {
    const file = path.join(folder, `${language}.json`);
    if (!existsSync(file)) return [`${file} is missing`];
    const texts = read(file);
    const keys = new Set([...Object.keys(english), ...Object.keys(texts)]);
    return [...keys].flatMap((key) => {
      const [text, other] = [english[key], texts[key]];
      if (text === undefined || other === undefined) return [`${file}: only one language has ${key}`];
      const wanted = [...new Set(argumentsOf(parse(text)))].sort().join();
      return [...new Set(argumentsOf(parse(other)))].sort().join() === wanted
        ? []
        : [`${file}: other arguments in ${key}`];
    });
  });
}

const folders = ["web", "plugins", "examples/plugins"].flatMap((start) =>
  readdirSync(path.join(root, start), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(`${path.sep}locales`) && existsSync(path.join(root, start, file, "en.json")))
    .map((file) => path.join(root, start, file)),
);

describe("The messages of the screens", () => {
  it("Are there in each language, with the same arguments", () => {
    expect(folders.length).to.be.greaterThan(4);
    expect(folders.flatMap(faultsOf)).to.deep.equal([]);
  });
});
