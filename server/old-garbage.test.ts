import { expect, test } from "bun:test";
import { oldGarbage } from "./old-garbage.ts";

const MB = 1024 * 1024;

/** A heap that uses what it is told to, and counts how often it was collected. */
function playedHeap(usedMb: number) {
  const heap = { usedMb, collected: 0 };
  const port = { used: () => heap.usedMb * MB, collect: () => void heap.collected++ };
  return { heap, look: oldGarbage(port) };
}

test("[R7] a heap that grows is collected once for each growth, and one that rests is left alone", () => {
  const { heap, look } = playedHeap(20);
  for (let n = 0; n < 5; n++) look();
  expect(heap.collected).toBe(0);
  heap.usedMb = 24;
  look();
  expect(heap.collected).toBe(1);
  // It was needed: nothing is looked for again until there is more.
  for (let n = 0; n < 5; n++) look();
  expect(heap.collected).toBe(1);
  heap.usedMb = 28;
  look();
  expect(heap.collected).toBe(2);
});

test("[R7] growth counts from the least that was in use", () => {
  const { heap, look } = playedHeap(30);
  heap.usedMb = 15;
  look();
  heap.usedMb = 19;
  look();
  expect(heap.collected).toBe(1);
});
