/** An agent's mark: five by five cells, mirrored, drawn from its id. The same id, the same mark. Pure. */

/** FNV-1a, 32 bit. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value ^= text.charCodeAt(index);
    value = Math.imul(value, 0x01000193);
  }
  return value >>> 0;
}

/** Filled cells as [column, row], at least five of twenty-five. */
export function markCells(id: string): [number, number][] {
  let bits = hash(id) ^ (hash(`${id}.`) >>> 7);
  const cells: [number, number][] = [];
  for (let column = 0; column < 3; column++) {
    for (let row = 0; row < 5; row++) {
      if ((bits & 1) === 1) {
        cells.push([column, row]);
        if (column < 2) cells.push([4 - column, row]);
      }
      bits >>>= 1;
    }
  }
  return cells.length >= 5 ? cells : [...cells, [2, 0], [1, 2], [2, 2], [3, 2], [2, 4]];
}
