import { expect, test } from "bun:test";
import fc from "fast-check";
import { KeyCut } from "./key-cut.ts";

function cut(key: string, pieces: readonly string[]): string {
  const keyCut = new KeyCut(key);
  const said = pieces.map((piece) => keyCut.next(Buffer.from(piece)));
  return Buffer.concat([...said, keyCut.rest()]).toString();
}

test("[C16] [R9] the key is taken out of an answer wherever its pieces are cut, and nothing else is", () => {
  const letter = fc.constantFrom("a", "b", "k");
  const text = fc.string({ unit: letter, maxLength: 30 });
  const key = fc.string({ unit: letter, minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(key, fc.array(text, { maxLength: 6 }), (wanted, pieces) => {
      expect(cut(wanted, pieces)).toBe(pieces.join("").replaceAll(wanted, "[key]"));
    }),
  );
  expect(cut("", ["as", " it is"])).toBe("as it is");
});

test("[C16] what cannot be the key is passed on at once", () => {
  const keyCut = new KeyCut("secret");
  expect(Buffer.from(keyCut.next(Buffer.from("data: {}\n\n"))).toString()).toBe("data: {}\n\n");
  expect(Buffer.from(keyCut.next(Buffer.from("a sec"))).toString()).toBe("a ");
  expect(Buffer.from(keyCut.next(Buffer.from("tion"))).toString()).toBe("section");
});
