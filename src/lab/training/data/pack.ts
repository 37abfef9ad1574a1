/** Numbers, in as few bytes as hold them exactly. */
export type Packed = Float32Array | Uint8Array;

/** Numbers that all are whole and of 0 … 255 as bytes, others as they are. */
export function pack(values: Float32Array): Packed {
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!(value >= 0 && value <= 255 && Number.isInteger(value))) return values;
  }
  return Uint8Array.from(values);
}
