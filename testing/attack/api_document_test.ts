/** Checks what the attack suite reads from an API document, with every shape in which a schema can contain an id. */
import { expect } from "chai";
import * as z from "zod";

import { openApiDocument } from "../../core/http/openapi.ts";
import { route } from "../../core/http/route.ts";
import { idSchema } from "../../core/values/ids.ts";
import { type ApiDocument, type IdSlot, operationsOf, sampleRequest } from "./api_document.ts";

const id = "019a0000-0000-7000-8000-000000000000";

/** Makes the operation of a route that takes this body. */
function operationWith(body: z.ZodType) {
  const declared = route({
    id: "change",
    method: "POST",
    path: "/things/{thing_id}",
    summary: "",
    access: "public",
    transaction: "none",
    params: z.strictObject({ thing_id: idSchema }),
    body,
    status: 204,
    handler: () => Promise.resolve({}),
  });
  const document = JSON.parse(JSON.stringify(openApiDocument([declared]))) as ApiDocument;
  const [operation] = operationsOf(document);
  if (operation === undefined) throw new Error("The document has no operation.");
  return operation;
}

const part = z.strictObject({ part_id: idSchema }).meta({ id: "TestPart" });
const byCard = z.strictObject({ by: z.literal("card"), card_id: idSchema });
const byDesk = z.strictObject({
  by: z.literal("desk"),
  desk: z.strictObject({ desk_id: idSchema }),
  note_id: idSchema,
});

describe("The ids that an operation takes", () => {
  const bodies: readonly (readonly [string, z.ZodType, readonly string[]])[] = [
    ["as a field", z.strictObject({ user_id: idSchema }), ["/user_id"]],
    ["or null", z.strictObject({ user_id: idSchema.nullable(), at: idSchema.nullish() }), ["/user_id", "/at"]],
    ["in a list", z.strictObject({ user_ids: z.array(idSchema) }), ["/user_ids/-"]],
    ["in a tuple", z.strictObject({ pair: z.tuple([z.string(), idSchema]) }), ["/pair/1"]],
    ["in the second alternative", z.strictObject({ who: z.union([z.int(), part]) }), ["/who/part_id"]],
    [
      "in one of several bodies",
      z.discriminatedUnion("by", [byCard, byDesk]),
      ["/card_id", "/desk/desk_id", "/note_id"],
    ],
    ["itself or further in", z.strictObject({ who: z.union([idSchema, part]) }), ["/who", "/who/part_id"]],
    [
      "in one of two together",
      z.strictObject({ who: z.intersection(z.object({ a: z.string() }), part) }),
      ["/who/part_id"],
    ],
    ["as the value of a map", z.strictObject({ seats: z.record(z.string(), idSchema) }), ["/seats/*"]],
    ["further in than a map", z.strictObject({ seats: z.record(z.string(), part) }), ["/seats/*/part_id"]],
    ["as the key of a map", z.strictObject({ seats: z.record(idSchema, z.int()) }), ["/seats/~"]],
    ["beside the fields of an object", z.object({ a: z.string() }).catchall(idSchema), ["/*"]],
  ];
  for (const [title, body, pointers] of bodies) {
    it(`An id ${title} is found, and a request can be aimed at it`, () => {
      const operation = operationWith(body);
      const inBody = operation.slots.filter(({ where }) => where === "body");
      expect(inBody.map(({ pointer }) => pointer).sort()).to.deep.equal([...pointers].sort());
      for (const aim of inBody) {
        const filledSlots: IdSlot[] = [];
        const { body: sent } = sampleRequest(
          operation,
          (slot) => {
            filledSlots.push(slot);
            return slot === aim ? id : id.replace(/0$/, "1");
          },
          { aim },
        );
        expect(JSON.stringify(sent), aim.pointer).to.include(id);
        expect(filledSlots, aim.pointer).to.include(aim);
        const { success, error } = body.safeParse(sent);
        expect(success, `${aim.pointer}: ${JSON.stringify(sent)} ${error?.message}`).to.equal(true);
      }
    });
  }

  it("The last word of an id's pointer names its kind", () => {
    const { slots } = operationWith(z.strictObject({ a: z.strictObject({ user_ids: z.array(idSchema) }) }));
    expect(slots.map(({ where, kind }) => [where, kind])).to.deep.equal([
      ["path", "thing_id"],
      ["body", "user_id"],
    ]);
  });

  it("An id in a schema that contains itself is found, and the search ends", () => {
    const node: z.ZodType = z.strictObject({
      node_id: idSchema,
      get inner() {
        return z.array(node);
      },
    });
    const { slots } = operationWith(node.meta({ id: "TestNode" }));
    expect(slots.map(({ pointer }) => pointer)).to.include.members(["/node_id", "/inner/-/node_id"]);
    expect(slots.length).to.be.lessThan(10);
  });
});
