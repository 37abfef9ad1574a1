import { invalidImage } from './decoded-image.js';

/**
 * Undoes the filters of consecutive rows of a PNG image, in place. A row is one byte that names its filter, then
 * `rowBytes` bytes.
 * Source: https://www.w3.org/TR/png-3/#9Filters
 *
 * @param pixelBytes distance to the byte of the pixel to the left: at least 1
 * @throws EngineError `INVALID_IMAGE`. Thrown when a filter is unknown.
 */
export function unfilterRows(
  data: Uint8Array,
  start: number,
  rows: number,
  rowBytes: number,
  pixelBytes: number,
): void {
  let above: Uint8Array = new Uint8Array(rowBytes);
  for (let r = 0; r < rows; r++) {
    const begin = start + r * (rowBytes + 1);
    const row = data.subarray(begin + 1, begin + 1 + rowBytes);
    unfilterRow(data[begin] as number, row, above, pixelBytes);
    above = row;
  }
}

function unfilterRow(filter: number, row: Uint8Array, above: Uint8Array, pixelBytes: number): void {
  const { length } = row;
  const at = (bytes: Uint8Array, i: number): number => (i < 0 ? 0 : (bytes[i] as number));
  switch (filter) {
    case 0:
      break;
    case 1:
      for (let i = pixelBytes; i < length; i++) row[i] = (row[i] as number) + (row[i - pixelBytes] as number);
      break;
    case 2:
      for (let i = 0; i < length; i++) row[i] = (row[i] as number) + (above[i] as number);
      break;
    case 3:
      for (let i = 0; i < length; i++) {
        row[i] = (row[i] as number) + ((at(row, i - pixelBytes) + (above[i] as number)) >> 1);
      }
      break;
    case 4:
      for (let i = 0; i < length; i++) {
        row[i] = (row[i] as number) + paeth(at(row, i - pixelBytes), above[i] as number, at(above, i - pixelBytes));
      }
      break;
    default:
      throw invalidImage('PNG filters 0 … 4', `${filter}`);
  }
}

/**
 * The rows of an image, each filtered by whichever of the filters none, up and Paeth leaves the smallest sum of absolute
 * differences: the specification's own advice, without the two filters that seldom win.
 *
 * @param samples big-endian samples of all rows, without filter bytes
 */
export function filterRows(samples: Uint8Array, rowBytes: number, pixelBytes: number): Buffer {
  const rows = samples.length / rowBytes;
  const filtered = Buffer.alloc(rows * (rowBytes + 1));
  const candidates = [0, 2, 4].map((filter) => ({ filter, row: new Uint8Array(rowBytes) }));
  let above: Uint8Array = new Uint8Array(rowBytes);
  for (let r = 0; r < rows; r++) {
    const row = samples.subarray(r * rowBytes, (r + 1) * rowBytes);
    let best = { cost: Number.POSITIVE_INFINITY, filter: 0, row };
    for (const candidate of candidates) {
      filterRow(candidate.filter, row, above, pixelBytes, candidate.row);
      const cost = costOf(candidate.row);
      if (cost < best.cost) best = { cost, ...candidate };
    }
    filtered[r * (rowBytes + 1)] = best.filter;
    filtered.set(best.row, r * (rowBytes + 1) + 1);
    above = row;
  }
  return filtered;
}

function filterRow(filter: number, row: Uint8Array, above: Uint8Array, pixelBytes: number, to: Uint8Array): void {
  const { length } = row;
  if (filter === 0) to.set(row);
  else if (filter === 2) for (let i = 0; i < length; i++) to[i] = (row[i] as number) - (above[i] as number);
  else {
    for (let i = 0; i < length; i++) {
      const left = i < pixelBytes ? 0 : (row[i - pixelBytes] as number);
      const corner = i < pixelBytes ? 0 : (above[i - pixelBytes] as number);
      to[i] = (row[i] as number) - paeth(left, above[i] as number, corner);
    }
  }
}

/** Sum of the bytes as signed differences, without signs. */
function costOf(row: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < row.length; i++) sum += Math.abs(((row[i] as number) << 24) >> 24);
  return sum;
}

/** The neighbour that left + above − corner is nearest to; ties go to the left one, then to the one above. */
function paeth(left: number, above: number, corner: number): number {
  const toLeft = Math.abs(above - corner);
  const toAbove = Math.abs(left - corner);
  const toCorner = Math.abs(left + above - 2 * corner);
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}
