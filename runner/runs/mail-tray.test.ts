import { expect, test } from "bun:test";
import { lettersText, MailTray, type Letter } from "./mail-tray.ts";

const letter = (n: number, mode: Letter["mode"]): Letter => ({
  mailId: `ml_${n}`,
  mode,
  from: "a person",
  text: `word ${n}`,
});

test("[C11] a message is taken once, in order, however often it comes", () => {
  const tray = new MailTray();
  tray.push(letter(1, "wait_idle"));
  tray.push(letter(2, "queue"));
  tray.push(letter(1, "wait_idle"));
  const taken = tray.take();
  expect(lettersText(taken)).toBe(
    "Message from a person:\nword 1\n\nMessage from a person:\nword 2",
  );
  tray.push(letter(2, "queue"));
  expect(tray.take()).toEqual([]);
});

test("[C11] what is queued begins no turn; what waits for the end of one does", () => {
  const tray = new MailTray();
  tray.push(letter(1, "queue"));
  expect(tray.wantsTurn).toBe(false);
  tray.push(letter(2, "wait_idle"));
  expect(tray.wantsTurn).toBe(true);
  tray.take();
  expect(tray.wantsTurn).toBe(false);
});

test("[C11] a letter that does not wait is told at once, and again only when another comes", async () => {
  const tray = new MailTray();
  const isUrgent = async () => {
    let told = false;
    void tray.urgent.then(() => (told = true));
    await Promise.resolve();
    return told;
  };
  tray.push(letter(1, "wait_idle"));
  expect(await isUrgent()).toBe(false);
  tray.push(letter(2, "immediate"));
  expect(await isUrgent()).toBe(true);
  expect(tray.wantsTurn).toBe(true);
  expect(tray.take()).toHaveLength(2);
  expect(await isUrgent()).toBe(false);
});
