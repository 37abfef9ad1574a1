const MARK = ' …';

/**
 * The beginning of a text, marked where it was cut, in at most `maxBytes` bytes of UTF-8. Halves of surrogate pairs become U+FFFD:
 * grpc-js throws on them where nothing catches it.
 */
export function clip(text: string, maxBytes: number): string {
  // A UTF-16 unit is at least a byte, so that what is beyond cannot matter.
  const bytes = Buffer.from(text.slice(0, maxBytes + 1));
  if (bytes.length <= maxBytes) return bytes.toString();
  let end = maxBytes - Buffer.byteLength(MARK);
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end).toString() + MARK;
}
