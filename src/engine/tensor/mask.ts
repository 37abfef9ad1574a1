/**
 * 1 where `counts` holds, else 0; as long as `data`. A loop, for `Uint8Array.from` with a function takes several times as long,
 * and masks have millions of positions.
 */
export function maskOf(data: Float32Array, counts: (value: number, index: number) => boolean): Uint8Array {
  const mask = new Uint8Array(data.length);
  for (let i = 0; i < mask.length; i++) mask[i] = Number(counts(data[i] as number, i));
  return mask;
}
