/** The chunked coding of a short body that is in memory (RFC 9112, 7.1). */

/** @returns the body, and the bytes that it took; undefined: its end is not there yet, or never will be */
export function dechunk(bytes: Uint8Array): { readonly body: Uint8Array; readonly used: number } | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const parts: Uint8Array[] = [];
  for (let at = 0; ; ) {
    const end = text.indexOf('\r\n', at);
    const [, digits] = /^([\da-f]{1,8})(?:[ \t]*;.*)?$/i.exec(end < 0 ? '' : text.toString('latin1', at, end)) ?? [];
    if (digits === undefined) return undefined;
    const size = Number.parseInt(digits, 16);
    const begin = end + 2;
    if (size === 0) {
      const over = text.indexOf('\r\n', begin) === begin ? begin : text.indexOf('\r\n\r\n', begin) + 2;
      return over < begin || over + 2 > bytes.length ? undefined : { body: Buffer.concat(parts), used: over + 2 };
    }
    if (begin + size + 2 > bytes.length) return undefined;
    parts.push(bytes.subarray(begin, begin + size));
    at = begin + size + 2;
  }
}
